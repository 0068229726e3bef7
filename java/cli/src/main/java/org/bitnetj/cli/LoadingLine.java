package org.bitnetj.cli;

import org.bitnetj.generate.LoadOptions;
import org.jspecify.annotations.Nullable;

/**
 * Loading progress and messages on standard error; messages never share the progress line. For any
 * number of models, one after the other. Thread-safe.
 */
final class LoadingLine implements LoadOptions.Progress {
  private final Streams streams;

  /** Of the model that is loaded now: each has the second of its own in which nothing is shown. */
  private @Nullable ProgressLine line;

  LoadingLine(Streams streams) {
    this.streams = streams;
  }

  @Override
  public synchronized void at(long done, long total) {
    if (done == total) {
      clear();
      line = null;
    } else if (streams.isTerminal(Streams.Standard.ERR)) {
      if (line == null) {
        line = new ProgressLine(streams);
      }
      line.update(() -> "loading: " + 100 * done / total + " % of the weights are packed");
    }
  }

  /** Says something to the user. */
  synchronized void tell(String sentence) {
    clear();
    streams.tell(sentence);
  }

  private void clear() {
    if (line != null) {
      line.close();
    }
  }
}
