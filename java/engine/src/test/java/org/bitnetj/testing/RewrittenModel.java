package org.bitnetj.testing;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;

/** The shipped model with some of its tensors stored in another way. */
public final class RewrittenModel {
  /** Writes a matrix by the definition of a format. */
  @FunctionalInterface
  public interface Writer {
    /**
     * @param digits 0 to 2, by rows and columns
     * @return the bytes of a matrix, with its scale
     */
    MemorySegment bytes(byte[][] digits, float scale);
  }

  private RewrittenModel() {}

  /**
   * With other ternary matrices.
   *
   * @param type what the file says
   */
  public static Path write(Path path, WeightFormat type, Writer matrices)
      throws ModelFileException {
    return write(
        path,
        tensor -> tensor.format() instanceof TernaryFormat,
        type,
        tensor -> rewritten(tensor, (TernaryFormat) tensor.format(), matrices));
  }

  /**
   * With others of any kind.
   *
   * @param others those that are stored in another way
   * @param type what the file says of them
   * @param bytes of such a tensor, as it is in the shipped model
   */
  public static Path write(
      Path path, Predicate<Tensor> others, WeightFormat type, Function<Tensor, MemorySegment> bytes)
      throws ModelFileException {
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      GgufHeader header = new GgufHeader();
      file.metadata().keys().forEach(key -> header.copy(file, key));
      for (Tensor tensor : file.tensors()) {
        header.tensor(
            tensor.name(),
            others.test(tensor) ? type : tensor.format(),
            tensor.dims().stream().mapToLong(Long::longValue).toArray());
      }
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          writer.write(others.test(tensor) ? bytes.apply(tensor) : tensor.data());
        }
        writer.commit();
      }
    }
    return path;
  }

  private static MemorySegment rewritten(Tensor tensor, TernaryFormat format, Writer matrices) {
    int columns = (int) tensor.columns();
    byte[][] digits = new byte[(int) tensor.rows()][columns];
    float[] scale = new float[1];
    format.scales(tensor.data(), columns, 0, scale);
    for (int row = 0; row < digits.length; row++) {
      format.digits(tensor.data(), columns, row, digits[row]);
    }
    return matrices.bytes(digits, scale[0]);
  }
}
