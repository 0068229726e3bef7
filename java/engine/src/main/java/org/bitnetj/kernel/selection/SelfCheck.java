package org.bitnetj.kernel.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.bitnetj.kernel.Activation;
import org.bitnetj.kernel.ActivationDigits;
import org.bitnetj.kernel.AttentionLayer;
import org.bitnetj.kernel.Batch;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.HeadSketch;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.LogitBounds;
import org.bitnetj.kernel.Norm;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.Rope;
import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.TernaryStrips;
import org.bitnetj.memory.NativeMemory;

/**
 * A short proof at start-up that kernels return, on this machine, the bits of the scalar
 * definition: one small layer is computed and each result compared by its CRC-32 with the scalar
 * kernels' own, which are constants (a test holds them to the definition), for computing them anew
 * would cost most of the check's time. It is no substitute for the test suite; it catches a library
 * or a CPU that does not do what it says.
 */
public final class SelfCheck {
  /** What differs if native kernels, which all have them, lack sparse products or sketches. */
  static final String OPERATIONS = "the set of operations";

  /** One result: the operation it came from and the CRC-32 of its bytes. */
  record Result(String operation, int crc) {}

  private final NativeMemory memory;
  private final CheckedShape shape;
  private final int tokens;
  private final Batch batch;
  private final FloatMatrix table;
  private final MemorySegment digits;
  private final Norm norm;
  private final List<Rope> ropes = new ArrayList<>();

  private SelfCheck(NativeMemory memory, CheckedShape shape) {
    this.memory = memory;
    this.shape = shape;
    this.tokens = shape.tokens();
    this.batch = new Batch(memory, tokens);
    for (int t = 0; t < tokens; t++) {
      batch.add(0, t, tokens - 1 - t, true);
    }
    CheckedOperands operands = new CheckedOperands(memory, shape);
    this.table = operands.table();
    this.digits = operands.digits();
    this.norm = operands.norm();
    int headDim = shape.headDim();
    for (Rope.Style style : Rope.Style.values()) {
      Rope rope = new Rope(memory, headDim, headDim - 2, 10_000, style, tokens);
      rope.reach(tokens - 1);
      ropes.add(rope);
    }
  }

  /**
   * Compares {@code kernels} with the scalar definition.
   *
   * @return the first operation whose result differs, or {@link #OPERATIONS}; empty if all bits
   *     agree
   */
  public static Optional<String> firstDifference(Kernels kernels) {
    CheckedShape shape = CheckedShape.of(kernels.tier());
    List<Result> results = results(kernels, shape);
    int[] scalar = shape.scalar();
    if (kernels.tier().isNative() && results.size() != scalar.length) {
      return Optional.of(OPERATIONS);
    }
    for (int i = 0; i < results.size(); i++) { // those of operations the kernels lack are last
      if (results.get(i).crc() != scalar[i]) {
        return Optional.of(results.get(i).operation());
      }
    }
    return Optional.empty();
  }

  /** The results of all operations there are, one for each of the shape's first constants. */
  static List<Result> results(Kernels kernels, CheckedShape shape) {
    try (NativeMemory memory = NativeMemory.growing()) { // no huge pages: all is small
      return new SelfCheck(memory, shape).layer(kernels);
    }
  }

  /** A layer in small, each operation on the results of those before it. */
  private List<Result> layer(Kernels kernels) {
    List<Result> results = new ArrayList<>();
    FloatRows x = rows(shape.columns);
    kernels.embed(table, batch, x, 0, tokens);
    results.add(of("embed", x));

    TernaryMatrix w = TernaryMatrix.allocate(memory, shape.rows, shape.columns, 0.37f);
    TernaryMatrix blocks =
        TernaryMatrix.allocate(
            memory,
            shape.rows / 4,
            shape.columns / CheckedOperands.BLOCK * CheckedOperands.BLOCK + CheckedOperands.BLOCK,
            1f);
    for (TernaryMatrix matrix : List.of(blocks, w)) { // rows of whole blocks, and others
      boolean packed = kernels.packI2s(digits, matrix, 0, matrix.panelCount());
      results.add(flag("packI2s", packed));
      results.add(of("packI2s", matrix.panels()));
    }
    QuantizedRows q = QuantizedRows.allocate(memory, tokens, shape.columns);
    results.add(flag("quantize", kernels.quantize(x, norm, q, 0, tokens)));
    results.add(of("quantize", q.values()));
    results.add(of("quantize", scalesAndSums(q)));
    FloatRows y = rows(shape.rows);
    for (int count : shape.counts) {
      y.data().fill((byte) 0);
      kernels.ternaryProduct(w, q, y, count, 0, 1); // in two chunks, as threads do
      kernels.ternaryProduct(w, q, y, count, 1, w.panelCount());
      results.add(of("ternaryProduct of " + count, y));
    }

    attention(kernels, x, results);

    FloatRows up = rows(shape.columns);
    kernels.normalize(x, norm, up, 0, tokens);
    results.add(of("normalize", up));
    for (Activation activation : Activation.values()) {
      FloatRows hidden = rows(shape.columns);
      kernels.add(hidden, x, 0, tokens);
      results.add(of("add", hidden));
      kernels.gate(activation, hidden, up, 0, tokens);
      results.add(of("gate with " + activation, hidden));
    }
    for (int count : shape.counts) {
      FloatRows logits = rows(shape.logits);
      kernels.headProduct(table, x, logits, count, 0, shape.logits);
      results.add(of("headProduct of " + count, logits));
    }
    FloatRows gate = y; // of both signs
    // No kernels have one of these without the other.
    kernels.sparse().ifPresent(sparse -> sparseProducts(sparse, w, q, gate, results));
    kernels.sketch().ifPresent(sketch -> bounds(sketch, x, results));
    return results;
  }

  private void bounds(SketchKernels kernels, FloatRows x, List<Result> results) {
    HeadSketch sketch = HeadSketch.allocate(memory, shape.vocabulary, shape.columns);
    int panels = sketch.panelCount();
    results.add(flag("buildSketch", kernels.buildSketch(table, sketch, 0, panels)));
    results.add(of("buildSketch", sketch.coarse()));
    results.add(of("buildSketch", sketch.fine()));
    results.add(of("buildSketch", sketch.facts()));
    ActivationDigits activations = ActivationDigits.allocate(memory, shape.columns);
    activations.set(x, 0);
    LogitBounds bounds = LogitBounds.allocate(memory, shape.vocabulary);
    kernels.boundLogits(sketch, activations, bounds, 0, 1);
    kernels.boundLogits(sketch, activations, bounds, 1, panels);
    results.add(of("boundLogits", bounds.values()));
    float threshold = mean(bounds);
    kernels.refineBounds(sketch, activations, bounds, threshold, 0, 1);
    kernels.refineBounds(sketch, activations, bounds, threshold, 1, panels);
    results.add(of("refineBounds", bounds.values()));
  }

  /** A threshold that about half of the rows reach. */
  private float mean(LogitBounds bounds) {
    float sum = 0f;
    for (int row = 0; row < shape.vocabulary; row++) {
      sum += bounds.upper(row);
    }
    return sum / shape.vocabulary;
  }

  private void sparseProducts(
      SparseKernels sparse,
      TernaryMatrix w,
      QuantizedRows q,
      FloatRows gate,
      List<Result> results) {
    for (TernaryStrips.Direction direction : TernaryStrips.Direction.values()) {
      TernaryStrips strips = TernaryStrips.allocate(memory, w, direction);
      sparse.packStrips(w, strips, 0, strips.items());
      results.add(of("packStrips", strips.digits()));
      FloatRows y = rows(shape.rows);
      switch (direction) {
        case ROWS -> {
          sparse.gatedProduct(strips, q, gate, y, 0, shape.rows);
          results.add(of("gatedProduct", y));
        }
        case COLUMNS -> {
          sparse.sparseProduct(strips, q, y, 0, strips.lines());
          results.add(of("sparseProduct", y));
        }
      }
    }
  }

  /** The rows of x as queries, and their first heads as keys and values. */
  private void attention(Kernels kernels, FloatRows x, List<Result> results) {
    for (Rope rope : ropes) {
      kernels.rotate(rope, batch, x, 0, tokens);
      results.add(of("rotate with " + rope.style(), x));
    }
    int width = shape.kvHeads * shape.headDim();
    FloatRows keys = rows(width);
    for (int t = 0; t < tokens; t++) {
      MemorySegment.copy(x.row(t), 0, keys.row(t), 0, width * 4L);
    }
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      AttentionLayer layer =
          new AttentionLayer(
              memory, type, shape.queryHeads, shape.kvHeads, shape.headDim(), 0.25f, 1, tokens);
      kernels.store(layer, batch, keys, keys, 0, tokens);
      results.add(of("store as " + type, layer.keys()));
      results.add(of("store as " + type, layer.values()));
      FloatRows out = rows(shape.columns);
      kernels.attend(layer, batch, x, out, 0, tokens * shape.kvHeads);
      results.add(of("attend in " + type, out));
    }
  }

  private FloatRows rows(int columns) {
    return FloatRows.allocate(memory, tokens, columns);
  }

  private static Result flag(String operation, boolean value) {
    return new Result(operation, value ? 1 : 0);
  }

  /** The rows as they are now, padding included: no kernel may write there. */
  private static Result of(String operation, FloatRows rows) {
    return of(operation, rows.data());
  }

  private static Result of(String operation, MemorySegment bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes.asByteBuffer());
    return new Result(operation, (int) crc.getValue());
  }

  private MemorySegment scalesAndSums(QuantizedRows q) {
    MemorySegment bytes = memory.allocate(tokens * 8L);
    for (int t = 0; t < tokens; t++) {
      bytes.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * t, q.scale(t));
      bytes.setAtIndex(ValueLayout.JAVA_INT, 2L * t + 1, q.sum(t));
    }
    return bytes;
  }
}
