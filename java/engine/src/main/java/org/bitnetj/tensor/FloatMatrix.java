package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.memory.NativeAccess;

/**
 * An embedding or head matrix {@code [rows][columns]}, row-major, in its file's own format. It is a
 * view without liveness checks: whoever makes it keeps its bytes in memory while it is used. Each
 * element is the float32 its format defines. Read-only.
 */
public final class FloatMatrix extends Operand {
  private final MemorySegment data;
  private final FloatFormat format;
  private final int rows;
  private final int columns;
  private final long rowBytes;

  /**
   * @param data exactly the matrix's bytes
   * @throws IllegalArgumentException if the format cannot hold the shape or the size does not fit
   */
  public FloatMatrix(MemorySegment data, FloatFormat format, int rows, int columns) {
    this.format = format;
    this.rows = rows;
    this.columns = columns;
    this.rowBytes = format.rowBytes(columns);
    if (data.byteSize() != rows * rowBytes) {
      throw new IllegalArgumentException(
          "a matrix of %d x %d in %s takes %d bytes, not %d"
              .formatted(rows, columns, format.name(), rows * rowBytes, data.byteSize()));
    }
    this.data = NativeAccess.unscoped(data);
  }

  public MemorySegment data() {
    return data;
  }

  public FloatFormat format() {
    return format;
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

  /** Puts a row into {@code out[at]} to {@code out[at + columns - 1]}. */
  public void decode(int row, float[] out, int at) {
    format.floats(data, columns, row, out, at);
  }
}
