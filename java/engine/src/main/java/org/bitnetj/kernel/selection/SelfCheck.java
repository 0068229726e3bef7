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
 * kernels' own, which stand here as constants (a test holds them to the definition), for computing
 * them anew would cost most of the check's time. It is no substitute for the test suite; it catches
 * a library or a CPU that does not do what it says.
 */
public final class SelfCheck {
  /** CRC-32 of the scalar kernels' results, in their order. */
  static final int[] SCALAR = {
    0x101f6c5d,
    0x00000001,
    0xaea88ee7,
    0x00000001,
    0xdda746ee,
    0x1f96f6c9,
    0x99104aed,
    0xf4d47942,
    0xe622f4f0,
    0x9febccdb,
    0xd37feb9d,
    0xd37feb9d,
    0xbf654d9c,
    0x03449d0a,
    0x03449d0a,
    0x6834579d,
    0x0da77f0b,
    0x9febccdb,
    0x9624090a,
    0x9febccdb,
    0x90f048d0,
    0x8a27fdef,
    0x6526d9e2,
    0xe6ae5f52,
    0x67c7c52d,
    0x99104aed,
    0x00000001,
    0xb2805821,
    0x7d0ef586,
    0xb7810791,
    0xc20a4054,
    0x5a208ced
  };

  private static final int COUNT = 4;
  private static final int COLUMNS = 80; // no multiple of 32 or 64: tails are part of the check
  private static final int ROWS = 24; // a panel and a half
  private static final int HEAD_DIM = 20;
  private static final int QUERY_HEADS = COLUMNS / HEAD_DIM;
  private static final int KV_HEADS = 2;

  /** One result: the operation it came from and the CRC-32 of its bytes. */
  record Result(String operation, int crc) {}

  private final NativeMemory memory;
  private final Batch batch;
  private final FloatMatrix table;
  private final MemorySegment digits;
  private final Norm norm;
  private final List<Rope> ropes = new ArrayList<>();
  private int random = 1;

  private SelfCheck(NativeMemory memory) {
    this.memory = memory;
    this.batch = new Batch(memory, COUNT);
    for (int t = 0; t < COUNT; t++) {
      batch.add(0, t, COUNT - 1 - t, true);
    }
    this.table = table();
    this.digits = digits();
    this.norm = norm();
    for (Rope.Style style : Rope.Style.values()) {
      Rope rope = new Rope(memory, HEAD_DIM, HEAD_DIM - 2, 10_000, style, COUNT);
      rope.reach(COUNT - 1);
      ropes.add(rope);
    }
  }

  /**
   * Compares {@code kernels} with the scalar definition.
   *
   * @return the first operation whose result differs; empty if all bits agree
   */
  public static Optional<String> firstDifference(Kernels kernels) {
    List<Result> results = results(kernels);
    for (int i = 0; i < results.size(); i++) { // those of operations the kernels lack are last
      if (results.get(i).crc() != SCALAR[i]) {
        return Optional.of(results.get(i).operation());
      }
    }
    return Optional.empty();
  }

  /** The results of all operations there are, one for each of the first in {@link #SCALAR}. */
  static List<Result> results(Kernels kernels) {
    try (NativeMemory memory = new NativeMemory()) {
      return new SelfCheck(memory).layer(kernels);
    }
  }

  /** A layer in small, each operation on the results of those before it. */
  private List<Result> layer(Kernels kernels) {
    List<Result> results = new ArrayList<>();
    FloatRows x = rows(COLUMNS);
    kernels.embed(table, batch, x, 0, COUNT);
    results.add(of("embed", x));

    TernaryMatrix w = TernaryMatrix.allocate(memory, ROWS, COLUMNS, 0.37f);
    results.add(flag("packI2s", kernels.packI2s(digits, w, 0, w.panelCount())));
    results.add(of("packI2s", w.panels()));
    QuantizedRows q = QuantizedRows.allocate(memory, COUNT, COLUMNS);
    results.add(flag("quantize", kernels.quantize(x, norm, q, 0, COUNT)));
    results.add(of("quantize", q.values()));
    results.add(of("quantize", scalesAndSums(q)));
    FloatRows y = rows(ROWS);
    for (int count : new int[] {1, COUNT}) {
      y = rows(ROWS);
      kernels.ternaryProduct(w, q, y, count, 0, w.panelCount());
      results.add(of("ternaryProduct of " + count, y));
    }

    attention(kernels, x, results);

    FloatRows up = rows(COLUMNS);
    kernels.normalize(x, norm, up, 0, COUNT);
    results.add(of("normalize", up));
    for (Activation activation : Activation.values()) {
      FloatRows hidden = rows(COLUMNS);
      kernels.add(hidden, x, 0, COUNT);
      results.add(of("add", hidden));
      kernels.gate(activation, hidden, up, 0, COUNT);
      results.add(of("gate with " + activation, hidden));
    }
    FloatRows logits = rows(COUNT);
    kernels.headProduct(table, x, logits, COUNT, 0, COUNT);
    results.add(of("headProduct", logits));
    FloatRows gate = y; // of both signs
    // No kernels have one of these without the other.
    kernels.sparse().ifPresent(sparse -> sparseProducts(sparse, w, q, gate, results));
    kernels.sketch().ifPresent(sketch -> bounds(sketch, x, results));
    return results;
  }

  private void bounds(SketchKernels kernels, FloatRows x, List<Result> results) {
    HeadSketch sketch = HeadSketch.allocate(memory, COUNT, COLUMNS);
    results.add(flag("buildSketch", kernels.buildSketch(table, sketch, 0, 1)));
    results.add(of("buildSketch", sketch.coarse()));
    results.add(of("buildSketch", sketch.fine()));
    results.add(of("buildSketch", sketch.facts()));
    ActivationDigits activations = ActivationDigits.allocate(memory, COLUMNS);
    activations.set(x, 0);
    LogitBounds bounds = LogitBounds.allocate(memory, COUNT);
    kernels.boundLogits(sketch, activations, bounds, 0, 1);
    results.add(of("boundLogits", bounds.values()));
    float threshold = Math.max(bounds.upper(0), bounds.upper(1)); // at least one row reaches it
    kernels.refineBounds(sketch, activations, bounds, threshold, 0, 1);
    results.add(of("refineBounds", bounds.values()));
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
      FloatRows y = rows(ROWS);
      switch (direction) {
        case ROWS -> {
          sparse.gatedProduct(strips, q, gate, y, 0, ROWS);
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
      kernels.rotate(rope, batch, x, 0, COUNT);
      results.add(of("rotate with " + rope.style(), x));
    }
    FloatRows keys = rows(KV_HEADS * HEAD_DIM);
    for (int t = 0; t < COUNT; t++) {
      MemorySegment.copy(x.row(t), 0, keys.row(t), 0, KV_HEADS * HEAD_DIM * 4L);
    }
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      AttentionLayer layer =
          new AttentionLayer(memory, type, QUERY_HEADS, KV_HEADS, HEAD_DIM, 0.25f, 1, COUNT);
      kernels.store(layer, batch, keys, keys, 0, COUNT);
      results.add(of("store as " + type, layer.keys()));
      results.add(of("store as " + type, layer.values()));
      FloatRows out = rows(COLUMNS);
      kernels.attend(layer, batch, x, out, 0, COUNT * KV_HEADS);
      results.add(of("attend in " + type, out));
    }
  }

  /** Values up to 4 in float16. */
  private FloatMatrix table() {
    short[] values = new short[COUNT * COLUMNS];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.floatToFloat16((short) next() * 0x1p-13f);
    }
    MemorySegment data = memory.allocate(values.length * 2L);
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_SHORT, 0, values.length);
    return new FloatMatrix(memory, data, FloatMatrix.Type.F16, COUNT, COLUMNS);
  }

  /** Codes 0, 1 and 2, four to a byte. */
  private MemorySegment digits() {
    byte[] codes = new byte[ROWS * COLUMNS / 4];
    for (int i = 0; i < codes.length; i++) {
      int bits = next();
      int low = bits >>> 8 & 0x55;
      codes[i] = (byte) (low | bits & 0xaa & ~(low << 1));
    }
    MemorySegment data = memory.allocate(codes.length);
    MemorySegment.copy(codes, 0, data, ValueLayout.JAVA_BYTE, 0, codes.length);
    return data;
  }

  private Norm norm() {
    float[] weight = new float[COLUMNS];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (short) next() * 0x1p-14f;
    }
    return Norm.of(memory, weight, 1e-5f);
  }

  private FloatRows rows(int columns) {
    return FloatRows.allocate(memory, COUNT, columns);
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
    MemorySegment bytes = memory.allocate(COUNT * 8L);
    for (int t = 0; t < COUNT; t++) {
      bytes.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * t, q.scale(t));
      bytes.setAtIndex(ValueLayout.JAVA_INT, 2L * t + 1, q.sum(t));
    }
    return bytes;
  }

  /** Sixteen bits of a fixed sequence. */
  private int next() {
    random = random * 1103515245 + 12345;
    return random >>> 16;
  }
}
