package org.bitnetj.kernel.parity;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;

/** Embedding rows and multiplying by the head gives the same bits on every tier. */
class MatrixParityTest {
  private static final int[] REAL_COLUMNS = {256, 640, 768, 1536, 2560, 3200, 6912, 8640};

  /** Lengths a type can have: small ones, and those of published models. */
  private static int[] columns(FloatFormat type) {
    return IntStream.concat(IntStream.rangeClosed(1, 70), IntStream.of(REAL_COLUMNS))
        .map(n -> n <= 70 && type.blockColumns() > 1 ? n * type.blockColumns() : n)
        .filter(n -> n % type.blockColumns() == 0 && n < 10_000)
        .toArray();
  }

  /**
   * A matrix of random finite elements that starts at an odd address, as it may in a file.
   *
   * @param wild any bits, which may be NaN, infinite or huge; else scales of about one
   */
  static FloatMatrix matrix(Trial trial, FloatFormat type, int rows, int columns, boolean wild) {
    int blocks = rows * (columns / type.blockColumns());
    byte[] bytes = new byte[blocks * type.blockBytes()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) trial.random.nextInt();
    }
    MemorySegment data = trial.memory.allocate(bytes.length + 1).asSlice(1, bytes.length);
    MemorySegment.copy(bytes, 0, data, JAVA_BYTE, 0, bytes.length);
    if (!wild) {
      for (int block = 0; block < blocks; block++) {
        long at = (long) block * type.blockBytes();
        float value = Values.NORMAL.next(trial.random);
        switch (type.name()) {
          case "F32" -> data.set(JAVA_FLOAT_UNALIGNED, at, value);
          case "F16", "Q8_0", "Q4_0", "IQ4_NL" ->
              data.set(JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
          case "BF16" ->
              data.set(JAVA_SHORT_UNALIGNED, at, (short) (Float.floatToRawIntBits(value) >>> 16));
          case "Q6_K" -> data.set(JAVA_SHORT_UNALIGNED, at + 208, Float.floatToFloat16(value));
          case "Q4_K", "Q5_K" -> {
            float minimum = Values.NORMAL.next(trial.random);
            data.set(JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
            data.set(JAVA_SHORT_UNALIGNED, at + 2, Float.floatToFloat16(minimum));
          }
          default -> throw new AssertionError(type.name());
        }
      }
    }
    return new FloatMatrix(data, type, rows, columns);
  }

  @OnEveryTier
  void embedMatchesScalarForEveryType(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (FloatFormat type : WeightFormats.floats()) {
      for (int columns : columns(type)) {
        for (boolean wild : new boolean[] {false, true}) {
          String what = "embed from %s, %d columns, wild %s".formatted(type.name(), columns, wild);
          try (Trial trial = new Trial(kernels, columns, what)) {
            FloatMatrix table = matrix(trial, type, 7, columns, wild);
            Batch batch = new Batch(trial.memory, 5);
            for (int t = 0; t < 5; t++) {
              batch.add(MemorySegment.NULL, t, trial.random.nextInt(7), false);
            }
            FloatRows expected = trial.output(5, columns);
            FloatRows actual = trial.output(5, columns);
            Trial.SCALAR.embed(table, batch, expected, 1, 5);
            kernels.embed(table, batch, actual, 1, 5);
            trial.same(expected, actual);
          }
        }
      }
    }
  }

  @OnEveryTier
  void everyFloat16AndBfloat16IsReadAsScalarReadsIt(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (FloatFormat type : List.of(WeightFormats.F16, WeightFormats.BF16)) {
      try (Trial trial = new Trial(kernels, 0, "embed of every " + type.name())) {
        MemorySegment data = trial.memory.allocate(2 << 16);
        for (int i = 0; i < 1 << 16; i++) {
          data.set(JAVA_SHORT_UNALIGNED, 2L * i, (short) i);
        }
        FloatMatrix table = new FloatMatrix(data, type, 16, 4096);
        Batch batch = new Batch(trial.memory, 16);
        for (int t = 0; t < 16; t++) {
          batch.add(MemorySegment.NULL, t, t, false);
        }
        FloatRows expected = trial.output(16, 4096);
        FloatRows actual = trial.output(16, 4096);
        Trial.SCALAR.embed(table, batch, expected, 0, 16);
        kernels.embed(table, batch, actual, 0, 16);
        trial.same(expected, actual);
      }
    }
  }

  @OnEveryTier
  void headProductMatchesScalarForEveryType(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (FloatFormat type : WeightFormats.floats()) {
      for (int columns : columns(type)) {
        int[] counts = columns <= 70 ? IntStream.rangeClosed(1, 17).toArray() : new int[] {1, 2, 9};
        product(kernels, type, 11, columns, 17, counts, false);
        product(kernels, type, 4, columns, 3, new int[] {1, 3}, true);
      }
      product(kernels, type, 37, 2560, 64, new int[] {1, 3, 4, 16, 64}, false);
      for (int rows = 1; rows <= 34; rows++) {
        product(kernels, type, rows, 256, 6, new int[] {1, 5, 6}, false);
      }
    }
  }

  /** For each count: all rows at once, and in two calls. */
  private static void product(
      Kernels kernels,
      FloatFormat type,
      int rows,
      int columns,
      int capacity,
      int[] counts,
      boolean wild) {
    String what =
        "headProduct with %s, %d x %d, wild %s".formatted(type.name(), rows, columns, wild);
    try (Trial trial = new Trial(kernels, columns * 31L + rows, what)) {
      FloatMatrix m = matrix(trial, type, rows, columns, wild);
      FloatRows x = trial.rows(capacity, columns, wild ? Values.WIDE : Values.NORMAL);
      FloatRows all = trial.output(capacity, rows);
      Trial.SCALAR.headProduct(m, x, all, capacity, 0, rows);
      for (int count : counts) {
        FloatRows expected = trial.output(capacity, rows);
        for (int t = 0; t < count; t++) {
          expected.copyRow(all, t, t);
        }
        FloatRows whole = trial.output(capacity, rows);
        kernels.headProduct(m, x, whole, count, 0, rows);
        trial.same(expected, whole);
        FloatRows pieces = trial.output(capacity, rows);
        kernels.headProduct(m, x, pieces, count, 0, rows / 3);
        kernels.headProduct(m, x, pieces, count, rows / 3, rows);
        trial.same(expected, pieces);
      }
    }
  }

  @OnEveryTier
  void aRangeOfHeadRowsWritesItsColumnsOnly(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (FloatFormat type : WeightFormats.floats()) {
      try (Trial trial =
          new Trial(kernels, 5, "headProduct with " + type.name() + ", rows 3 to 8")) {
        FloatMatrix m = matrix(trial, type, 20, 256, false);
        FloatRows x = trial.rows(4, 256, Values.NORMAL);
        FloatRows expected = trial.output(4, 20);
        FloatRows actual = trial.output(4, 20);
        Trial.SCALAR.headProduct(m, x, expected, 4, 3, 8);
        kernels.headProduct(m, x, actual, 4, 3, 8);
        trial.same(expected, actual);
      }
    }
  }
}
