package org.bitnetj.synth;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Function;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.jspecify.annotations.Nullable;

/** A model again, its matrices stored with a scale of its own for each row or group of columns. */
final class GroupedModel {
  private GroupedModel() {}

  /**
   * Writes it.
   *
   * @param formats by tensors' names: one with scales by rows or groups, and then the matrix has
   *     other digits; or the one that {@code from} has, and then the matrix stays as it is
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

  /** Random digits, and the scales about the one that the matrix had. */
  private static MemorySegment grouped(
      Tensor tensor, TernaryFormat stored, TernaryFormat format, @Nullable Random random) {
    int columns = (int) tensor.columns();
    int rows = (int) tensor.rows();
    MemorySegment data = Arena.ofAuto().allocate(format.bytes(rows, columns));
    Random digits = new Random(rows + columns);
    for (long at = 0; at < data.byteSize(); at++) { // no two bits of a byte are 3, which few allow
      int four = digits.nextInt(81);
      int bits = four % 3 | four / 3 % 3 << 2 | four / 9 % 3 << 4 | four / 27 << 6;
      data.set(ValueLayout.JAVA_BYTE, at, (byte) bits);
    }
    float[] scale = new float[1];
    stored.scales(tensor.data(), columns, 0, scale);
    int group = format.scaleKind() instanceof ScaleKind.Group g ? g.columns() : columns;
    for (int row = 0; row < rows; row++) {
      for (int start = 0; start < columns; start += group) {
        float factor = random == null ? 1 : 0.5f + random.nextFloat();
        putScale(format, data, columns, row, start, scale[0] * factor);
      }
    }
    return data;
  }

  /** Puts a scale where the definition of its format has it. */
  private static void putScale(
      TernaryFormat format, MemorySegment data, int columns, int row, int column, float scale) {
    long block = ((long) row * columns + column) / format.blockColumns() * format.blockBytes();
    short half = Float.floatToFloat16(scale);
    switch (format.name()) {
      case "IQ2_BN" -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, row * (4 + columns / 4L), scale);
      case "IQ2_BN_R4" ->
          data.set(
              ValueLayout.JAVA_FLOAT_UNALIGNED, row / 4 * (16L + columns) + row % 4 * 4, scale);
      case "IQ1_BN" ->
          data.set(ValueLayout.JAVA_SHORT_UNALIGNED, row * (2 + columns / 64 * 13L), half);
      case "TQ1_0" -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + 52, half);
      case "TQ2_0" -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + 64, half);
      case "PTQ1_0" -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + 26, half);
      case "STQ1_0" -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block + 40, half);
      default -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, block, half);
    }
  }
}
