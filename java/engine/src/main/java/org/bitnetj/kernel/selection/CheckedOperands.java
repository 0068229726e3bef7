package org.bitnetj.kernel.selection;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.Norm;

/**
 * What {@link SelfCheck} starts from: fixed pseudorandom weights of a shape, the same in every
 * process if they are asked for in the same order.
 */
final class CheckedOperands {
  /** The digits in a block of I2_S. */
  static final int BLOCK = 128;

  private static final int BLOCK_BYTES = 32;

  /** After so many elements tables repeat, a prime number: their rows differ all the same. */
  private static final int PERIOD = 4099;

  private final NativeMemory memory;
  private final CheckedShape shape;
  private int random = 1;

  CheckedOperands(NativeMemory memory, CheckedShape shape) {
    this.memory = memory;
    this.shape = shape;
  }

  /** Values up to 4 in float16. */
  FloatMatrix table() {
    int count = shape.vocabulary * shape.columns;
    short[] values = new short[Math.min(PERIOD, count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.floatToFloat16(value());
    }
    MemorySegment data = memory.allocate(count * 2L);
    repeat(MemorySegment.ofArray(values), data);
    return new FloatMatrix(data, FloatMatrix.Type.F16, shape.vocabulary, shape.columns);
  }

  /**
   * The table's bytes as a head of another type, of at least the shape's columns. All its values
   * are finite, for each type's exponent is in the high bits of an element or of a block's first or
   * last 16: elements are up to little over 512, and the scales of blocks up to 4.
   */
  FloatMatrix head(FloatMatrix table, FloatMatrix.Type type) {
    int blocks = (shape.columns + type.blockElements() - 1) / type.blockElements();
    long bytes = (long) shape.logits * blocks * type.blockBytes();
    MemorySegment data = table.data().asSlice(0, bytes);
    return new FloatMatrix(data, type, shape.logits, blocks * type.blockElements());
  }

  /** Codes 0, 1 and 2 of I2_S, four to a byte. */
  MemorySegment digits() {
    byte[] codes = new byte[PERIOD];
    for (int i = 0; i < codes.length; i++) {
      int bits = next();
      int low = bits >>> 8 & 0x55;
      codes[i] = (byte) (low | bits & 0xaa & ~(low << 1));
    }
    int rows = Math.max(shape.rows, shape.tallRows);
    int blocks = (rows * shape.columns + BLOCK - 1) / BLOCK;
    MemorySegment data = memory.allocate((long) blocks * BLOCK_BYTES);
    repeat(MemorySegment.ofArray(codes), data);
    return data;
  }

  Norm norm() {
    float[] weight = new float[shape.columns];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = value() / 2;
    }
    return Norm.of(memory, weight, 1e-5f);
  }

  /** Fills {@code data} with copies of {@code period}, the last of them cut short. */
  static void repeat(MemorySegment period, MemorySegment data) {
    long bytes = data.byteSize();
    for (long at = 0; at < bytes; at += period.byteSize()) {
      MemorySegment.copy(period, 0, data, at, Math.min(period.byteSize(), bytes - at));
    }
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
