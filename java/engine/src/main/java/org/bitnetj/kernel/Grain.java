package org.bitnetj.kernel;

/** How the panels of a ternary product are shared out. */
public final class Grain {
  /** Panels are read in so many streams. */
  private static final int STREAMS = 4;

  /**
   * Bytes of weights when one row is computed: the shortest chunks have about so many at most, for
   * balance at the end, and so many at least, for sharing costs time. Long ones come first, for
   * memory is read faster in long streams.
   */
  private static final long MOST_BYTES = 128 << 10;

  private static final long LEAST_BYTES = 64 << 10;

  /** Panels when several rows are computed, and chunks for each thread if there are enough. */
  private static final int MOST_PANELS = 16;

  private static final int LEAST_PANELS = 2;

  private static final int CHUNKS_PER_THREAD = 8;

  private Grain() {}

  /**
   * Runs {@code product} over {@code panels} of {@code panelBytes} each. With one row it is bound
   * by the bytes of the panels; with more, by arithmetic, and reads all rows again for each chunk.
   */
  public static void run(
      ThreadTeam team, ThreadTeam.Task product, int rows, int panels, long panelBytes) {
    if (rows == 1) {
      int least = (int) Math.max(1, LEAST_BYTES / panelBytes);
      int most = (int) Math.max(1, MOST_BYTES / panelBytes);
      team.runGuided(product, panels, least, most, STREAMS);
    } else {
      int grain = Math.min(MOST_PANELS, panels / (CHUNKS_PER_THREAD * team.threads()));
      team.run(product, panels, grain < STREAMS ? LEAST_PANELS : grain / STREAMS * STREAMS);
    }
  }
}
