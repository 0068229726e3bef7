package org.bitnetj.parallel;

/**
 * A task whose chunks may be computed by several threads at once, of which one publishes what it
 * has. So a phase need not wait for a thread that the operating system has suspended in the midst
 * of a chunk: the caller computes that chunk again (backup tasks: Dean and Ghemawat, MapReduce,
 * 2004).
 *
 * <p>The thread that is late may go on when the phase is long over: it reads operands that have new
 * contents by then, and what it makes of them is dropped. So memory that is read may be written,
 * but not freed, before {@link ThreadTeam#settle}.
 *
 * <p>{@link #run} is called instead where chunks are not repeated: for a single chunk, by a team of
 * one, and for more than 1024 chunks that are more than 16 for each thread.
 */
public interface Repeatable extends ThreadTeam.Task {
  /** One for each thread of the team; the same objects each time, of this team alone. */
  Attempt[] attempts();

  /** How one thread computes chunks, into memory of its own. */
  interface Attempt {
    /**
     * Takes over the operands of the phase, for the chunks that follow. They may change meanwhile,
     * and are not used then: so this copies references and numbers, and does nothing with them.
     */
    void take();

    /**
     * Computes items {@code [begin, end)}. The contents of what it reads may change meanwhile: no
     * address may depend on contents that are read twice.
     */
    void compute(int begin, int end);

    /** Brings what was computed last to where the phase's results go; no other thread does so. */
    void publish(int begin, int end);
  }
}
