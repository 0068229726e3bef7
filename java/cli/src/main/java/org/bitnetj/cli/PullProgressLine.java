package org.bitnetj.cli;

import java.util.Locale;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.PullProgress;
import org.jspecify.annotations.Nullable;

/** Shows on standard error how far a pull is, how fast, and when it will be done. */
final class PullProgressLine implements PullProgress, AutoCloseable {
  private static final double NANOS = 1e9;

  private final Streams streams;
  private final ProgressLine line;
  private final String beginning;
  private boolean begun;
  private @Nullable Rate rate;

  /** Measures a step of a pull; bytes that an earlier pull left say nothing about speed. */
  private record Rate(long total, long firstDone, long firstNanos) {
    String text(String file, long done) {
      String text =
          String.format(
              Locale.ROOT,
              "%s: %s of %s (%d %%)",
              file,
              Hub.size(done),
              Hub.size(total),
              total == 0 ? 100 : (int) (100.0 * done / total));
      double perSecond = (done - firstDone) / ((System.nanoTime() - firstNanos + 1) / NANOS);
      return perSecond < 1
          ? text
          : text
              + ", "
              + Hub.size((long) perSecond)
              + "/s, "
              + time((long) Math.ceil((total - done) / perSecond))
              + " left";
    }

    private static String time(long seconds) {
      return seconds < 60
          ? seconds + " s"
          : seconds < 3600
              ? String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60)
              : String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
    }
  }

  /**
   * @param beginning what to say before bytes are fetched, if any are
   */
  PullProgressLine(Streams streams, String beginning) {
    this.streams = streams;
    this.beginning = beginning;
    this.line = new ProgressLine(streams);
  }

  @Override
  public void begin() {
    if (!begun) {
      begun = true;
      streams.tell(beginning);
    }
  }

  @Override
  public void update(String file, long done, long total) {
    Rate measured = rate;
    if (measured == null || measured.total != total || done < measured.firstDone) {
      measured = new Rate(total, done, System.nanoTime());
      rate = measured;
    }
    Rate now = measured;
    line.update(() -> now.text(file, done));
  }

  @Override
  public void note(String sentence) {
    line.close();
    streams.tell("bitnet: note: " + sentence);
  }

  @Override
  public void close() {
    line.close();
  }
}
