package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;

/** Rows of an output head, in its file's own format, times a batch of float rows. */
public final class HeadProduct extends Operation {
  private final FloatMatrix m;
  private final FloatRows x;
  private final FloatRows y;

  /**
   * @param columns a multiple of the format's block
   * @param batch rows of activations
   */
  public HeadProduct(KernelTier tier, FloatFormat format, int rows, int columns, int batch) {
    super(tier);
    MemorySegment data = memory.allocate(format.bytes(rows, columns));
    random.fill(data, format);
    m = new FloatMatrix(data, format, rows, columns);
    x = FloatRows.allocate(memory, batch, columns);
    random.fill(x);
    y = FloatRows.allocate(memory, batch, rows);
  }

  @Override
  public int items() {
    return m.rows();
  }

  @Override
  public long bytes() {
    return m.bytes();
  }

  @Override
  public long products() {
    return (long) m.rows() * m.columns() * x.capacity();
  }

  @Override
  public List<MemorySegment> results() {
    return List.of(y.data());
  }

  @Override
  public void run(int begin, int end) {
    kernels.headProduct(m, x, y, x.capacity(), begin, end);
  }
}
