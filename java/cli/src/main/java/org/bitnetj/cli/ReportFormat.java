package org.bitnetj.cli;

import java.util.Locale;

/** How a command writes what it found. */
enum ReportFormat {
  /** For reading. */
  TEXT,
  /** One object. */
  JSON;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
