package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.bitnetj.kernel.vector.Width.FLOAT;
import static org.bitnetj.kernel.vector.Width.INT;
import static org.bitnetj.kernel.vector.Width.LANES;
import static org.bitnetj.kernel.vector.Width.ORDER;
import static org.bitnetj.kernel.vector.Width.SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * Panels of ternary weights times int8 activations, in 16-bit lanes.
 *
 * <p>A 16-bit lane x of a block holds eight digits u_0 .. u_7 of one row, u_i at bit 2i. With y_i =
 * x >>> 2i, u_i = y_i - 4 y_(i+1), so that for activations q_i (and q_-1 = 0)
 *
 * <pre>  sum of u_i q_i = sum of y_i (q_i - 4 q_(i-1)):</pre>
 *
 * eight shifts, products and sums and no masks. It holds modulo 2^16, and that is enough: the 128
 * products of 16 blocks, u in 0..2 and q in -128..127, come to -32768 .. 32512, and the 80 of 10
 * blocks, u in 0..3, to -30720 .. 30480. After that many blocks the lanes are added into 32 bits,
 * where the bound is 3 * 128 * columns, below 2^26.
 *
 * <p>Rows go in groups of a vector's 32-bit lanes, several groups at a time, so that a broadcast
 * coefficient serves them all.
 *
 * <p>Zero comes before "or x", which the JIT compiler removes, so that the x of the last iteration
 * is an argument, as the package requires.
 */
final class TernaryProduct {
  private static final int BLOCK_BYTES = 64;
  static final int BLOCK_COLUMNS = 16;

  /** Blocks whose sums fit 16 bits, for digits up to 2 and up to 3. */
  private static final int BLOCKS = 16;

  private static final int BLOCKS_TO_3 = 10;

  /** Coefficients of a block's low bytes, and of its high bytes: pairs in 32 bits. */
  private static final int QUADS = 4;

  /** Tokens that go at once. */
  static final int TOKENS = 4;

  /** Sums that are computed at once. */
  static final int SUMS = 2 * TOKENS * LANES;

  /** Groups of rows in a panel. */
  static final int GROUPS = TernaryMatrix.PANEL_ROWS / LANES;

  /** The lane below in the same four, and the highest one in the lowest. */
  private static final VectorShuffle<Integer> UP =
      VectorShuffle.fromOp(INT, i -> i / QUADS * QUADS + (i + 3) % QUADS);

  private static final VectorMask<Integer> LOWEST =
      IntVector.broadcast(INT, 0).addIndex(1).lanewise(VectorOperators.AND, 3).eq(0);

  private TernaryProduct() {}

  static void compute(
      TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end, Scratch s) {
    int half = half(w);
    int[] c = s.ints(2 * half * count);
    for (int t = 0; t < count; t++) {
      widen(a, t, c, half);
    }
    if (w.layout().equals(PanelLayout.TWO_BIT)) {
      s.use(w);
      compute(w, a, y, c, half, count, begin, end, s);
    } else {
      for (int first = begin; first < end; first += FiveDigits.PANELS) {
        int next = Math.min(first + FiveDigits.PANELS, end);
        FiveDigits.repack(w, first, next, s);
        compute(w, a, y, c, half, count, first, next, s);
      }
    }
  }

  private static void compute(
      TernaryMatrix w,
      QuantizedRows a,
      FloatRows y,
      int[] c,
      int half,
      int count,
      int begin,
      int end,
      Scratch s) {
    int last = end * GROUPS - 1;
    int t = 0;
    for (; count - t >= TOKENS - 1; t += TOKENS) {
      int tokens = Math.min(TOKENS, count - t);
      for (int group = begin * GROUPS; group <= last; group += 2) {
        multiply(w, c, half, s, group, last, t, tokens, 0, blocks(w));
        int groups = Math.min(2, last + 1 - group);
        takeScales(w, group, groups, s.scales);
        for (int i = 0; i < tokens; i++) {
          put(w, a, y, s.sums, s.scales, 2 * LANES * i, group, groups, t + i);
        }
      }
    }
    for (; t < count; t++) {
      for (int group = begin * GROUPS; group <= last; group += 4) {
        multiply(w, c, half, s, group, last, t, 0, blocks(w));
        int groups = Math.min(4, last + 1 - group);
        takeScales(w, group, groups, s.scales);
        put(w, a, y, s.sums, s.scales, 0, group, groups, t);
      }
    }
  }

  /** Blocks of a panel. */
  static int blocks(TernaryMatrix w) {
    return (w.columns() + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  }

  /**
   * Half of a token's coefficients, rounded up to whole vectors: first come those of the low bytes
   * of all blocks, then those of the high bytes.
   */
  static int half(TernaryMatrix w) {
    return (blocks(w) + 3 & -4) * QUADS;
  }

  /** Computes the coefficients of token t. */
  static void widen(QuantizedRows a, int t, int[] c, int half) {
    MemorySegment values = a.values();
    long from = t * a.stride();
    int to = 2 * half * t;
    for (int i = 0; i < half; i += LANES) {
      ShortVector q = ShortVector.fromMemorySegment(SHORT, values, from + 4L * i, ORDER);
      IntVector odd = q.lanewise(VectorOperators.ASHR, 8).reinterpretAsInts();
      IntVector even =
          q.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 8).reinterpretAsInts();
      IntVector up = even.rearrange(UP);
      ShortVector below = up.blend(0, LOWEST).reinterpretAsShorts();
      even.reinterpretAsShorts()
          .sub(below.lanewise(VectorOperators.LSHL, 2))
          .reinterpretAsInts()
          .intoArray(c, to + i);
      below = odd.rearrange(UP).blend(up, LOWEST).reinterpretAsShorts();
      odd.reinterpretAsShorts()
          .sub(below.lanewise(VectorOperators.LSHL, 2))
          .reinterpretAsInts()
          .intoArray(c, to + half + i);
    }
  }

  /** The scales of groups of rows from {@code first} on. */
  private static void takeScales(TernaryMatrix w, int first, int groups, float[] scales) {
    switch (w.scales()) {
      case TernaryScales.Tensor one -> Arrays.fill(scales, 0, groups * LANES, one.scale());
      case TernaryScales.Rows rows ->
          MemorySegment.copy(
              rows.scales(), JAVA_FLOAT, 4L * first * LANES, scales, 0, groups * LANES);
      case TernaryScales.Groups groupScales -> throw new AssertionError("GroupProduct's");
    }
  }

  /** Where the lanes of a group are in its panel's first block. */
  private static long offset(Scratch s, int group) {
    return (group / GROUPS - s.firstPanel) * s.panelBytes + group % GROUPS * (4L * LANES);
  }

  /**
   * Adds both halves of every 32-bit lane of the first vectors of {@code words} to {@code sums}.
   */
  private static void addPairs(short[] words, int[] sums, int vectors) {
    for (int v = 0; v < vectors; v++) {
      IntVector both = ShortVector.fromArray(SHORT, words, v * SHORT.length()).reinterpretAsInts();
      both.lanewise(VectorOperators.LSHL, 16)
          .lanewise(VectorOperators.ASHR, 16)
          .add(both.lanewise(VectorOperators.ASHR, 16))
          .add(IntVector.fromArray(INT, sums, v * LANES))
          .intoArray(sums, v * LANES);
    }
  }

  /**
   * The sums over blocks {@code [begin, end)} of up to four groups and token t; what groups are
   * missing, the last is done again.
   */
  static void multiply(
      TernaryMatrix w,
      int[] c,
      int half,
      Scratch s,
      int group,
      int last,
      int t,
      int begin,
      int end) {
    MemorySegment d = s.panels;
    long at0 = offset(s, group);
    long at1 = offset(s, Math.min(group + 1, last));
    long at2 = offset(s, Math.min(group + 2, last));
    long at3 = offset(s, Math.min(group + 3, last));
    int most = w.largestDigit() < 3 ? BLOCKS : BLOCKS_TO_3;
    Arrays.fill(s.sums, 0);
    for (int b = begin; b < end; b += most) {
      int n = Math.min(most, end - b);
      long skip = (long) BLOCK_BYTES * b;
      addBlocks(
          d,
          at0 + skip,
          at1 + skip,
          at2 + skip,
          at3 + skip,
          c,
          2 * half * t + QUADS * b,
          half,
          n,
          s.words);
      addPairs(s.words, s.sums, 4);
    }
  }

  /** The 16-bit sums of n blocks of four groups. */
  private static void addBlocks(
      MemorySegment d,
      long at0,
      long at1,
      long at2,
      long at3,
      int[] c,
      int first,
      int half,
      int n,
      short[] words) {
    ShortVector a0 = ShortVector.zero(SHORT);
    ShortVector a1 = a0;
    ShortVector a2 = a0;
    ShortVector a3 = a0;
    for (int b = 0; b < n; b++) {
      long block = (long) BLOCK_BYTES * b;
      ShortVector x0 = ShortVector.fromMemorySegment(SHORT, d, at0 + block, ORDER);
      ShortVector x1 = ShortVector.fromMemorySegment(SHORT, d, at1 + block, ORDER);
      ShortVector x2 = ShortVector.fromMemorySegment(SHORT, d, at2 + block, ORDER);
      ShortVector x3 = ShortVector.fromMemorySegment(SHORT, d, at3 + block, ORDER);
      int i = first + QUADS * b;
      for (int step = 0; step < 2 * QUADS; step++) {
        ShortVector k = IntVector.broadcast(INT, c[i]).reinterpretAsShorts();
        a0 = k.mul(x0).add(a0);
        a1 = k.mul(x1).add(a1);
        a2 = k.mul(x2).add(a2);
        a3 = k.mul(x3).add(a3);
        x0 = ShortVector.zero(SHORT).or(x0).lanewise(VectorOperators.LSHR, 2);
        x1 = ShortVector.zero(SHORT).or(x1).lanewise(VectorOperators.LSHR, 2);
        x2 = ShortVector.zero(SHORT).or(x2).lanewise(VectorOperators.LSHR, 2);
        x3 = ShortVector.zero(SHORT).or(x3).lanewise(VectorOperators.LSHR, 2);
        i += step == QUADS - 1 ? half - QUADS + 1 : 1;
      }
    }
    a0.intoArray(words, 0);
    a1.intoArray(words, SHORT.length());
    a2.intoArray(words, 2 * SHORT.length());
    a3.intoArray(words, 3 * SHORT.length());
  }

  /**
   * The sums over blocks {@code [begin, end)} of up to two groups and up to four tokens from t on,
   * token by token; what is missing is done twice.
   */
  static void multiply(
      TernaryMatrix w,
      int[] c,
      int half,
      Scratch s,
      int group,
      int last,
      int t,
      int tokens,
      int begin,
      int end) {
    MemorySegment d = s.panels;
    long at0 = offset(s, group);
    long at1 = offset(s, Math.min(group + 1, last));
    int most = w.largestDigit() < 3 ? BLOCKS : BLOCKS_TO_3;
    Arrays.fill(s.sums, 0);
    for (int b = begin; b < end; b += most) {
      int n = Math.min(most, end - b);
      long skip = (long) BLOCK_BYTES * b;
      addBlocks(d, at0 + skip, at1 + skip, c, 2 * half * t + QUADS * b, half, tokens, n, s.words);
      addPairs(s.words, s.sums, 2 * TOKENS);
    }
  }

  /**
   * The 16-bit sums of n blocks of two groups with four tokens, of which the last may be the third.
   */
  private static void addBlocks(
      MemorySegment d,
      long at0,
      long at1,
      int[] c,
      int first,
      int half,
      int tokens,
      int n,
      short[] words) {
    int second = first + 2 * half;
    int third = second + 2 * half;
    int fourth = tokens == TOKENS ? third + 2 * half : third;
    ShortVector a00 = ShortVector.zero(SHORT);
    ShortVector a01 = a00;
    ShortVector a02 = a00;
    ShortVector a03 = a00;
    ShortVector a10 = a00;
    ShortVector a11 = a00;
    ShortVector a12 = a00;
    ShortVector a13 = a00;
    for (int b = 0; b < n; b++) {
      long block = (long) BLOCK_BYTES * b;
      ShortVector x0 = ShortVector.fromMemorySegment(SHORT, d, at0 + block, ORDER);
      ShortVector x1 = ShortVector.fromMemorySegment(SHORT, d, at1 + block, ORDER);
      int i = QUADS * b;
      for (int step = 0; step < 2 * QUADS; step++) {
        ShortVector k = IntVector.broadcast(INT, c[first + i]).reinterpretAsShorts();
        a00 = k.mul(x0).add(a00);
        a10 = k.mul(x1).add(a10);
        k = IntVector.broadcast(INT, c[second + i]).reinterpretAsShorts();
        a01 = k.mul(x0).add(a01);
        a11 = k.mul(x1).add(a11);
        k = IntVector.broadcast(INT, c[third + i]).reinterpretAsShorts();
        a02 = k.mul(x0).add(a02);
        a12 = k.mul(x1).add(a12);
        k = IntVector.broadcast(INT, c[fourth + i]).reinterpretAsShorts();
        a03 = k.mul(x0).add(a03);
        a13 = k.mul(x1).add(a13);
        x0 = ShortVector.zero(SHORT).or(x0).lanewise(VectorOperators.LSHR, 2);
        x1 = ShortVector.zero(SHORT).or(x1).lanewise(VectorOperators.LSHR, 2);
        i += step == QUADS - 1 ? half - QUADS + 1 : 1;
      }
    }
    int length = SHORT.length();
    a00.intoArray(words, 0);
    a10.intoArray(words, length);
    a01.intoArray(words, 2 * length);
    a11.intoArray(words, 3 * length);
    a02.intoArray(words, 4 * length);
    a12.intoArray(words, 5 * length);
    a03.intoArray(words, 6 * length);
    a13.intoArray(words, 7 * length);
  }

  /**
   * Sums of q * u at {@code from}, of groups of rows from {@code first} on, become sums of q * (u -
   * 1), then outputs of token t. Arrays carry vectors from method to method, since C2 inlines only
   * so much and allocates a vector that is an argument.
   */
  private static void put(
      TernaryMatrix w,
      QuantizedRows a,
      FloatRows y,
      int[] sums,
      float[] scales,
      int from,
      int first,
      int groups,
      int t) {
    float scale = a.scale(t);
    int sum = a.sum(t);
    for (int g = 0; g < groups; g++) {
      int at = from + g * LANES;
      int row = (first + g) * LANES;
      if (row + LANES <= w.rows()) {
        ((FloatVector) IntVector.fromArray(INT, sums, at).sub(sum).convert(VectorOperators.I2F, 0))
            .mul(FloatVector.fromArray(FLOAT, scales, g * LANES).mul(scale))
            .intoMemorySegment(y.data(), (t * y.stride() + row) * Float.BYTES, ORDER);
      } else {
        for (int r = row; r < w.rows(); r++) {
          y.set(t, r, (sums[at + r - row] - sum) * (scales[g * LANES + r - row] * scale));
        }
      }
    }
  }
}
