package org.bitnetj.cli;

import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.TokenLogprobs;
import org.jspecify.annotations.Nullable;

/**
 * Shows how much of a prompt is computed, and passes on what another listener is to hear. To be
 * used for one text, and closed when that has ended, however it did: a text that is interrupted in
 * its prompt must leave no line behind.
 */
final class PrefillProgress implements GenerationListener, AutoCloseable {
  private final @Nullable ProgressLine progress;
  private final GenerationListener listener;

  /**
   * @param progress null to show nothing
   */
  PrefillProgress(@Nullable ProgressLine progress, GenerationListener listener) {
    this.progress = progress;
    this.listener = listener;
  }

  @Override
  public void onPrefill(int done, int total) {
    if (progress != null && done < total) {
      progress.update(() -> "prompt: " + done + " of " + total + " tokens");
    } else {
      close();
    }
    listener.onPrefill(done, total);
  }

  @Override
  public void onText(String piece) {
    listener.onText(piece);
  }

  @Override
  public void onToken(int token) {
    listener.onToken(token);
  }

  @Override
  public void onLogprobs(TokenLogprobs logprobs) {
    listener.onLogprobs(logprobs);
  }

  @Override
  public void onPromptLogprobs(TokenLogprobs logprobs) {
    listener.onPromptLogprobs(logprobs);
  }

  /** Takes the line away. Idempotent. */
  @Override
  public void close() {
    if (progress != null) {
      progress.close();
    }
  }
}
