package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.tensor.FloatRows;

/** A kernel call with nothing to do: for a native tier, the cost of a downcall. */
public final class EmptyCall extends Operation {
  private final FloatRows x = FloatRows.allocate(memory, 1, 16);
  private final FloatRows y = FloatRows.allocate(memory, 1, 16);

  public EmptyCall(KernelTier tier) {
    super(tier);
    random.fill(x);
    random.fill(y);
  }

  @Override
  public int items() {
    return 0;
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public long products() {
    return 0;
  }

  /** What must stay as it was. */
  @Override
  public List<MemorySegment> results() {
    return List.of(x.data());
  }

  @Override
  public void run(int begin, int end) {
    kernels.add(x, y, begin, end);
  }
}
