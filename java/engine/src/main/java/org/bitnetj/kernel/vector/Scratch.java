package org.bitnetj.kernel.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.tensor.TernaryMatrix;

/** Arrays that a thread uses again in every call; they grow to the largest need. */
final class Scratch {
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  /** Where {@link Reductions} leaves its lanes. */
  final float[] lanes = new float[Reductions.ROWS * Reductions.LANES];

  /** Sums of a few groups of rows. */
  final int[] sums = new int[TernaryProduct.SUMS];

  /** The same in 16-bit lanes. */
  final short[] words = new short[2 * TernaryProduct.SUMS];

  /** Their outputs, where these are added up from groups of columns. */
  final float[] outputs = new float[TernaryProduct.SUMS];

  /** Scales of a few groups of rows. */
  final float[] scales = new float[TernaryProduct.SUMS];

  final Attention attention = new Attention();
  final GroupProduct groups = new GroupProduct(this);

  // Two-bit panels that are multiplied: a matrix's own or some that were made of it.
  MemorySegment panels = MemorySegment.NULL;
  int firstPanel;
  long panelBytes;

  private MemorySegment repacked = MemorySegment.NULL;
  private float[] x = {};
  private float[] weights = {};
  private float[] cosines = {};
  private float[] sines = {};
  private int[] ints = {};
  private byte[] bytes = {};
  private short[] shorts = {};

  private Scratch() {}

  static Scratch ofThread() {
    return OF_THREAD.get();
  }

  /** A matrix's own panels are multiplied. */
  void use(TernaryMatrix w) {
    panels = w.panels();
    firstPanel = 0;
    panelBytes = w.panelBytes();
  }

  /** Panels from {@code first} on are multiplied, of so many bytes, in memory that is returned. */
  MemorySegment use(int first, long bytes, long each) {
    if (repacked.byteSize() < bytes) {
      repacked = Arena.ofAuto().allocate(bytes, PanelLayout.ALIGNMENT);
    }
    panels = repacked;
    firstPanel = first;
    panelBytes = each;
    return repacked;
  }

  /** Rows of activations. */
  float[] x(int length) {
    return x.length < length ? x = new float[length] : x;
  }

  /** Rows of weights. */
  float[] weights(int length) {
    return weights.length < length ? weights = new float[length] : weights;
  }

  float[] cosines(int length) {
    return cosines.length < length ? cosines = new float[length] : cosines;
  }

  float[] sines(int length) {
    return sines.length < length ? sines = new float[length] : sines;
  }

  int[] ints(int length) {
    return ints.length < length ? ints = new int[length] : ints;
  }

  byte[] bytes(int length) {
    return bytes.length < length ? bytes = new byte[length] : bytes;
  }

  short[] shorts(int length) {
    return shorts.length < length ? shorts = new short[length] : shorts;
  }
}
