package org.bitnetj.synth;

import org.bitnetj.source.gguf.MatrixWriter;

/** Rows of random floats. */
interface RandomFloats extends MatrixWriter.FloatRows {

  /**
   * Float16 values, uniform with mean 0 and the given standard deviation. Each 16 bits of a word,
   * least significant first, as an unsigned number u mean ((u + 0.5) / 32768 - 1) · deviation · √3,
   * computed in double and rounded to float and then to float16.
   */
  static RandomFloats halves(CounterRandom random, double deviation, int columns) {
    float[] half = new float[1 << 16];
    double end = deviation * Math.sqrt(3);
    for (int u = 0; u < half.length; u++) {
      float value = (float) (((u + 0.5) / 32768 - 1) * end);
      half[u] = Float.float16ToFloat(Float.floatToFloat16(value));
    }
    return (row, values) -> {
      long first = (long) row * columns;
      long word = random.word(first / 4) >>> 16 * (first % 4);
      for (int c = 0; c < columns; c++) {
        word = (first + c) % 4 == 0 ? random.word((first + c) / 4) : word;
        values[c] = half[(int) word & 0xFFFF];
        word >>>= 16;
      }
    };
  }

  /** One row of values uniform in [0.875, 1.125): one word each. */
  static RandomFloats norms(CounterRandom random) {
    return (row, values) -> {
      for (int i = 0; i < values.length; i++) {
        values[i] = 0.875f + 0.25f * random.unit(i);
      }
    };
  }
}
