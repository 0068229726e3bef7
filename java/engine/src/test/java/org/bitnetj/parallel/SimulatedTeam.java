package org.bitnetj.parallel;

/** A team that divides work as one of many threads does, on a machine that has not that many. */
public final class SimulatedTeam {
  private SimulatedTeam() {}

  /**
   * A team whose workers never come, so that the caller does all chunks, in their order.
   *
   * @param threads among which work is divided
   */
  public static ThreadTeam of(int threads) {
    return new ThreadTeam(threads, 0, worker -> {});
  }
}
