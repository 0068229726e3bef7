package org.bitnetj.kernel.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.kernel.Activation;
import org.bitnetj.kernel.AttentionLayer;
import org.bitnetj.kernel.Batch;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.Norm;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.Rope;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;

/**
 * A short proof at start-up that kernels return, on this machine, the bits of the scalar
 * definition: one small layer is computed by both and every result compared. It is no substitute
 * for the test suite; it catches a library or a CPU that does not do what it says.
 */
public final class SelfCheck {
  private static final int COUNT = 4;
  private static final int COLUMNS = 80; // no multiple of 32 or 64: tails are part of the check
  private static final int ROWS =
      24; // a panel and a half; rows and columns make whole blocks of I2_S
  private static final int HEAD_DIM = 20;
  private static final int QUERY_HEADS = COLUMNS / HEAD_DIM;
  private static final int KV_HEADS = 2;

  /** One result: the operation it came from and its bytes. */
  private record Result(String operation, MemorySegment bytes) {}

  private final NativeMemory memory;
  private final Batch batch;
  private final FloatMatrix table;
  private final MemorySegment digits;
  private final Norm norm;
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
  }

  /**
   * Compares {@code kernels} with the scalar definition.
   *
   * @return the first operation whose result differs, and where; empty if all bits agree
   */
  public static Optional<String> firstDifference(Kernels kernels) {
    try (NativeMemory memory = new NativeMemory()) {
      SelfCheck check = new SelfCheck(memory);
      List<Result> expected = check.layer(new ScalarKernels());
      List<Result> actual = check.layer(kernels);
      for (int i = 0; i < expected.size(); i++) {
        long at = expected.get(i).bytes().mismatch(actual.get(i).bytes());
        if (at >= 0) {
          return Optional.of(expected.get(i).operation() + ", byte " + at + " of its result");
        }
      }
      return Optional.empty();
    }
  }

  /** A layer in small, each operation on the results of those before it. */
  private List<Result> layer(Kernels kernels) {
    List<Result> results = new ArrayList<>();
    FloatRows x = rows(COLUMNS);
    kernels.embed(table, batch, x, 0, COUNT);
    results.add(copy("embed", x));

    TernaryMatrix w = TernaryMatrix.allocate(memory, ROWS, COLUMNS, 0.37f);
    results.add(flag("packI2s", kernels.packI2s(digits, w, 0, w.panelCount())));
    results.add(new Result("packI2s", w.panels()));
    QuantizedRows q = QuantizedRows.allocate(memory, COUNT, COLUMNS);
    results.add(flag("quantize", kernels.quantize(x, norm, q, 0, COUNT)));
    results.add(new Result("quantize", q.values()));
    results.add(new Result("quantize", scalesAndSums(q)));
    for (int count : new int[] {1, COUNT}) {
      FloatRows y = rows(ROWS);
      kernels.ternaryProduct(w, q, y, count, 0, w.panelCount());
      results.add(copy("ternaryProduct of " + count, y));
    }

    attention(kernels, x, results);

    FloatRows up = rows(COLUMNS);
    kernels.normalize(x, norm, up, 0, COUNT);
    results.add(copy("normalize", up));
    for (Activation activation : Activation.values()) {
      FloatRows gate = rows(COLUMNS);
      kernels.add(gate, x, 0, COUNT);
      results.add(copy("add", gate));
      kernels.gate(activation, gate, up, 0, COUNT);
      results.add(copy("gate with " + activation, gate));
    }
    FloatRows logits = rows(COUNT);
    kernels.headProduct(table, x, logits, COUNT, 0, COUNT);
    results.add(copy("headProduct", logits));
    return results;
  }

  /** The rows of x as queries, and their first heads as keys and values. */
  private void attention(Kernels kernels, FloatRows x, List<Result> results) {
    for (Rope.Style style : Rope.Style.values()) {
      Rope rope = new Rope(memory, HEAD_DIM, HEAD_DIM - 2, 10_000, style, COUNT);
      rope.reach(COUNT - 1);
      kernels.rotate(rope, batch, x, 0, COUNT);
      results.add(copy("rotate with " + style, x));
    }
    FloatRows keys = rows(KV_HEADS * HEAD_DIM);
    for (int t = 0; t < COUNT; t++) {
      MemorySegment.copy(x.row(t), 0, keys.row(t), 0, KV_HEADS * HEAD_DIM * 4L);
    }
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      AttentionLayer layer =
          new AttentionLayer(memory, type, QUERY_HEADS, KV_HEADS, HEAD_DIM, 0.25f, 1, COUNT);
      kernels.store(layer, batch, keys, keys, 0, COUNT);
      results.add(new Result("store as " + type, layer.keys()));
      results.add(new Result("store as " + type, layer.values()));
      FloatRows out = rows(COLUMNS);
      kernels.attend(layer, batch, x, out, 0, COUNT * KV_HEADS);
      results.add(copy("attend in " + type, out));
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

  private Result flag(String operation, boolean value) {
    MemorySegment bytes = memory.allocate(1);
    bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) (value ? 1 : 0));
    return new Result(operation, bytes);
  }

  private MemorySegment scalesAndSums(QuantizedRows q) {
    MemorySegment bytes = memory.allocate(COUNT * 8L);
    for (int t = 0; t < COUNT; t++) {
      bytes.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * t, q.scale(t));
      bytes.setAtIndex(ValueLayout.JAVA_INT, 2L * t + 1, q.sum(t));
    }
    return bytes;
  }

  /** The rows as they are now, padding included: no kernel may write there. */
  private Result copy(String operation, FloatRows rows) {
    MemorySegment copy = memory.allocate(rows.data().byteSize());
    return new Result(operation, copy.copyFrom(rows.data()));
  }

  /** Sixteen bits of a fixed sequence. */
  private int next() {
    random = random * 1103515245 + 12345;
    return random >>> 16;
  }
}
