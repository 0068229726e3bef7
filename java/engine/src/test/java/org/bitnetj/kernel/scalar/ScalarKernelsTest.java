package org.bitnetj.kernel.scalar;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The definition itself, against formulas in double and small cases worked by hand. */
class ScalarKernelsTest {
  private final Kernels kernels = new ScalarKernels();
  private final NativeMemory memory = new NativeMemory();
  private final Random random = new Random(7);

  @AfterEach
  void free() {
    memory.close();
  }

  private FloatRows rows(float[]... values) {
    FloatRows rows = FloatRows.allocate(memory, values.length, values[0].length);
    for (int r = 0; r < values.length; r++) {
      for (int i = 0; i < values[r].length; i++) {
        rows.set(r, i, values[r][i]);
      }
    }
    return rows;
  }

  private float[] gaussian(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private QuantizedRows quantize(float... x) {
    QuantizedRows q = QuantizedRows.allocate(memory, 1, x.length);
    assertTrue(kernels.quantize(rows(x), Norm.none(x.length), q, 0, 1));
    return q;
  }

  @Test
  void quantizationTakesTheLargestTo127AndRoundsHalvesToEven() {
    QuantizedRows q = quantize(-127f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 63.49f, 126.5f);
    int[] expected = {-127, 0, 2, 2, 0, -2, -2, 63, 126};
    int sum = 0;
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], q.value(0, i));
      sum += expected[i];
    }
    assertEquals(sum, q.sum(0));
    assertEquals(1f, q.scale(0));
  }

  @Test
  void rowsWhoseSquaresOverflowAreRefusedNotTurnedIntoZeros() {
    Norm norm = Norm.of(memory, new float[] {1f, 1f}, 1e-5f);
    QuantizedRows q = QuantizedRows.allocate(memory, 1, 2);
    assertTrue(kernels.quantize(rows(new float[] {1e19f, 1f}), norm, q, 0, 1));
    assertFalse(kernels.quantize(rows(new float[] {2e19f, 1f}), norm, q, 0, 1));
    FloatRows out = rows(new float[] {0f, 0f});
    kernels.normalize(rows(new float[] {2e19f, 1f}), norm, out, 0, 1);
    assertTrue(Float.isNaN(out.get(0, 0)) && Float.isNaN(out.get(0, 1)));
  }

  @Test
  void quantizationOfSmallRowsUsesTheFloorOfTheLargest() {
    QuantizedRows zero = quantize(0f, -0f);
    assertEquals(0, zero.value(0, 0));
    assertEquals(1e-5f / 127f, zero.scale(0));
    QuantizedRows small = quantize(5e-6f, -1e-6f);
    assertEquals(64, small.value(0, 0)); // 63.5, to even
    assertEquals(-13, small.value(0, 1));
    assertEquals(1e-5f / 127f, small.scale(0));
  }

  @Test
  void quantizationFindsWhatIsNotFinite() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      QuantizedRows q = QuantizedRows.allocate(memory, 1, 3);
      assertFalse(kernels.quantize(rows(new float[] {1, bad, 2}), Norm.none(3), q, 0, 1));
    }
  }

  @Test
  void normIsRootMeanSquareTimesWeight() {
    float[] x = gaussian(300);
    float[] weight = gaussian(300);
    double square = 0;
    for (float v : x) {
      square += (double) v * v;
    }
    double inverse = 1 / Math.sqrt(square / 300 + 1e-5);
    FloatRows out = FloatRows.allocate(memory, 1, 300);
    kernels.normalize(rows(x), Norm.of(memory, weight, 1e-5f), out, 0, 1);
    for (int i = 0; i < 300; i++) {
      double exact = x[i] * inverse * weight[i];
      assertEquals(exact, out.get(0, i), Math.abs(exact) * 1e-6);
    }
  }

  @Test
  void ternaryProductIsTheExactIntegerSumTimesOneScale() {
    int n = 50;
    TernaryMatrix w = TernaryMatrix.allocate(memory, 20, n, 0.3f);
    for (int r = 0; r < 20; r++) {
      for (int c = 0; c < n; c++) {
        w.setDigit(r, c, random.nextInt(3));
      }
    }
    float[] x = gaussian(n);
    QuantizedRows q = quantize(x);
    FloatRows y = FloatRows.allocate(memory, 1, 20);
    kernels.ternaryProduct(w, q, y, 1, 0, 2);
    for (int r = 0; r < 20; r++) {
      int sum = 0;
      for (int c = 0; c < n; c++) {
        sum += q.value(0, c) * (w.digit(r, c) - 1);
      }
      assertEquals(sum * (0.3f * q.scale(0)), y.get(0, r));
    }
  }

  @Test
  void aDigitOf3IsPlusTwo() {
    TernaryScales scale = new TernaryScales.Tensor(0.5f);
    TernaryMatrix w = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, 1, 3, scale, 3);
    for (int c = 0; c < 3; c++) {
      w.setDigit(0, c, 3 - c);
    }
    QuantizedRows q = quantize(new float[] {127f, 100f, -50f});
    FloatRows y = FloatRows.allocate(memory, 1, 1);
    kernels.ternaryProduct(w, q, y, 1, 0, 1);
    assertEquals((2 * 127 + 100) * 0.5f, y.get(0, 0));
  }

  @Test
  void blocksOfARowAreQuantizedByThemselves() {
    float[] x = gaussian(300);
    for (int i = 128; i < 256; i++) {
      x[i] *= 1e-3f;
    }
    QuantizedRows q = QuantizedRows.allocate(memory, 1, 300, RowGroups.ofBlocks(64));
    assertTrue(kernels.quantize(rows(x), Norm.none(300), q, 0, 1));
    assertEquals(3, q.blocks());
    assertEquals(5, q.groups());
    int[] sums = new int[5];
    for (int b = 0; b < 3; b++) {
      float[] block = Arrays.copyOfRange(x, 128 * b, Math.min(128 * (b + 1), 300));
      QuantizedRows alone = quantize(block);
      assertEquals(alone.scale(0), q.scale(0, b));
      for (int i = 0; i < block.length; i++) {
        assertEquals(alone.value(0, i), q.value(0, 128 * b + i));
        sums[(128 * b + i) / 64] += alone.value(0, i);
      }
    }
    for (int g = 0; g < 5; g++) {
      assertEquals(sums[g], q.groupSum(0, g));
    }
    assertEquals(Arrays.stream(sums).sum(), q.sum(0));
  }

  /** A matrix of 20 rows with digits up to 3. */
  private TernaryMatrix matrix(int columns, TernaryScales scales) {
    TernaryMatrix w = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, 20, columns, scales, 3);
    for (int r = 0; r < 20; r++) {
      for (int c = 0; c < columns; c++) {
        w.setDigit(r, c, random.nextInt(4));
      }
    }
    return w;
  }

  private static int sum(TernaryMatrix w, QuantizedRows q, int r, int begin, int end) {
    int sum = 0;
    for (int c = begin; c < end; c++) {
      sum += q.value(0, c) * (w.digit(r, c) - 1);
    }
    return sum;
  }

  private FloatRows product(TernaryMatrix w, QuantizedRows q) {
    FloatRows y = FloatRows.allocate(memory, 1, 20);
    kernels.ternaryProduct(w, q, y, 1, 0, 2);
    return y;
  }

  @Test
  void aScaleOfARowIsThatOfItsProducts() {
    MemorySegment scales = memory.allocate(32 * Float.BYTES);
    for (int r = 0; r < 20; r++) {
      scales.setAtIndex(JAVA_FLOAT, r, 0.1f * (r - 3));
    }
    TernaryMatrix w = matrix(50, new TernaryScales.Rows(scales));
    QuantizedRows q = quantize(gaussian(50));
    FloatRows y = product(w, q);
    for (int r = 0; r < 20; r++) {
      assertEquals(sum(w, q, r, 0, 50) * (0.1f * (r - 3) * q.scale(0)), y.get(0, r));
    }
  }

  private TernaryScales.Groups groupScales(int group, int count) {
    MemorySegment scales = memory.allocate(2L * 16 * count * Short.BYTES);
    for (int i = 0; i < 2 * 16 * count; i++) {
      scales.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(0.01f * (i % 97 - 20)));
    }
    return new TernaryScales.Groups(group, count, scales);
  }

  @Test
  void groupsOfWeightsAddUpInRisingOrderAndThenAreTimesTheRowsScale() {
    TernaryScales.Groups scales = groupScales(64, 4);
    TernaryMatrix w = matrix(200, scales);
    QuantizedRows q = QuantizedRows.allocate(memory, 1, 200, RowGroups.ofRows(64));
    assertTrue(kernels.quantize(rows(gaussian(200)), Norm.none(200), q, 0, 1));
    FloatRows y = product(w, q);
    for (int r = 0; r < 20; r++) {
      float t = 0;
      double exact = 0;
      for (int g = 0; g < 4; g++) {
        int acc = sum(w, q, r, 64 * g, Math.min(64 * (g + 1), 200));
        t = Math.fma((float) acc, scales.scale(r, g), t);
        exact += (double) acc * scales.scale(r, g) * q.scale(0);
      }
      assertEquals(t * q.scale(0), y.get(0, r));
      assertEquals(exact, y.get(0, r), 1e-5);
    }
  }

  @Test
  void groupsOfWeightsAndBlocksOfActivationsAddUpInRisingOrder() {
    TernaryScales.Groups scales = groupScales(64, 5);
    TernaryMatrix w = matrix(300, scales);
    QuantizedRows q = QuantizedRows.allocate(memory, 1, 300, RowGroups.ofBlocks(64));
    float[] x = gaussian(300);
    x[7] = 50f; // of another size than the later blocks
    assertTrue(kernels.quantize(rows(x), Norm.none(300), q, 0, 1));
    FloatRows y = product(w, q);
    for (int r = 0; r < 20; r++) {
      float t = 0;
      double exact = 0;
      for (int g = 0; g < 5; g++) {
        int acc = sum(w, q, r, 64 * g, Math.min(64 * (g + 1), 300));
        t = Math.fma((float) acc, scales.scale(r, g) * q.scale(0, g / 2), t);
        exact += (double) acc * scales.scale(r, g) * q.scale(0, g / 2);
      }
      assertEquals(t, y.get(0, r));
      assertEquals(exact, y.get(0, r), 1e-5);
    }
  }

  @Test
  void rotationTurnsPairsByTheirAngle() {
    for (Rope.Style style : Rope.Style.values()) {
      Rope rope = new Rope(memory, 8, 6, 10_000, style, 50);
      rope.reach(41);
      Batch batch = new Batch(memory, 1);
      batch.add(Batch.table(memory, 0), 41, 0, false);
      float[] x = gaussian(16);
      FloatRows rows = rows(x);
      kernels.rotate(rope, batch, rows, 0, 1);
      for (int head = 0; head < 16; head += 8) {
        for (int i = 0; i < 3; i++) {
          int first = head + (style == Rope.Style.HALVES ? i : 2 * i);
          int second = style == Rope.Style.HALVES ? first + 3 : first + 1;
          double angle = 41 * Math.pow(10_000, -2.0 * i / 6);
          double re = x[first] * Math.cos(angle) - x[second] * Math.sin(angle);
          double im = x[first] * Math.sin(angle) + x[second] * Math.cos(angle);
          assertEquals(re, rows.get(0, first), 1e-6);
          assertEquals(im, rows.get(0, second), 1e-6);
        }
        assertEquals(x[head + 6], rows.get(0, head + 6), "past the rotated part");
        assertEquals(x[head + 7], rows.get(0, head + 7), "past the rotated part");
      }
    }
  }

  @Test
  void attentionIsSoftmaxOverThePositionsUpToItsOwn() {
    int headDim = 16;
    int length = 700; // three chunks
    AttentionLayer layer =
        AttentionLayer.allocate(memory, AttentionLayer.Type.F32, 4, 2, headDim, 0.5f, 4);
    MemorySegment blocks = Batch.table(memory, 2, 0, 3);
    Batch all = new Batch(memory, length);
    for (int t = 0; t < length; t++) {
      all.add(blocks, t, 0, false);
    }
    FloatRows keys = FloatRows.allocate(memory, length, 2 * headDim);
    FloatRows values = FloatRows.allocate(memory, length, 2 * headDim);
    for (int t = 0; t < length; t++) {
      for (int i = 0; i < 2 * headDim; i++) {
        keys.set(t, i, (float) random.nextGaussian());
        values.set(t, i, (float) random.nextGaussian());
      }
    }
    kernels.store(layer, all, keys, values, 0, length);
    for (int last : new int[] {0, 1, 254, 255, 256, 511, 512, 699}) {
      Batch one = new Batch(memory, 1);
      one.add(blocks, last, 0, false);
      FloatRows query = rows(gaussian(4 * headDim));
      FloatRows out = FloatRows.allocate(memory, 1, 4 * headDim);
      kernels.attend(layer, one, query, out, 0, 2);
      AttentionParts parts = new AttentionParts(memory, 1, 4, headDim);
      parts.cut(one);
      assertEquals(last / 256 + 1, parts.count());
      FloatRows merged = FloatRows.allocate(memory, 1, 4 * headDim);
      kernels.attendParts(layer, one, query, parts, 0, 2 * parts.count());
      kernels.mergeParts(layer, one, parts, merged, 0, 4);
      assertEquals(-1, out.data().mismatch(merged.data()), "by parts, last " + last);
      for (int head = 0; head < 4; head++) {
        double[] exact = attention(query, keys, values, head, headDim, last);
        for (int d = 0; d < headDim; d++) {
          assertEquals(exact[d], out.get(0, head * headDim + d), 2e-6, "last " + last);
        }
      }
    }
  }

  private static double[] attention(
      FloatRows query, FloatRows keys, FloatRows values, int head, int headDim, int last) {
    int shared = head / 2 * headDim;
    double[] out = new double[headDim];
    double sum = 0;
    for (int t = 0; t <= last; t++) {
      double score = 0;
      for (int d = 0; d < headDim; d++) {
        score += (double) query.get(0, head * headDim + d) * keys.get(t, shared + d);
      }
      double weight = Math.exp(score * 0.5);
      sum += weight;
      for (int d = 0; d < headDim; d++) {
        out[d] += weight * values.get(t, shared + d);
      }
    }
    for (int d = 0; d < headDim; d++) {
      out[d] /= sum;
    }
    return out;
  }

  @Test
  void theCacheRoundsToFloat16AtItsEdges() {
    float[] x = {65504f, 65519.99f, 65520f, -65520f, 0x1p-24f, 0x1p-25f, 0x1.000002p-25f, -0f};
    int[] bits = {0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x0001, 0x0000, 0x0001, 0x8000};
    AttentionLayer layer =
        AttentionLayer.allocate(memory, AttentionLayer.Type.F16, 1, 1, x.length, 1f, 1);
    Batch batch = new Batch(memory, 1);
    batch.add(Batch.table(memory, 0), 0, 0, false);
    kernels.store(layer, batch, rows(x), rows(x), 0, 1);
    for (int i = 0; i < x.length; i++) {
      assertEquals((short) bits[i], layer.keys().getAtIndex(JAVA_SHORT, i), x[i] + "");
    }
  }

  @Test
  void everyFloat16WidensExactly() {
    MemorySegment data = memory.allocate(2 << 16);
    for (int i = 0; i < 1 << 16; i++) {
      data.setAtIndex(JAVA_SHORT, i, (short) i);
    }
    FloatMatrix table = new FloatMatrix(data, WeightFormats.F16, 64, 1024);
    FloatRows out = embed(table, 64);
    for (int i = 0; i < 1 << 16; i++) {
      int exponent = i >> 10 & 31;
      int fraction = i & 1023;
      double sign = i < 0x8000 ? 1 : -1;
      double exact =
          exponent == 31
              ? fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN
              : exponent == 0
                  ? sign * fraction * 0x1p-24
                  : sign * (1024 + fraction) * Math.scalb(1.0, exponent - 25);
      assertEquals(exact, out.get(i / 1024, i % 1024), "bits " + Integer.toHexString(i));
    }
  }

  private FloatRows embed(FloatMatrix table, int rows) {
    Batch batch = new Batch(memory, rows);
    for (int t = 0; t < rows; t++) {
      batch.add(MemorySegment.NULL, t, t, false);
    }
    FloatRows out = FloatRows.allocate(memory, rows, table.columns());
    kernels.embed(table, batch, out, 0, rows);
    return out;
  }

  @Test
  void blockFormatsFollowGgmlsFormulas() {
    MemorySegment q8 = memory.allocate(34);
    q8.set(JAVA_SHORT, 0, Float.floatToFloat16(0.25f));
    for (int j = 0; j < 32; j++) {
      q8.set(JAVA_BYTE, 2 + j, (byte) (j * 8 - 128));
    }
    FloatRows a = embed(new FloatMatrix(q8, WeightFormats.Q8_0, 1, 32), 1);
    for (int j = 0; j < 32; j++) {
      assertEquals(0.25f * (j * 8 - 128), a.get(0, j));
    }
    // Q6_K, written as ggml's own loop reads it: 128 elements at a time, four of them per l.
    byte[] bytes = new byte[210];
    random.nextBytes(bytes);
    MemorySegment q6 = memory.allocate(210);
    MemorySegment.copy(bytes, 0, q6, JAVA_BYTE, 0, 210);
    q6.set(JAVA_SHORT, 208, Float.floatToFloat16(0.5f));
    FloatRows b = embed(new FloatMatrix(q6, WeightFormats.Q6_K, 1, 256), 1);
    for (int half = 0; half < 2; half++) {
      for (int l = 0; l < 32; l++) {
        int low0 = bytes[64 * half + l];
        int low1 = bytes[64 * half + l + 32];
        int high = bytes[128 + 32 * half + l];
        int[] q = {
          (low0 & 15 | (high & 3) << 4) - 32,
          (low1 & 15 | (high >> 2 & 3) << 4) - 32,
          (low0 >> 4 & 15 | (high >> 4 & 3) << 4) - 32,
          (low1 >> 4 & 15 | (high >> 6 & 3) << 4) - 32
        };
        for (int k = 0; k < 4; k++) {
          int scale = bytes[192 + 8 * half + 2 * k + l / 16];
          assertEquals(0.5f * scale * q[k], b.get(0, 128 * half + 32 * k + l));
        }
      }
    }
  }

  @Test
  void headProductIsTheDotProductOfRows() {
    MemorySegment data = memory.allocate(3 * 40 * 4);
    for (int i = 0; i < 120; i++) {
      data.setAtIndex(JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    FloatMatrix m = new FloatMatrix(data, WeightFormats.F32, 3, 40);
    float[] x = gaussian(40);
    FloatRows y = FloatRows.allocate(memory, 1, 3);
    kernels.headProduct(m, rows(x), y, 1, 0, 3);
    for (int r = 0; r < 3; r++) {
      double exact = 0;
      for (int i = 0; i < 40; i++) {
        exact += (double) x[i] * data.getAtIndex(JAVA_FLOAT, 40 * r + i);
      }
      assertEquals(exact, y.get(0, r), 1e-5);
    }
  }
}
