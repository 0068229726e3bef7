package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.tensor.TernaryMatrix;

/** A matrix in its file's own format is packed into panels, as when a model is loaded. */
public final class Packing extends Operation {
  private final TernaryFormat format;
  private final MemorySegment source;
  private final TernaryMatrix w;

  /**
   * @param columns such that the format can store the shape
   */
  public Packing(KernelTier tier, TernaryFormat format, int rows, int columns) {
    super(tier);
    this.format = format;
    source = memory.allocate(format.bytes(rows, columns));
    random.fillDigits(source);
    w = TernaryMatrix.allocate(memory, rows, columns, 1f);
  }

  @Override
  public int items() {
    return w.panelCount();
  }

  /** Bytes of the panels that it writes. */
  @Override
  public long bytes() {
    return w.bytes();
  }

  @Override
  public long products() {
    return 0;
  }

  @Override
  public List<MemorySegment> results() {
    return List.of(w.panels());
  }

  @Override
  public void run(int begin, int end) {
    if (!kernels.pack(format, source, w, begin, end)) {
      throw new IllegalStateException("digits up to 2 were found to be larger");
    }
  }
}
