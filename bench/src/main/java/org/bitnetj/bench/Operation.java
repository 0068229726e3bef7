package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;

/**
 * One operation of the forward pass on random operands, the same for every tier, to be timed. A
 * thread team may share its items out. Owns its operands; for one caller at a time.
 */
public abstract sealed class Operation implements ThreadTeam.Task, AutoCloseable
    permits TernaryProduct, HeadProduct, Quantization, Attention, Packing, EmptyCall {
  private static final int CHUNKS_PER_THREAD = 8;

  final NativeMemory memory = new NativeMemory();
  final RandomBits random = new RandomBits();
  final Kernels kernels;

  /**
   * @throws org.bitnetj.error.KernelTierException if this machine lacks the tier
   */
  Operation(KernelTier tier) {
    kernels = KernelSelection.choose(tier.label()).kernels();
  }

  /** Panels, rows or heads to be computed. */
  public abstract int items();

  /** Does all of it, shared out to a team as the engine does. */
  public void compute(ThreadTeam team) {
    team.run(this, items(), Math.max(1, items() / (CHUNKS_PER_THREAD * team.threads())));
  }

  /**
   * Bytes of packed weights, cached values or activations that it reads; of packing, that it
   * writes.
   */
  public abstract long bytes();

  /** Multiplications with an addition that it does; 0 where that is not what it does. */
  public abstract long products();

  /** Where it puts what it computes; each time over what was there. */
  public abstract List<MemorySegment> results();

  /** Moves on to the next of several operands of one shape, if there are several. */
  public void next() {}

  /** How many {@link #next} it takes to come back to the first operand. */
  public int operands() {
    return 1;
  }

  /** Does all of it on this thread. */
  public final void compute() {
    run(0, items());
  }

  @Override
  public final void close() {
    memory.close();
  }
}
