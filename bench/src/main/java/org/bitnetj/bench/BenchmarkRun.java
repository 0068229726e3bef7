package org.bitnetj.bench;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When and with what something was measured.
 *
 * @param build which bitnet.java measured
 * @param start when measuring began
 * @param rounds how often everything was timed
 * @param command the command line that asked for it
 */
public record BenchmarkRun(Build build, Instant start, int rounds, String command) {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** One that starts now, with this build. */
  static BenchmarkRun now(int rounds, String command) {
    return new BenchmarkRun(Build.here(), Instant.now(), rounds, command);
  }

  /** When it began, to the minute. */
  String when() {
    return DATE.format(start);
  }

  /** Names and values of what else a result comes from, besides version and start. */
  Map<String, @Nullable Object> origin() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("commit", build.commit());
    row.put("compiler", build.compiler());
    row.put("command", command);
    return row;
  }
}
