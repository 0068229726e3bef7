package org.bitnetj.kernel.selection;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;
import org.jspecify.annotations.Nullable;

/**
 * A short comparison of kernels with the scalar definition when they are chosen: each operation
 * once or twice, on small random operands with the leftovers of vectors and streams. It catches a
 * library built wrongly or a CPU that does not do what it says; the proof is the test suite.
 */
public final class SelfCheck {
  private static final int TOKENS = 9; // more than any tier multiplies at once
  private static final int COLUMNS = 88;
  private static final int ROWS = 16 * 9 + 3; // two panels in each of four streams, and leftovers
  private static final int HEAD_DIM = 22;
  private static final int LAST = 256 + 20; // a position in the second chunk of attention

  private final SplittableRandom random = new SplittableRandom(7);
  private final NativeMemory memory;
  private final Kernels[] both;
  private @Nullable String difference;

  private SelfCheck(NativeMemory memory, Kernels kernels) {
    this.memory = memory;
    this.both = new Kernels[] {new ScalarKernels(), kernels};
  }

  /**
   * Compares {@code kernels} with the scalar definition.
   *
   * @return the first operation whose result differs; empty if all bits agree
   */
  public static Optional<String> firstDifference(Kernels kernels) {
    try (NativeMemory memory = NativeMemory.growing()) { // no huge pages: all is small
      SelfCheck check = new SelfCheck(memory, kernels);
      check.layer();
      return Optional.ofNullable(check.difference);
    }
  }

  private void same(String operation, MemorySegment[] results) {
    if (difference == null && results[0].mismatch(results[1]) >= 0) {
      difference = operation;
    }
  }

  private void same(String operation, FloatRows[] results) {
    same(operation, new MemorySegment[] {results[0].data(), results[1].data()});
  }

  private FloatRows[] pair(int rows, int columns) {
    return new FloatRows[] {
      FloatRows.allocate(memory, rows, columns), FloatRows.allocate(memory, rows, columns)
    };
  }

  private FloatRows[] pair(FloatRows content) {
    FloatRows[] pair = pair(content.capacity(), content.columns());
    for (FloatRows rows : pair) {
      rows.data().copyFrom(content.data());
    }
    return pair;
  }

  /** A layer in small. */
  private void layer() {
    MemorySegment halves = memory.allocate(2L * ROWS * COLUMNS);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      halves.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16((float) random.nextGaussian()));
    }
    FloatMatrix table = new FloatMatrix(halves, WeightFormats.F16, ROWS, COLUMNS);
    Batch batch = new Batch(memory, TOKENS);
    MemorySegment blocks = Batch.table(memory, 1, 0);
    for (int t = 0; t < TOKENS; t++) {
      batch.add(blocks, t == 0 ? LAST : t * 2, t * 5, true);
    }
    FloatRows[] x = pair(TOKENS, COLUMNS);
    FloatRows[] normed = pair(TOKENS, COLUMNS);
    FloatRows[] logits = pair(TOKENS, ROWS);
    float[] weight = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      weight[i] = 1 + random.nextInt(8) / 8f;
    }
    Norm norm = Norm.of(memory, weight, 1e-5f);
    for (int i = 0; i < 2; i++) {
      both[i].embed(table, batch, x[i], 0, TOKENS);
      both[i].normalize(x[0], norm, normed[i], 0, TOKENS);
      both[i].headProduct(table, x[0], logits[i], 1, 0, ROWS - 20);
      both[i].headProduct(table, x[0], logits[i], TOKENS, ROWS - 20, ROWS);
    }
    same("embed", x);
    same("normalize", normed);
    same("headProduct", logits);
    products(x[0], norm);
    elementwise(x[0], normed[0]);
    attention(batch, x[0]);
    lowBit(table, x[0]);
  }

  private void products(FloatRows x, Norm norm) {
    QuantizedRows[] q = new QuantizedRows[2];
    TernaryMatrix[] w = new TernaryMatrix[2];
    MemorySegment digits = memory.allocate((ROWS * COLUMNS + 127L) / 128 * 32);
    for (int i = 0; i < digits.byteSize(); i++) {
      int byteOfDigits = 0;
      for (int digit = 0; digit < 4; digit++) {
        byteOfDigits = byteOfDigits << 2 | random.nextInt(3);
      }
      digits.set(JAVA_BYTE, i, (byte) byteOfDigits);
    }
    FloatRows[] y = pair(TOKENS, ROWS);
    FloatRows[] many = pair(TOKENS, ROWS);
    for (int i = 0; i < 2; i++) {
      q[i] = QuantizedRows.allocate(memory, TOKENS, COLUMNS);
      both[i].quantize(x, norm, q[i], 0, TOKENS);
      w[i] = TernaryMatrix.allocate(memory, ROWS, COLUMNS, 0.37f);
      both[i].packI2s(digits, w[i], 0, w[i].panelCount());
      both[i].ternaryProduct(w[0], q[0], y[i], 1, 0, w[0].panelCount());
      both[i].ternaryProduct(w[0], q[0], many[i], TOKENS, 7, w[0].panelCount());
    }
    same("quantize", new MemorySegment[] {q[0].values(), q[1].values()});
    same("quantize", new MemorySegment[] {q[0].scales(), q[1].scales()});
    same("quantize", new MemorySegment[] {q[0].sums(), q[1].sums()});
    same("packI2s", new MemorySegment[] {w[0].panels(), w[1].panels()});
    same("ternaryProduct of one row", y);
    same("ternaryProduct of several rows", many);
    FloatRows[] gated = pair(1, ROWS);
    FloatRows[] sparse = pair(1, ROWS);
    TernaryVectors[] byRow = new TernaryVectors[2];
    TernaryVectors[] byColumn = new TernaryVectors[2];
    for (int i = 0; i < 2; i++) {
      byRow[i] = TernaryVectors.allocate(memory, w[0], TernaryVectors.Order.ROW_MAJOR);
      byColumn[i] = TernaryVectors.allocate(memory, w[0], TernaryVectors.Order.COLUMN_MAJOR);
      both[i].packVectors(w[0], byRow[i], 0, byRow[i].items());
      both[i].packVectors(w[0], byColumn[i], 0, byColumn[i].items());
      both[i].gatedProduct(byRow[0], q[0], y[0], gated[i], 0, ROWS); // y is of both signs
      both[i].sparseProduct(byColumn[0], q[0], sparse[i], 0, byColumn[0].lines());
    }
    same("packVectors", new MemorySegment[] {byRow[0].digits(), byRow[1].digits()});
    same("packVectors", new MemorySegment[] {byColumn[0].digits(), byColumn[1].digits()});
    same("gatedProduct", gated);
    same("sparseProduct", sparse);
  }

  private void elementwise(FloatRows x, FloatRows normed) {
    FloatRows[] sums = pair(normed);
    for (int i = 0; i < 2; i++) {
      both[i].add(sums[i], x, 0, TOKENS);
    }
    same("add", sums);
    for (Activation activation : Activation.values()) {
      FloatRows[] gate = pair(sums[0]);
      for (int i = 0; i < 2; i++) {
        both[i].gate(activation, gate[i], x, 0, TOKENS);
      }
      same("gate with " + activation, gate);
    }
  }

  /** The rows of x as queries, keys and values of all four heads, two of them of the cache. */
  private void attention(Batch batch, FloatRows x) {
    for (Rope.Style style : Rope.Style.values()) {
      Rope rope = new Rope(memory, HEAD_DIM, HEAD_DIM - 2, 10_000, style, LAST + 1);
      rope.reach(LAST);
      FloatRows[] rotated = pair(x);
      for (int i = 0; i < 2; i++) {
        both[i].rotate(rope, batch, rotated[i], 0, TOKENS);
      }
      same("rotate with " + style, rotated);
    }
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      AttentionLayer[] layers = new AttentionLayer[2];
      FloatRows[] out = pair(TOKENS, COLUMNS);
      FloatRows[] merged = pair(TOKENS, COLUMNS);
      AttentionParts[] parts = new AttentionParts[2];
      for (int i = 0; i < 2; i++) {
        layers[i] = AttentionLayer.allocate(memory, type, 4, 2, HEAD_DIM, 1f / HEAD_DIM, 2);
        both[i].store(layers[i], batch, x, x, 0, TOKENS);
        both[i].attend(layers[0], batch, x, out[i], 0, 2 * TOKENS);
        parts[i] = new AttentionParts(memory, TOKENS, 4, HEAD_DIM);
        parts[i].cut(batch);
        both[i].attendParts(layers[0], batch, x, parts[i], 0, 2 * parts[i].count());
        both[i].mergeParts(layers[0], batch, parts[0], merged[i], 0, 4 * TOKENS);
      }
      same("store as " + type, new MemorySegment[] {layers[0].keys(), layers[1].keys()});
      same("store as " + type, new MemorySegment[] {layers[0].values(), layers[1].values()});
      same("attend in " + type, out);
      same("attendParts in " + type, new MemorySegment[] {parts[0].data(), parts[1].data()});
      same("mergeParts", merged);
    }
  }

  private void lowBit(FloatMatrix head, FloatRows x) {
    Activation16 row = Activation16.allocate(memory, COLUMNS);
    row.set(x, 0);
    LowBitMatrix[] lowBit = new LowBitMatrix[2];
    LogitBounds[] bounds = new LogitBounds[2];
    for (int i = 0; i < 2; i++) {
      lowBit[i] = LowBitMatrix.allocate(memory, ROWS, COLUMNS);
      both[i].packLowBit(head, lowBit[i], 0, lowBit[i].panelCount());
      bounds[i] = LogitBounds.allocate(memory, ROWS);
      both[i].boundLogits(lowBit[0], row, bounds[i], 0, bounds[i].panels());
    }
    same("packLowBit", new MemorySegment[] {lowBit[0].coarse(), lowBit[1].coarse()});
    same("packLowBit", new MemorySegment[] {lowBit[0].fine(), lowBit[1].fine()});
    same(
        "packLowBit", new MemorySegment[] {lowBit[0].scalesAndNorms(), lowBit[1].scalesAndNorms()});
    same("boundLogits", new MemorySegment[] {bounds[0].values(), bounds[1].values()});
    float threshold = bounds[0].upper(0); // which about half of the rows reach
    for (int i = 0; i < 2; i++) {
      both[i].refineBounds(lowBit[0], row, bounds[i], threshold, 0, bounds[i].panels());
    }
    same("refineBounds", new MemorySegment[] {bounds[0].values(), bounds[1].values()});
  }
}
