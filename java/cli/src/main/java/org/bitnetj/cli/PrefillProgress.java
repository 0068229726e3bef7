package org.bitnetj.cli;

import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.TokenLogprobs;

/** Shows how much of a prompt is computed, and passes on what another listener is to hear. */
final class PrefillProgress implements GenerationListener {
  private final ProgressLine progress;
  private final GenerationListener listener;

  PrefillProgress(Streams streams, GenerationListener listener) {
    this.progress = new ProgressLine(streams);
    this.listener = listener;
  }

  @Override
  public void onPrefill(int done, int total) {
    if (done < total) {
      progress.update(() -> "prompt: " + done + " of " + total + " tokens");
    } else {
      progress.close();
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
}
