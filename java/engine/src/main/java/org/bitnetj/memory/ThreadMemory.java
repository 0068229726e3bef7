package org.bitnetj.memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A piece of memory for each thread of a team, to compute in what others may be computing too. All
 * phases share it: a thread has published or dropped what it computed before it computes more, so
 * that its piece never holds results of two phases that are still wanted. What is in a piece at
 * first is whatever the last phase left there.
 */
public final class ThreadMemory {
  private final MemorySegment[] pieces;

  /**
   * Memory that is touched when it is used first, and lives as long as {@code memory}.
   *
   * @param threads of the team; one alone computes nothing that others compute, and gets no piece
   * @param bytes of a piece, the most that a phase needs
   */
  public ThreadMemory(NativeMemory memory, int threads, long bytes) {
    this.pieces = new MemorySegment[threads == 1 ? 0 : threads];
    Arrays.setAll(pieces, i -> memory.allocate(bytes));
  }

  /** Threads that have a piece: those of the team, or 0. */
  public int threads() {
    return pieces.length;
  }

  /** A thread's piece, which starts at a multiple of 64 bytes. */
  public MemorySegment piece(int thread) {
    return pieces[thread];
  }
}
