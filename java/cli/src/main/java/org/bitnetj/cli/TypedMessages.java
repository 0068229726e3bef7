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
  }

  @Override
  public @Nullable String next() {
    while (true) {
      try {
        return MessageSyntax.message(reader.readLine(prompt()));
      } catch (UserInterruptException e) {
        if (e.getPartialLine().isEmpty()) {
          terminal.writer().println("Ctrl-D or /quit ends the chat.");
        }
      } catch (EndOfFileException e) {
        return null;
      }
    }
  }

  @Override
  public Guard interrupting(Session session) {
    Terminal.SignalHandler before =
        terminal.handle(Terminal.Signal.INT, signal -> session.cancel());
    return () -> terminal.handle(Terminal.Signal.INT, before);
  }

  @Override
  public boolean isConversation() {
    return true;
  }

  @Override
  public OptionalInt columns() {
    int width = terminal.getWidth(); // 0 where the terminal does not say
    return width >= LEAST_COLUMNS ? OptionalInt.of(width) : OptionalInt.empty();
  }

  /** The user's side is told from the model's by colour, unless that is not wanted (NO_COLOR). */
  private String prompt() {
    boolean plain = System.getenv("NO_COLOR") != null || terminal.getType().startsWith("dumb");
    return plain ? PROMPT : BOLD_GREEN + PROMPT + PLAIN;
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
