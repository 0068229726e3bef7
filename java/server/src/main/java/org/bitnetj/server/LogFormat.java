package org.bitnetj.server;

/** How the log tells of a request. Failures of the server are told in any case. */
public enum LogFormat {
  /** A JSON object in a line. */
  JSON,
  /** Method, path, status and time. */
  TEXT,
  /** Not at all. */
  NONE
}
