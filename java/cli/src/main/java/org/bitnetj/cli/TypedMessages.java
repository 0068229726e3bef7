package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitnetj.generate.Session;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;

/** Messages that a person types at a terminal, with line editing and history. */
final class TypedMessages implements Messages {
  private static final int HISTORY_SIZE = 1000;

  /** In fewer columns lines are left as they are. */
  private static final int LEAST_COLUMNS = 20;

  private static final String PROMPT = "> ";
  private static final String BOLD_GREEN = "\u001b[1;32m";
  private static final String PLAIN = "\u001b[0m";

  private final Terminal terminal;
  private final LineReader reader;

  /** Columns of the terminal, 0 where it does not say. */
  private volatile int width;

  /**
   * @param history the file that remembers what was typed; empty for none
   * @param commands what the tab key completes
   */
  TypedMessages(Terminal terminal, Optional<Path> history, List<String> commands) {
    this.terminal = terminal;
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("bitnet")
            .parser(TypedMessages::parse)
            .completer(new StringsCompleter(commands))
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, ". ")
            .variable(LineReader.HISTORY_SIZE, HISTORY_SIZE)
            .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_SIZE)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
    history.ifPresent(file -> builder.variable(LineReader.HISTORY_FILE, file));
    this.reader = builder.build();
    this.width = terminal.getWidth();
  }

  @Override
  public @Nullable String next() {
    while (true) {
      try {
        String typed = reader.readLine(prompt());
        width = terminal.getWidth();
        return MessageSyntax.message(typed);
      } catch (UserInterruptException e) {
        if (e.getPartialLine().isEmpty()) {
          terminal.writer().println("To end this, press Ctrl-D or type /quit.");
        }
      } catch (EndOfFileException e) {
        if (isDumb()) { // where the reader leaves the cursor behind the prompt
          terminal.writer().println();
          terminal.flush();
        }
        return null;
      }
    }
  }

  @Override
  public Guard interrupting(Session session) {
    Terminal.SignalHandler before =
        terminal.handle(Terminal.Signal.INT, signal -> session.cancel());
    Terminal.SignalHandler resized =
        terminal.handle(Terminal.Signal.WINCH, signal -> width = terminal.getWidth());
    // Ctrl-C would show as ^C within the text.
    Attributes attributes = terminal.getAttributes();
    Attributes silent = new Attributes(attributes);
    silent.setLocalFlag(Attributes.LocalFlag.ECHOCTL, false);
    terminal.setAttributes(silent);
    return () -> {
      terminal.setAttributes(attributes);
      terminal.handle(Terminal.Signal.WINCH, resized);
      terminal.handle(Terminal.Signal.INT, before);
    };
  }

  @Override
  public boolean isConversation() {
    return true;
  }

  @Override
  public OptionalInt columns() {
    int now = width;
    return now >= LEAST_COLUMNS ? OptionalInt.of(now) : OptionalInt.empty();
  }

  /** The user's side is told from the model's by colour, unless that is not wanted (NO_COLOR). */
  private String prompt() {
    return Streams.refusesColours() || isDumb() ? PROMPT : BOLD_GREEN + PROMPT + PLAIN;
  }

  private boolean isDumb() {
    return terminal.getType().startsWith("dumb");
  }

  @Override
  public void close() throws IOException {
    terminal.close();
  }

  /** A message is one word, whatever is in it, and may ask for another line. */
  private static ParsedLine parse(String line, int cursor, Parser.ParseContext context) {
    if (context == Parser.ParseContext.ACCEPT_LINE && !MessageSyntax.isComplete(line)) {
      throw new EOFError(-1, -1, "the message continues");
    }
    return new Message(line, cursor);
  }

  private record Message(String line, int cursor) implements CompletingParsedLine {
    @Override
    public CharSequence escape(CharSequence candidate, boolean complete) {
      return candidate;
    }

    @Override
    public int rawWordCursor() {
      return cursor;
    }

    @Override
    public int rawWordLength() {
      return line.length();
    }

    @Override
    public String word() {
      return line;
    }

    @Override
    public int wordCursor() {
      return cursor;
    }

    @Override
    public int wordIndex() {
      return 0;
    }

    @Override
    public List<String> words() {
      return List.of(line);
    }
  }
}
