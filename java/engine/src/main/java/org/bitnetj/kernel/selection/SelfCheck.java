package org.bitnetj.kernel.selection;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.Background;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;
import org.bitnetj.tensor.TernaryVectors.Order;

/**
 * A short check at start-up that kernels return, on this machine, the bits of the scalar kernels:
 * they quantize, multiply, copy and attend once on small operands of fixed pseudorandom numbers. It
 * catches a library or a CPU that does not do what it says; whether a tier is right on every shape
 * is for the parity tests.
 *
 * <p>It is part of every start, where nothing is compiled or linked yet: so operands are made in
 * arrays, and the scalar kernels run in a thread of their own meanwhile.
 */
final class SelfCheck {
  /**
   * Tokens of the larger product; kernels have other paths for one and for few, and tier AMX uses
   * its tiles from eight on.
   */
  private static final int TOKENS = 9;

  /**
   * Panels enough that a product of one token reads them in four streams, and one is left; no more,
   * for scalar kernels are slow before they are compiled.
   */
  private static final int PANELS = 5;

  /** Panels of the larger product, an odd number: some kernels take them by two. */
  private static final int BATCH_PANELS = 3;

  /** More than the 256 after which kernels in Java split a row, in an odd number of blocks. */
  private static final int COLUMNS = 272;

  /** Of a matrix by rows or columns: tier AMX multiplies whole lines of it straight by tiles. */
  private static final int LINE_COLUMNS = 256;

  /** The last group of a row has fewer. */
  private static final int GROUP_COLUMNS = 64;

  private static final int HEAD_ROWS = 9;

  private static final int QUERY_HEADS = 3;
  private static final int HEAD_DIM = 24;

  /** In the second of the chunks of 256 that attention merges. */
  private static final int POSITION = 257;

  private final NativeMemory memory;
  private final FloatRows x;
  private final Norm norm;
  private final TernaryMatrix matrix;
  private final TernaryMatrix fiveDigits;
  private final TernaryMatrix groups;
  private final FloatRows xOfLines;
  private final TernaryMatrix ofLines;
  private final FloatMatrix head;
  private final AttentionLayer layer;
  private final Batch batch;
  private int random = 1;

  private SelfCheck(NativeMemory memory) {
    this.memory = memory;
    x = FloatRows.allocate(memory, TOKENS, COLUMNS);
    fillFloats(x.data());
    float[] weight = new float[COLUMNS];
    fill(weight);
    norm = Norm.of(memory, weight, 1e-5f);
    matrix = TernaryMatrix.allocate(memory, PANELS * TernaryMatrix.PANEL_ROWS, COLUMNS, 0.37f);
    fillDigits(matrix.panels());
    fiveDigits = inFiveDigits();
    groups = byGroups(matrix);
    xOfLines = FloatRows.allocate(memory, TOKENS, LINE_COLUMNS);
    fillFloats(xOfLines.data());
    ofLines =
        TernaryMatrix.allocate(
            memory, BATCH_PANELS * TernaryMatrix.PANEL_ROWS, LINE_COLUMNS, 0.37f);
    fillDigits(ofLines.panels());
    MemorySegment rows = memory.allocate(2L * HEAD_ROWS * COLUMNS);
    fillHalves(rows);
    head = new FloatMatrix(rows, WeightFormats.F16, HEAD_ROWS, COLUMNS);
    layer =
        AttentionLayer.allocate(
            memory, AttentionLayer.Type.F16, QUERY_HEADS, 1, HEAD_DIM, 1f / HEAD_DIM, 2);
    fillHalves(layer.keys());
    fillHalves(layer.values());
    batch = new Batch(memory, 1);
    batch.add(Batch.table(memory, 1, 0), POSITION, 0, true);
  }

  /**
   * Compares {@code kernels} with the scalar ones.
   *
   * @return the first operation whose result differs; empty if all bits agree
   */
  static Optional<String> firstDifference(Kernels kernels) {
    try (NativeMemory memory = new NativeMemory()) {
      SelfCheck check = new SelfCheck(memory);
      Background<Map<String, MemorySegment>, RuntimeException> scalar =
          Background.start("bitnet-self-check", () -> check.results(new ScalarKernels()));
      Map<String, MemorySegment> actual;
      try {
        actual = check.results(kernels);
      } finally {
        scalar.await(); // it uses the memory
      }
      Map<String, MemorySegment> expected = scalar.get();
      return expected.keySet().stream()
          .filter(operation -> expected.get(operation).mismatch(actual.get(operation)) >= 0)
          .findFirst();
    }
  }

  /** What each operation writes, padding included: no kernel may write there. */
  private Map<String, MemorySegment> results(Kernels kernels) {
    Map<String, MemorySegment> results = new LinkedHashMap<>();
    RowGroups cut = RowGroups.ofRows(GROUP_COLUMNS);
    QuantizedRows q = QuantizedRows.allocate(memory, TOKENS, COLUMNS, cut);
    kernels.quantize(x, norm, q, 0, TOKENS);
    results.put("quantize", q.values());
    results.put("quantize's scales and sums", scalesAndSums(q));
    for (int tokens : new int[] {1, TOKENS}) {
      FloatRows y = FloatRows.allocate(memory, tokens, matrix.rows());
      kernels.ternaryProduct(matrix, q, y, tokens, 0, tokens == 1 ? PANELS : BATCH_PANELS);
      results.put("ternaryProduct of " + tokens, y.data());
      FloatRows five = FloatRows.allocate(memory, tokens, matrix.rows());
      kernels.ternaryProduct(fiveDigits, q, five, tokens, 0, tokens == 1 ? PANELS : BATCH_PANELS);
      results.put("ternaryProduct of five digits a byte of " + tokens, five.data());
      FloatRows z = FloatRows.allocate(memory, tokens, matrix.rows());
      kernels.ternaryProduct(groups, q, z, tokens, 0, tokens == 1 ? PANELS : BATCH_PANELS);
      results.put("ternaryProduct by groups of " + tokens, z.data());
    }
    TernaryVectors copy = TernaryVectors.allocate(memory, matrix, Order.COLUMN_MAJOR);
    kernels.packVectors(matrix, copy, 0, copy.items());
    results.put("packVectors", copy.digits());
    FloatRows product = FloatRows.allocate(memory, 1, matrix.rows());
    MemorySegment scratch = memory.allocate(copy.scratchBytes());
    kernels.vectorsProduct(copy, q, product, 1, 0, BATCH_PANELS, scratch);
    results.put("vectorsProduct", product.data());
    QuantizedRows lines = QuantizedRows.allocate(memory, TOKENS, LINE_COLUMNS);
    kernels.quantize(xOfLines, Norm.none(LINE_COLUMNS), lines, 0, TOKENS);
    for (Order order : Order.values()) {
      TernaryVectors vectors = TernaryVectors.allocate(memory, ofLines, order);
      kernels.packVectors(ofLines, vectors, 0, vectors.items());
      FloatRows several = FloatRows.allocate(memory, TOKENS, ofLines.rows());
      MemorySegment room = memory.allocate(vectors.scratchBytes());
      kernels.vectorsProduct(vectors, lines, several, TOKENS, 0, BATCH_PANELS, room);
      results.put("vectorsProduct of " + TOKENS + ", " + order, several.data());
    }
    FloatRows attended = FloatRows.allocate(memory, 1, COLUMNS);
    kernels.attend(layer, batch, x, attended, 0, 1);
    results.put("attend", attended.data());
    FloatRows logits = FloatRows.allocate(memory, 1, HEAD_ROWS);
    kernels.headProduct(head, x, logits, 1, 0, HEAD_ROWS);
    results.put("headProduct", logits.data());
    return results;
  }

  /** A matrix with five digits a byte. */
  private TernaryMatrix inFiveDigits() {
    TernaryMatrix five =
        TernaryMatrix.allocate(
            memory, PanelLayout.FIVE_DIGITS, matrix.rows(), COLUMNS, matrix.scales(), 2);
    byte[] digits = new byte[five.layout().paddedColumns(COLUMNS)];
    for (int row = 0; row < five.rows(); row++) {
      for (int c = 0; c < COLUMNS; c++) {
        digits[c] = (byte) (next() % 3);
      }
      five.layout().pack(digits, five.panels(), COLUMNS, row);
    }
    return five;
  }

  /** The same digits with a scale for each group of columns. */
  private TernaryMatrix byGroups(TernaryMatrix w) {
    int count = Math.ceilDiv(COLUMNS, GROUP_COLUMNS);
    MemorySegment halves = memory.allocate((long) w.rows() * count * Short.BYTES);
    fillHalves(halves);
    return TernaryMatrix.view(
        w.layout(),
        w.panels(),
        w.rows(),
        COLUMNS,
        new TernaryScales.Groups(GROUP_COLUMNS, count, halves),
        2);
  }

  private MemorySegment scalesAndSums(QuantizedRows q) {
    MemorySegment bytes = memory.allocate(TOKENS * 8L);
    for (int t = 0; t < TOKENS; t++) {
      bytes.setAtIndex(ValueLayout.JAVA_FLOAT, 2L * t, q.scale(t));
      bytes.setAtIndex(ValueLayout.JAVA_INT, 2L * t + 1, q.sum(t));
    }
    return bytes;
  }

  private void fillFloats(MemorySegment floats) {
    float[] values = new float[(int) (floats.byteSize() / Float.BYTES)];
    fill(values);
    MemorySegment.copy(values, 0, floats, ValueLayout.JAVA_FLOAT, 0, values.length);
  }

  private void fill(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = value();
    }
  }

  private void fillHalves(MemorySegment halves) {
    short[] values = new short[(int) (halves.byteSize() / Short.BYTES)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.floatToFloat16(value());
    }
    MemorySegment.copy(values, 0, halves, ValueLayout.JAVA_SHORT, 0, values.length);
  }

  /** Digits 0, 1 and 2, four to a byte. */
  private void fillDigits(MemorySegment panels) {
    byte[] bytes = new byte[(int) panels.byteSize()];
    for (int i = 0; i < bytes.length; i++) {
      int bits = next();
      int low = bits >>> 8 & 0x55;
      bytes[i] = (byte) (low | bits & 0xaa & ~(low << 1));
    }
    MemorySegment.copy(bytes, 0, panels, ValueLayout.JAVA_BYTE, 0, bytes.length);
  }

  /** Up to 4 in absolute value. */
  private float value() {
    return (short) next() * 0x1p-13f;
  }

  /** Sixteen bits of a fixed sequence. */
  private int next() {
    random = random * 1103515245 + 12345;
    return random >>> 16;
  }
}
