package org.bitnetj.parallel;

/**
 * A task whose chunks may be computed by several threads at once, of which one publishes what it
 * has. So a phase need not wait for a thread that the operating system has suspended in the midst
 * of a chunk: another one computes that chunk again (backup tasks: Dean and Ghemawat, MapReduce,
 * 2004).
 *
 * <p>The thread that is late may go on when the phase is long over: it reads operands that have new
 * contents by then, and what it makes of them is dropped. So memory that is read may be written,
 * but not freed, before {@link ThreadTeam#settle}.
 */
public interface Repeatable extends ThreadTeam.Task {
  /**
   * Up to that many rows of activations, what a phase makes of them is not too much to be copied.
   */
  int FEW_ROWS = 4;

  /** One for each thread of the team. */
  Attempt[] attempts();

  /** How one thread computes chunks, into memory of its own. */
  interface Attempt {
    /** Takes over the operands of the phase, for the chunks that follow. */
    void take();

    /** Computes items {@code [begin, end)}. */
    void compute(int begin, int end);

    /** Brings what was computed last to where the phase's results go; no other thread does so. */
    void publish(int begin, int end);
  }
}
