package org.bitnetj.hub;

import java.util.regex.Pattern;

/**
 * Which relative names from a server or a user may become files: no way up, no absolute or hidden
 * drive, nothing that some system reads as more than a name or that a terminal would obey.
 */
final class SafePath {
  private static final int MAX_LENGTH = 1000;
  private static final int MAX_SEGMENT = 200;
  private static final Pattern SEGMENT =
      Pattern.compile("[^\\p{C}\\\\/:*?\"<>|]*[^\\p{C}\\\\/:*?\"<>|. ]");

  private SafePath() {}

  /** Whether {@code name}, with {@code /} between folders, can be a file below a folder. */
  static boolean isSafe(String name) {
    if (name.length() > MAX_LENGTH) {
      return false;
    }
    for (String segment : name.split("/", -1)) {
      if (segment.length() > MAX_SEGMENT || !SEGMENT.matcher(segment).matches()) {
        return false;
      }
    }
    return true;
  }
}
