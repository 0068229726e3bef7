package org.bitnetj.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One step, for JDK Flight Recorder. Its duration is that of the computation. */
@Name("org.bitnetj.Step")
@Label("Step")
@Category("bitnet.java")
@Description("Tokens of one or several texts computed together")
@StackTrace(false)
final class StepEvent extends Event {
  @Label("Sequences")
  @Description("Texts that have tokens in the step")
  int sequences;

  @Label("Token Rows")
  @Description("Next tokens of texts, with drafts of more")
  int tokenRows;

  @Label("Prompt Rows")
  @Description("Tokens of prompts")
  int promptRows;

  @Label("Waiting")
  @Description("Texts that wait for a later step")
  int waiting;
}
