package org.bitnetj.server;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * One request of the API, for JDK Flight Recorder. Its duration is from the arrival of its head to
 * the last byte of its answer.
 */
@Name("org.bitnetj.Request")
@Label("Request")
@Category("bitnet.java")
@Description("A request to the server and its answer")
@StackTrace(false)
final class RequestEvent extends Event {
  @Label("Id")
  @Description("As in the log and the header x-request-id")
  String id = "";

  @Label("Path")
  String path = "";

  @Label("Status")
  int status;

  @Label("Queue Time")
  @Description("How long it waited for its turn")
  @Timespan(Timespan.NANOSECONDS)
  long queueTime;

  @Label("First Token Time")
  @Description("From its arrival to the first token; 0 if there was none")
  @Timespan(Timespan.NANOSECONDS)
  long firstTokenTime;

  @Label("Prompt Tokens")
  int promptTokens;

  @Label("Completion Tokens")
  int completionTokens;
}
