package org.bitnetj.generate;

import java.util.List;
import java.util.Optional;

/**
 * Passes text on up to the first stop string. Text that may be the beginning of one is held back
 * until that is decided, so no part of a stop string is ever passed on. The stop string that is
 * complete first counts; of two that end together, the longer one. So the result does not depend on
 * how a text is cut into pieces.
 */
final class StopScanner {
  private final List<String> stops;
  private final int longest;
  private final StringBuilder held = new StringBuilder();
  private Optional<String> found = Optional.empty();

  /**
   * @param stops none of them empty
   */
  StopScanner(List<String> stops) {
    this.stops = stops;
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  /**
   * Takes the next piece of text, and appends to {@code out} what is certain to be none of a stop
   * string.
   *
   * @return true when a stop string has come; what precedes it has passed, the rest is dropped
   */
  boolean feed(CharSequence piece, StringBuilder out) {
    if (stops.isEmpty()) {
      out.append(piece);
      return false;
    }
    held.append(piece);
    int start = 0;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int after = at + stop.length();
      if (at >= 0 && (after < end || after == end && at < start)) {
        start = at;
        end = after;
        found = Optional.of(stop);
      }
    }
    int sure = found.isPresent() ? start : held.length() - undecided();
    out.append(held, 0, sure);
    held.delete(0, found.isPresent() ? held.length() : sure);
    return found.isPresent();
  }

  /** The stop string that has come. */
  Optional<String> found() {
    return found;
  }

  /** The text has ended: what was held back is none of a stop string after all. */
  void finish(StringBuilder out) {
    out.append(held);
    held.setLength(0);
  }

  /** Length of the longest end of the held text that begins some stop string. */
  private int undecided() {
    for (int length = Math.min(longest - 1, held.length()); length > 0; length--) {
      int start = held.length() - length;
      for (String stop : stops) {
        if (length < stop.length() && begins(stop, start, length)) {
          return length;
        }
      }
    }
    return 0;
  }

  private boolean begins(String stop, int start, int length) {
    for (int i = 0; i < length; i++) {
      if (held.charAt(start + i) != stop.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
