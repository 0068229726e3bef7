package org.bitnetj.cli;

/** How a command writes what it found. As in all enums here, constants are what users write. */
enum ReportFormat {
  /** For reading. */
  text,
  /** One object. */
  json
}
