package org.bitnetj.kernel;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_matrix;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.NativeMemory;

/**
 * An embedding or head matrix {@code [rows][columns]}, row-major, in its file's own format. It is a
 * view: the file must stay open. Each element is the float32 its format defines. Read-only.
 */
public final class FloatMatrix {
  /** How elements are stored; block sizes and formulas are ggml's. */
  public enum Type {
    F32(BitnetLibrary.BN_TYPE_F32(), 1, 4),
    F16(BitnetLibrary.BN_TYPE_F16(), 1, 2),
    BF16(BitnetLibrary.BN_TYPE_BF16(), 1, 2),
    /** fp16 d, int8 q[32]: {@code d * q}. */
    Q8_0(BitnetLibrary.BN_TYPE_Q8_0(), 32, 34),
    /** ql[128], qh[64], int8 scales[16], fp16 d: {@code (d * scale) * (q - 32)}. */
    Q6_K(BitnetLibrary.BN_TYPE_Q6_K(), 256, 210);

    private final int nativeId;
    private final int blockElements;
    private final int blockBytes;

    Type(int nativeId, int blockElements, int blockBytes) {
      this.nativeId = nativeId;
      this.blockElements = blockElements;
      this.blockBytes = blockBytes;
    }

    public int blockElements() {
      return blockElements;
    }

    public int blockBytes() {
      return blockBytes;
    }
  }

  private final MemorySegment data;
  private final MemorySegment struct;
  private final Type type;
  private final int rows;
  private final int columns;
  private final long rowBytes;

  /**
   * @param data exactly the matrix's bytes
   * @throws IllegalArgumentException if the size does not fit the shape
   */
  public FloatMatrix(NativeMemory memory, MemorySegment data, Type type, int rows, int columns) {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.rowBytes = (long) (columns / type.blockElements) * type.blockBytes;
    if (columns % type.blockElements != 0 || data.byteSize() != rows * rowBytes) {
      throw new IllegalArgumentException(
          data.byteSize() + " bytes are no " + type + " matrix of " + rows + " x " + columns);
    }
    this.data = NativeAccess.unscoped(data);
    this.struct = memory.allocate(bn_matrix.sizeof());
    bn_matrix.data(struct, this.data);
    bn_matrix.row_bytes(struct, rowBytes);
    bn_matrix.rows(struct, rows);
    bn_matrix.columns(struct, columns);
    bn_matrix.type(struct, type.nativeId);
  }

  public MemorySegment data() {
    return data;
  }

  /** The {@code bn_matrix} that describes it to C. */
  public MemorySegment struct() {
    return struct;
  }

  public Type type() {
    return type;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public long rowBytes() {
    return rowBytes;
  }

  /** Bytes that one product reads. */
  public long bytes() {
    return rows * rowBytes;
  }
}
