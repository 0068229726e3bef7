package org.bitnetj.kernel;

/** How many panels of a ternary product a thread takes at a time. */
public final class Grain {
  /** Panels are read in so many streams. */
  private static final int STREAMS = 4;

  /**
   * Bytes of weights when one row is computed: about so many at most, for balance, and so many at
   * least, for sharing costs time, and memory is read faster in long streams.
   */
  private static final long MOST_BYTES = 256 << 10;

  private static final long LEAST_BYTES = 64 << 10;

  /** Panels when several rows are computed, and chunks for each thread if there are enough. */
  private static final int MOST_PANELS = 16;

  private static final int LEAST_PANELS = 2;

  private static final int CHUNKS_PER_THREAD = 8;

  private Grain() {}

  /** For a product with one row, which is bound by the bytes of its panels. */
  public static int decode(ThreadTeam team, int panels, long panelBytes) {
    int least = (int) Math.max(1, LEAST_BYTES / panelBytes);
    int most = (int) Math.max(1, MOST_BYTES / panelBytes);
    return team.evenGrain(panels, least, most, STREAMS);
  }

  /**
   * For a product with several rows, which is bound by arithmetic and reads all rows again for each
   * chunk.
   */
  public static int prefill(ThreadTeam team, int panels) {
    int grain = Math.min(MOST_PANELS, panels / (CHUNKS_PER_THREAD * team.threads()));
    return grain < STREAMS ? LEAST_PANELS : grain / STREAMS * STREAMS;
  }
}
