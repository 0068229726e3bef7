package org.bitnetj.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.OptionalInt;
import org.bitnetj.generate.Session;
import org.jspecify.annotations.Nullable;

/** Messages from a file or pipe: each line is one, unless it is marked as continued. */
final class PipedMessages implements Messages {
  private final BufferedReader lines;

  PipedMessages(BufferedReader lines) {
    this.lines = lines;
  }

  @Override
  public @Nullable String next() throws IOException {
    String typed = lines.readLine();
    if (typed == null) {
      return null;
    }
    while (!MessageSyntax.isComplete(typed)) {
      String more = lines.readLine();
      if (more == null) {
        break;
      }
      typed = typed + "\n" + more;
    }
    return MessageSyntax.message(typed);
  }

  @Override
  public Guard interrupting(Session session) {
    Interruption interruption = new Interruption(session);
    return interruption::close;
  }

  @Override
  public boolean isConversation() {
    return false;
  }

  @Override
  public OptionalInt columns() {
    return OptionalInt.empty();
  }

  @Override
  public void close() {}
}
