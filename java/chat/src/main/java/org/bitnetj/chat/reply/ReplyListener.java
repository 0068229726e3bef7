package org.bitnetj.chat.reply;

import java.util.Objects;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.TokenLogprobs;

/**
 * Takes a reply apart while it is generated, and counts. For one reply, on the thread that
 * generates it.
 */
public final class ReplyListener implements GenerationListener {
  private final Runnable promptIsDone;
  private final ReplySink sink;
  private final ReplyParser parser;
  private int tokens;
  private int thinkingTokens;

  /**
   * A listener for one answer.
   *
   * @param prompt what is answered
   * @param promptIsDone called when the prompt is computed
   * @param sink receives the parts
   */
  public ReplyListener(ChatPrompt prompt, Runnable promptIsDone, ReplySink sink) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(promptIsDone, "promptIsDone is null");
    Objects.requireNonNull(sink, "sink is null");
    this.promptIsDone = promptIsDone;
    this.sink = sink;
    this.parser = new ReplyParser(prompt.opensThinking(), prompt.calls(), counting(sink));
  }

  /** Notes how many tokens there were when thinking last went on. */
  private ReplySink counting(ReplySink to) {
    return new ReplySink() {
      @Override
      public void thinking(String piece) {
        thinkingTokens = tokens;
        to.thinking(piece);
      }

      @Override
      public void text(String piece) {
        to.text(piece);
      }

      @Override
      public void call(ToolCall call) {
        to.call(call);
      }

      @Override
      public void cut(CutCall call, String written) {
        to.cut(call, written);
      }
    };
  }

  @Override
  public void onText(String piece) {
    Objects.requireNonNull(piece, "piece is null");
    parser.accept(piece);
  }

  @Override
  public void onToken(int token) {
    tokens++;
  }

  @Override
  public void onLogprobs(TokenLogprobs logprobs) {
    Objects.requireNonNull(logprobs, "logprobs is null");
    sink.logprobs(logprobs);
  }

  @Override
  public void onPrefill(int done, int total) {
    if (done == total) {
      promptIsDone.run();
    } else {
      sink.progress(done, total);
    }
  }

  /**
   * The text has ended: passes on what was held back. To be called once.
   *
   * @param result of the generation that this has listened to
   * @return the whole answer
   */
  public Reply end(GenerationResult result) {
    Objects.requireNonNull(result, "result is null");
    parser.finish(
        switch (result.finishReason()) {
          case MAX_TOKENS, CONTEXT_FULL -> true;
          case END_TOKEN, STOP_STRING, CANCELLED -> false;
        });
    return new Reply(result, parser.calls(), thinkingTokens);
  }
}
