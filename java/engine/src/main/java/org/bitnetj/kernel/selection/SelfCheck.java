package org.bitnetj.kernel.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.AttentionLayer;
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

/**
 * A short proof at start-up that kernels return, on this machine, the bits of the scalar
 * definition: one small layer is computed and each result compared by its CRC-32 with the scalar
 * kernels' own, which are constants (a test holds them to the definition), for computing them anew
 * would cost most of the check's time. It is no substitute for the test suite; it catches a library
 * or a CPU that does not do what it says.
 */
public final class SelfCheck {
  /** One result: the operation it came from and the CRC-32 of its bytes. */
  record Result(String operation, int crc) {}

  private final NativeMemory memory;
  private final CheckedShape shape;
  private final int tokens;
  private final Batch batch;

  /** The shape's late positions. */
  private final Batch late;

  private final CheckedOperands operands;
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
    this.late = new Batch(memory, shape.late.length);
    for (int i = 0; i < shape.late.length; i++) {
      late.add(0, shape.late[i], i, false);
    }
    this.operands = new CheckedOperands(memory, shape);
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
   * @return the first operation whose result differs; empty if all bits agree
   */
  public static Optional<String> firstDifference(Kernels kernels) {
    CheckedShape shape = CheckedShape.of(kernels.tier());
    List<Result> results = results(kernels, shape);
    int[] scalar = shape.scalar();
    for (int i = 0; i < results.size(); i++) {
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
    pack(kernels, blocks, results); // rows of whole blocks, and others
    pack(kernels, w, results);
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
    FloatRows sums = rows(shape.columns);
    sums.data().copyFrom(up.data());
    kernels.add(sums, x, 0, tokens);
    results.add(of("add", sums));
    for (Activation activation : Activation.values()) {
      FloatRows hidden = rows(shape.columns);
      hidden.data().copyFrom(sums.data());
      kernels.gate(activation, hidden, up, 0, tokens);
      results.add(of("gate with " + activation, hidden));
    }
    List<FloatMatrix> heads = heads(kernels, x, results);
    for (int count : shape.counts) {
      FloatRows logits = rows(shape.logits);
      kernels.headProduct(table, x, logits, count, 0, shape.logits);
      results.add(of("headProduct of " + count, logits));
    }
    sparseProducts(kernels, w, q, y, results); // the outputs y are of both signs, as gates
    bounds(kernels, x, results);
    heads.forEach(head -> lowBit(kernels, head, results));
    return results;
  }

  private void pack(Kernels kernels, TernaryMatrix w, List<Result> results) {
    results.add(flag("packI2s", kernels.packI2s(digits, w, 0, w.panelCount())));
    results.add(of("packI2s", w.panels()));
  }

  /** Heads of the types that the table's is not. */
  private List<FloatMatrix> heads(Kernels kernels, FloatRows x, List<Result> results) {
    List<FloatMatrix> heads = new ArrayList<>();
    for (FloatMatrix.Type type : FloatMatrix.Type.values()) {
      if (type != table.type()) {
        FloatMatrix head = operands.head(table, type);
        FloatRows embedded = FloatRows.allocate(memory, late.size(), head.columns());
        kernels.embed(head, late, embedded, 0, late.size());
        results.add(of("embed of " + type, embedded));
        FloatRows wide = rows(head.columns());
        CheckedOperands.repeat(x.data(), wide.data());
        MemorySegment[] logits = new MemorySegment[shape.counts.length];
        for (int i = 0; i < logits.length; i++) {
          FloatRows y = rows(shape.logits);
          kernels.headProduct(head, wide, y, shape.counts[i], 0, shape.logits);
          logits[i] = y.data();
        }
        results.add(of("headProduct of " + type, logits));
        heads.add(head);
      }
    }
    return heads;
  }

  private LowBitMatrix lowBit(Kernels kernels, FloatMatrix head, List<Result> results) {
    LowBitMatrix lowBit = LowBitMatrix.allocate(memory, head.rows(), head.columns());
    boolean built = kernels.packLowBit(head, lowBit, 0, lowBit.panelCount());
    String operation = "packLowBit of " + head.type();
    results.add(flag(operation, built));
    results.add(of(operation, lowBit.coarse(), lowBit.fine(), lowBit.scalesAndNorms()));
    return lowBit;
  }

  private void bounds(Kernels kernels, FloatRows x, List<Result> results) {
    LowBitMatrix lowBit = lowBit(kernels, table, results);
    int panels = lowBit.panelCount();
    Activation16 activations = Activation16.allocate(memory, shape.columns);
    activations.set(x, 0);
    LogitBounds bounds = LogitBounds.allocate(memory, shape.vocabulary);
    kernels.boundLogits(lowBit, activations, bounds, 0, 1);
    kernels.boundLogits(lowBit, activations, bounds, 1, panels);
    results.add(of("boundLogits", bounds.values()));
    float threshold = mean(bounds);
    kernels.refineBounds(lowBit, activations, bounds, threshold, 0, 1);
    kernels.refineBounds(lowBit, activations, bounds, threshold, 1, panels);
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
      Kernels kernels, TernaryMatrix w, QuantizedRows q, FloatRows gate, List<Result> results) {
    gatedProduct(kernels, w, q, gate, results);
    TernaryVectors copy = copy(kernels, w, TernaryVectors.Order.COLUMN_MAJOR, results);
    FloatRows y = rows(shape.rows);
    kernels.sparseProduct(copy, q, y, 0, copy.lines());
    results.add(of("sparseProduct", y));
    if (shape.tallRows > 0) {
      int count = shape.counts[shape.counts.length - 2]; // enough to take turns
      TernaryMatrix tall = TernaryMatrix.allocate(memory, shape.tallRows, shape.columns, 0.37f);
      pack(kernels, tall, results);
      FloatRows gates = FloatRows.allocate(memory, count, shape.tallRows);
      kernels.ternaryProduct(tall, q, gates, count, 0, tall.panelCount());
      results.add(of("ternaryProduct of many rows", gates));
      gatedProduct(kernels, tall, q, gates, results);
    }
  }

  private void gatedProduct(
      Kernels kernels, TernaryMatrix w, QuantizedRows q, FloatRows gate, List<Result> results) {
    TernaryVectors copy = copy(kernels, w, TernaryVectors.Order.ROW_MAJOR, results);
    FloatRows y = FloatRows.allocate(memory, 2, w.rows());
    kernels.gatedProduct(copy, q, gate, y, 0, w.rows());
    results.add(of("gatedProduct of " + w.rows() + " rows", y));
  }

  private TernaryVectors copy(
      Kernels kernels, TernaryMatrix w, TernaryVectors.Order order, List<Result> results) {
    TernaryVectors copy = TernaryVectors.allocate(memory, w, order);
    kernels.packVectors(w, copy, 0, copy.items());
    results.add(of("packVectors", copy.digits()));
    return copy;
  }

  /**
   * The rows of x as queries, and their first columns as keys and values; those of later positions
   * are what else there is.
   */
  private void attention(Kernels kernels, FloatRows x, List<Result> results) {
    for (Rope rope : ropes) {
      kernels.rotate(rope, batch, x, 0, tokens);
      results.add(of("rotate with " + rope.style(), x));
    }
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      MemorySegment past = type == AttentionLayer.Type.F16 ? table.data() : x.data();
      for (CheckedShape.Heads heads : shape.heads) {
        int headDim = shape.columns / heads.query();
        AttentionLayer layer =
            new AttentionLayer(
                memory, type, heads.query(), heads.kv(), headDim, 1f / headDim, 1, shape.context());
        CheckedOperands.repeat(past, layer.keys());
        CheckedOperands.repeat(past.asSlice(past.byteSize() / 2), layer.values());
        kernels.store(layer, batch, x, x, 0, tokens);
        results.add(of("store as " + type, layer.keys(), layer.values()));
        if (heads == shape.heads[0]) {
          attend(kernels, layer, batch, x, results);
        }
        if (shape == CheckedShape.LONG || type == AttentionLayer.Type.F16) {
          attend(kernels, layer, late, x, results); // Java merges chunks alike for all types
        }
      }
    }
  }

  private void attend(
      Kernels kernels, AttentionLayer layer, Batch some, FloatRows x, List<Result> results) {
    FloatRows out = rows(shape.columns);
    kernels.attend(layer, some, x, out, 0, some.size() * layer.kvHeads());
    results.add(of("attend in " + layer.type() + " to " + some.position(some.size() - 1), out));
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

  private static Result of(String operation, MemorySegment... parts) {
    CRC32 crc = new CRC32();
    for (MemorySegment bytes : parts) {
      crc.update(bytes.asByteBuffer());
    }
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
