package org.bitnetj.parallel;

/** How the panels of a ternary product are shared out. */
public final class PanelSharing {
  /** Panels are read in this many streams. */
  private static final int STREAMS = 4;

  /**
   * Bytes of weights in a chunk when few rows are computed, except the long chunks that come first:
   * not more, for balance at the end, and not fewer than {@link #LEAST_BYTES}, because sharing
   * costs time and memory is read faster in long streams.
   */
  private static final long MOST_BYTES = 256 << 10;

  private static final long LEAST_BYTES = 64 << 10;

  /** Up to this many rows a product is bound by the bytes of the panels. */
  private static final int FEW_ROWS = 4;

  /** Panels when more rows are computed, and chunks for each thread if there are enough. */
  private static final int MOST_PANELS = 16;

  private static final int LEAST_PANELS = 2;

  private static final int CHUNKS_PER_THREAD = 8;

  private PanelSharing() {}

  /**
   * Runs {@code product} over {@code panels} of {@code panelBytes} each. With few rows it is bound
   * by the bytes of the panels; with more, by arithmetic, and reads all rows again for each chunk.
   *
   * @param chunk panels that are computed together at the cost of one, a power of two, and twice as
   *     many faster by some kernels; chunks are smaller only if threads would be idle
   */
  public static void run(
      ThreadTeam team, ThreadTeam.Task product, int rows, int panels, long panelBytes, int chunk) {
    if (chunk > 1) {
      int grain = Math.min(chunk, Integer.highestOneBit(Math.max(1, panels / team.threads())));
      team.runInTwoSizes(product, panels, grain == chunk ? 2 * chunk : grain, grain);
    } else if (rows <= FEW_ROWS) {
      int least = (int) Math.max(1, LEAST_BYTES / panelBytes);
      int most = (int) Math.max(1, MOST_BYTES / panelBytes);
      team.runGuided(product, panels, least, most, STREAMS);
    } else {
      int grain = Math.min(MOST_PANELS, panels / (CHUNKS_PER_THREAD * team.threads()));
      if (grain < STREAMS) {
        team.run(product, panels, LEAST_PANELS);
      } else {
        grain = grain / STREAMS * STREAMS;
        team.runGuided(product, panels, grain, grain, grain);
      }
    }
  }
}
