package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.bitnetj.memory.NativeMemory;
import org.jspecify.annotations.Nullable;

/** Memory that the threads of a team compute in, a piece for each. Thread-safe. */
final class Scratch {
  /** For what needs none. */
  static final Scratch NONE = new Scratch(new MemorySegment[0]);

  private final AtomicReferenceArray<@Nullable MemorySegment> free;

  private Scratch(MemorySegment[] pieces) {
    this.free = new AtomicReferenceArray<>(pieces);
  }

  /**
   * What the weights' products need, of memory that is touched when it is used first.
   *
   * @param threads the most that compute at a time
   */
  static Scratch of(NativeMemory memory, Weights weights, int threads) {
    long bytes =
        weights.layers().stream()
            .flatMap(layer -> layer.linears().stream())
            .mapToLong(Linear::scratchBytes)
            .max()
            .orElse(0);
    if (bytes == 0) {
      return NONE;
    }
    MemorySegment[] pieces = new MemorySegment[threads];
    Arrays.setAll(pieces, i -> memory.allocate(bytes));
    return new Scratch(pieces);
  }

  /** A piece that nobody else uses until it is given back. */
  MemorySegment take() {
    while (true) {
      for (int i = 0; i < free.length(); i++) {
        MemorySegment piece = free.getAndSet(i, null);
        if (piece != null) {
          return piece;
        }
      }
      Thread.onSpinWait(); // each thread has one, so another has just given its own back
    }
  }

  void giveBack(MemorySegment piece) {
    for (int i = 0; !free.compareAndSet(i, null, piece); i = (i + 1) % free.length()) {
      Thread.onSpinWait();
    }
  }
}
