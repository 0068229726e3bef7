package org.bitnetj.chat;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * Splits the text of a reply, as it comes piece by piece, into what the model thinks, between
 * {@code <think>} and {@code </think>}, and its answer. Only a reply that begins with the first
 * mark has thinking, once: an answer may name the marks. A mark may be spread over pieces: text
 * that may begin one is held back until that is decided, so the result does not depend on how a
 * text is cut. Line breaks around the marks belong to neither part. Not thread-safe.
 */
public final class ThinkingSplitter {
  /** What stands before thinking. */
  public static final String START = "<think>";

  /** What stands after it. */
  public static final String END = "</think>";

  private final Consumer<String> thinking;
  private final Consumer<String> answer;
  private final StringBuilder held = new StringBuilder();
  private int breaks; // line breaks, or white space, that the held text begins with
  private boolean inside;
  private boolean over; // no more thinking can come
  private boolean fresh; // at the start of a part, whose line breaks are dropped

  /**
   * A splitter for one reply.
   *
   * @param inside whether the reply begins within thinking ({@link ChatTemplate#opensThinking})
   * @param thinking receives what the model thinks, never an empty text
   * @param answer receives the rest, never an empty text
   */
  public ThinkingSplitter(boolean inside, Consumer<String> thinking, Consumer<String> answer) {
    Objects.requireNonNull(thinking, "thinking is null");
    Objects.requireNonNull(answer, "answer is null");
    this.inside = inside;
    this.fresh = inside;
    this.thinking = thinking;
    this.answer = answer;
  }

  /**
   * Takes the next piece of the reply.
   *
   * @param piece the next part of the reply, as a {@link org.bitnetj.generate.GenerationListener}
   *     hears it
   */
  public void accept(String piece) {
    Objects.requireNonNull(piece, "piece is null");
    held.append(piece);
    if (!inside && !over) {
      open();
    }
    if (inside) {
      think();
    }
    if (over) {
      pass(held.length());
      held.setLength(0);
    }
  }

  /** Thinking begins a reply, or there is none: an answer may name the mark. */
  private void open() {
    while (breaks < held.length() && Character.isWhitespace(held.charAt(breaks))) {
      breaks++;
    }
    String rest = held.substring(breaks, Math.min(held.length(), breaks + START.length()));
    if (rest.equals(START)) {
      held.delete(0, breaks + START.length());
      breaks = 0;
      inside = true;
      fresh = true;
    } else if (!START.startsWith(rest)) {
      breaks = 0;
      over = true;
    }
  }

  private void think() {
    int at = held.indexOf(END, breaks);
    if (at >= 0) {
      pass(withoutLineBreaks(at));
      held.delete(0, at + END.length());
      inside = false;
      over = true;
      fresh = true;
      return;
    }
    int end = held.length() - undecided();
    int sure = withoutLineBreaks(end);
    pass(sure);
    held.delete(0, sure);
    breaks = end - sure;
  }

  /** The reply has ended: what was held back begins no mark after all. */
  public void finish() {
    pass(held.length());
    held.setLength(0);
    breaks = 0;
  }

  /** Passes the first characters held on, but not line breaks at the start of a part. */
  private void pass(int length) {
    int from = 0;
    while (fresh && from < length && isLineBreak(held.charAt(from))) {
      from++;
    }
    if (from < length) {
      fresh = false;
      (inside ? thinking : answer).accept(held.substring(from, length));
    }
  }

  /** Where the line breaks before {@code end} begin, which a mark may follow. */
  private int withoutLineBreaks(int end) {
    int at = end;
    while (at > breaks && isLineBreak(held.charAt(at - 1))) {
      at--;
    }
    return at == breaks ? 0 : at; // those at the beginning are known
  }

  private static boolean isLineBreak(char c) {
    return c == '\n' || c == '\r';
  }

  /** Length of the longest end of the held text that begins {@link #END}. */
  private int undecided() {
    int length = Math.min(END.length() - 1, held.length());
    while (!END.startsWith(held.substring(held.length() - length))) {
      length--;
    }
    return length;
  }
}
