package org.bitnetj.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * When one text came from a server. All times are of one clock, in nanoseconds.
 *
 * @param sent when it was asked for
 * @param arrivals when each event with a token came, at least one
 * @param tokens by the server's count; {@link #UNKNOWN} if it gave none
 * @param cached tokens of the prompt that the server had computed before; {@link #UNKNOWN} if it
 *     does not say
 * @param drafted tokens of the text that the server had guessed, several of which it can compute at
 *     a time; 0 if it does not say
 */
record ServedText(long sent, long[] arrivals, int tokens, int cached, int drafted) {
  static final int UNKNOWN = -1;

  /** The time from one token to the next. */
  record Gap(long start, long end) {
    /** Whether all of it lies in a time. */
    boolean isWithin(Gap time) {
      return start >= time.start && end <= time.end;
    }

    /** Whether some of it lies in a time. */
    boolean overlaps(Gap time) {
      return end > time.start && start < time.end;
    }

    double seconds() {
      return (end - start) * 1e-9;
    }
  }

  long first() {
    return arrivals[0];
  }

  long last() {
    return arrivals[arrivals.length - 1];
  }

  /** From asking for it to the first token. */
  Gap untilFirst() {
    return new Gap(sent, first());
  }

  /** From asking for it to the last token. */
  Gap untilLast() {
    return new Gap(sent, last());
  }

  Stream<Gap> gaps() {
    return IntStream.range(1, arrivals.length).mapToObj(i -> new Gap(arrivals[i - 1], arrivals[i]));
  }

  /** Tokens by the server's count; without one, each event is one. */
  int count() {
    return tokens == UNKNOWN ? arrivals.length : tokens;
  }

  /**
   * The time in which all texts decode: from the latest first token to the earliest last one. It
   * ends before it starts if there is none.
   */
  static Gap allDecode(List<ServedText> texts) {
    return new Gap(
        texts.stream().mapToLong(ServedText::first).max().orElseThrow(),
        texts.stream().mapToLong(ServedText::last).min().orElseThrow());
  }

  /**
   * Tokens per second of all texts together while all of them decode; NaN if they never do. Where a
   * text has more tokens than events, each of its events counts as equally many.
   */
  static double decodedPerSecond(List<ServedText> texts) {
    Gap time = allDecode(texts);
    double tokens = 0;
    for (ServedText text : texts) {
      long events =
          Arrays.stream(text.arrivals).filter(at -> at > time.start && at <= time.end).count();
      tokens += (double) events * text.count() / text.arrivals.length;
    }
    return time.end > time.start ? tokens / time.seconds() : Double.NaN;
  }

  /** How many texts there were at most that had been asked for and were not whole. */
  static int mostAtATime(List<ServedText> texts) {
    return texts.stream()
        .mapToInt(
            text ->
                (int)
                    texts.stream()
                        .filter(other -> other.sent <= text.sent && other.last() > text.sent)
                        .count())
        .max()
        .orElseThrow();
  }

  /** Tokens per second from the first request to the last token. */
  static double servedPerSecond(List<ServedText> texts) {
    long start = texts.stream().mapToLong(ServedText::sent).min().orElseThrow();
    long end = texts.stream().mapToLong(ServedText::last).max().orElseThrow();
    return texts.stream().mapToInt(ServedText::count).sum() / new Gap(start, end).seconds();
  }
}
