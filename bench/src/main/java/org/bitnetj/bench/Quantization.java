package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;

/** RMSNorm and quantization of rows to int8. */
public final class Quantization extends Operation {
  private final FloatRows x;
  private final Norm norm;
  private final QuantizedRows q;

  public Quantization(KernelTier tier, int rows, int columns) {
    super(tier);
    x = FloatRows.allocate(memory, rows, columns);
    random.fill(x);
    FloatRows weight = FloatRows.allocate(memory, 1, columns);
    random.fill(weight);
    norm =
        Norm.of(
            memory, weight.row(0).asSlice(0, 4L * columns).toArray(ValueLayout.JAVA_FLOAT), 1e-5f);
    q = QuantizedRows.allocate(memory, rows, columns);
  }

  @Override
  public int items() {
    return x.capacity();
  }

  @Override
  public long bytes() {
    return 4L * x.capacity() * x.columns();
  }

  @Override
  public long products() {
    return 0;
  }

  @Override
  public List<MemorySegment> results() {
    int[] sums = new int[q.capacity()];
    float[] scales = new float[q.capacity()];
    for (int row = 0; row < q.capacity(); row++) {
      sums[row] = q.sum(row);
      scales[row] = q.scale(row);
    }
    return List.of(q.values(), MemorySegment.ofArray(sums), MemorySegment.ofArray(scales));
  }

  @Override
  public void run(int begin, int end) {
    if (!kernels.quantize(x, norm, q, begin, end)) {
      throw new IllegalStateException("finite numbers were found not to be");
    }
  }
}
