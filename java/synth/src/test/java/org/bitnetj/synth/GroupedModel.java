package org.bitnetj.synth;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Function;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.jspecify.annotations.Nullable;

/** A model again, its matrices stored with a scale of its own for each group of columns. */
final class GroupedModel {
  private GroupedModel() {}

  /**
   * Writes it.
   *
   * @param formats by tensors' names: Q2_0, PQ2_0 or TQ2_0, written by their definitions, not by
   *     the engine; or the one that {@code from} has, and then the matrix stays as it is
   */
  static void write(Path from, Function<String, TernaryFormat> formats, Path to)
      throws ModelFileException {
    write(from, formats, true, to);
  }

  /**
   * Writes it.
   *
   * @param differ whether the scales of a matrix are different, or its one scale over and over
   */
  static void write(Path from, Function<String, TernaryFormat> formats, boolean differ, Path to)
      throws ModelFileException {
    try (GgufFile file = GgufFile.open(from)) {
      GgufHeader header = new GgufHeader();
      file.metadata().keys().forEach(key -> header.copy(file, key));
      for (Tensor tensor : file.tensors()) {
        header.tensor(
            tensor.name(),
            tensor.format() instanceof TernaryFormat
                ? formats.apply(tensor.name())
                : tensor.format(),
            tensor.dims().stream().mapToLong(Long::longValue).toArray());
      }
      Random random = new Random(1);
      try (GgufWriter writer = GgufWriter.create(to, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          writer.write(
              tensor.format() instanceof TernaryFormat stored
                      && formats.apply(tensor.name()) != stored
                  ? grouped(tensor, stored, formats.apply(tensor.name()), differ ? random : null)
                  : tensor.data());
        }
        writer.commit();
      }
    }
  }

  private static MemorySegment grouped(
      Tensor tensor, TernaryFormat stored, TernaryFormat format, @Nullable Random random) {
    int columns = (int) tensor.columns();
    int rows = (int) tensor.rows();
    int group = format.blockColumns();
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(rows, columns));
    byte[] digits = new byte[columns];
    float[] scale = new float[1];
    long block = 0;
    for (int row = 0; row < rows; row++) {
      stored.digits(tensor.data(), columns, row, digits);
      stored.scales(tensor.data(), columns, row, scale);
      for (int start = 0; start < columns; start += group, block += format.blockBytes()) {
        boolean tq2 = format.name().equals("TQ2_0");
        float factor = random == null ? 1 : 0.5f + random.nextFloat();
        short half = Float.floatToFloat16(scale[0] * factor);
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + (tq2 ? 64 : 0), half);
        for (int j = 0; j < group; j++) {
          long at = block + (tq2 ? j / 128 * 32 + j % 32 : 2 + j / 4);
          int shift = tq2 ? j % 128 / 32 * 2 : j % 4 * 2;
          int bits = data.get(ValueLayout.JAVA_BYTE, at) | digits[start + j] << shift;
          data.set(ValueLayout.JAVA_BYTE, at, (byte) bits);
        }
      }
    }
    return data;
  }
}
