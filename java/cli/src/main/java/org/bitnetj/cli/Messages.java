package org.bitnetj.cli;

import java.io.IOException;
import java.util.OptionalInt;
import org.bitnetj.generate.Session;
import org.jspecify.annotations.Nullable;

/** Where the user's messages come from. */
interface Messages extends AutoCloseable {
  /** Ends what {@link #interrupting} began. */
  interface Guard extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * The next message, white space around it removed; empty if there is nothing in it, null at the
   * end.
   */
  @Nullable String next() throws IOException;

  /** Makes Ctrl-C end what the session generates, until the guard is closed. */
  Guard interrupting(Session session);

  /** Whether somebody sits there and can be told of an error and try again. */
  boolean isConversation();

  /** The columns of the terminal that answers are shown at; empty if there is none. */
  OptionalInt columns();

  @Override
  void close() throws IOException;
}
