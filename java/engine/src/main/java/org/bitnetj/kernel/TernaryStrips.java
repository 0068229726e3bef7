package org.bitnetj.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_strips;
import org.bitnetj.memory.NativeMemory;

/**
 * A ternary weight matrix {@code [rows][columns]} by single rows or columns, two bits a digit, so
 * that those a product does not need are not read. Strip i is row i or column i and takes {@link
 * #stride} bytes: lines of 64 bytes, where byte j of line l holds the digits u = t + 1 of elements
 * 256l + 64f + j at bits 2f and 2f + 1, f = 0..3. Elements that only pad hold zero bits. The weight
 * is {@code scale * (u - 1)}. Read-only once packed.
 */
public final class TernaryStrips {
  /** What a strip is. */
  public enum Direction {
    ROWS(BitnetLibrary.BN_STRIPS_ROWS()),
    COLUMNS(BitnetLibrary.BN_STRIPS_COLUMNS());

    private final int nativeId;

    Direction(int nativeId) {
      this.nativeId = nativeId;
    }
  }

  /** Strips that are packed together. */
  public static final int ITEM_STRIPS = 16;

  private static final int LINE_DIGITS = BitnetLibrary.BN_LINE_DIGITS();
  private static final int LINE_BYTES = BitnetLibrary.BN_LINE_BYTES();

  private final MemorySegment digits;
  private final MemorySegment struct;
  private final int rows;
  private final int columns;
  private final Direction direction;
  private final float scale;
  private final long stride;

  private TernaryStrips(NativeMemory memory, TernaryMatrix matrix, Direction direction) {
    this.rows = matrix.rows();
    this.columns = matrix.columns();
    this.direction = direction;
    this.scale = matrix.scale();
    this.stride = stride(rows, columns, direction);
    this.digits = memory.allocate(bytes());
    this.struct = memory.allocate(bn_strips.sizeof());
    bn_strips.digits(struct, digits);
    bn_strips.stride(struct, stride);
    bn_strips.rows(struct, rows);
    bn_strips.columns(struct, columns);
    bn_strips.direction(struct, direction.nativeId);
    bn_strips.scale(struct, scale);
  }

  /** Strips of the shape and scale of {@code matrix}, still to be packed, all digits zero. */
  public static TernaryStrips allocate(
      NativeMemory memory, TernaryMatrix matrix, Direction direction) {
    return new TernaryStrips(memory, matrix, direction);
  }

  public MemorySegment digits() {
    return digits;
  }

  /** The {@code bn_strips} that describes it to C. */
  public MemorySegment struct() {
    return struct;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public Direction direction() {
    return direction;
  }

  public float scale() {
    return scale;
  }

  /** How many strips there are. */
  public int count() {
    return count(rows, columns, direction);
  }

  /** Items that {@link SparseKernels#packStrips} packs. */
  public int items() {
    return (count() + ITEM_STRIPS - 1) / ITEM_STRIPS;
  }

  /** Bytes of a strip. */
  public long stride() {
    return stride;
  }

  /** Lines of 256 digits in a strip. */
  public int lines() {
    return (int) (stride / LINE_BYTES);
  }

  /** Bytes of all strips. */
  public long bytes() {
    return count() * stride;
  }

  /** Bytes that a matrix of that shape takes. */
  public static long bytes(int rows, int columns, Direction direction) {
    return count(rows, columns, direction) * stride(rows, columns, direction);
  }

  private static int count(int rows, int columns, Direction direction) {
    return direction == Direction.ROWS ? rows : columns;
  }

  private static long stride(int rows, int columns, Direction direction) {
    int length = direction == Direction.ROWS ? columns : rows;
    return (length + LINE_DIGITS - 1L) / LINE_DIGITS * LINE_BYTES;
  }

  private long byteOf(int strip, int element) {
    return strip * stride + (long) element / LINE_DIGITS * LINE_BYTES + element % LINE_BYTES;
  }

  /** The digit u = t + 1 of one weight. */
  public int digit(int row, int column) {
    int strip = direction == Direction.ROWS ? row : column;
    int element = direction == Direction.ROWS ? column : row;
    return digits.get(ValueLayout.JAVA_BYTE, byteOf(strip, element)) >> shift(element) & 3;
  }

  /** Sets one digit. */
  public void setDigit(int row, int column, int digit) {
    int strip = direction == Direction.ROWS ? row : column;
    int element = direction == Direction.ROWS ? column : row;
    long at = byteOf(strip, element);
    int old = digits.get(ValueLayout.JAVA_BYTE, at) & ~(3 << shift(element));
    digits.set(ValueLayout.JAVA_BYTE, at, (byte) (old | digit << shift(element)));
  }

  private static int shift(int element) {
    return element % LINE_DIGITS / LINE_BYTES * 2;
  }
}
