package org.bitnetj.chat.reply;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bitnetj.chat.ThinkingSplitter;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * Takes the text of a reply apart as it comes: thinking, answer, and calls of functions in the form
 * of the model; white space before a call belongs to nothing. What looks like a call and is none is
 * passed on as text. The result does not depend on how a reply is cut into pieces. Not thread-safe.
 */
public final class ReplyParser {
  /**
   * The tokens of a vocabulary that are marks of a reply. Where they are control tokens, their
   * names must be shown for the parser to see them.
   */
  static Set<Integer> marks(Tokenizer tokenizer, CallForm form) {
    Set<Integer> marks = new HashSet<>();
    Stream.concat(Stream.of(ThinkingSplitter.START, ThinkingSplitter.END), form.marks().stream())
        .forEach(mark -> tokenizer.findSpecial(mark).ifPresent(marks::add));
    return marks;
  }

  private final ReplySink sink;
  private final ThinkingSplitter splitter;
  private final Optional<CallForm> form;
  private final StringBuilder held = new StringBuilder();
  private boolean inside; // a call
  private String space = ""; // before it
  private int calls;

  /**
   * A parser for one reply.
   *
   * @param opensThinking whether the reply begins within thinking
   * @param form in which the reply may call functions; empty if there are none
   * @param sink receives the parts
   */
  public ReplyParser(boolean opensThinking, Optional<CallForm> form, ReplySink sink) {
    Objects.requireNonNull(form, "form is null");
    Objects.requireNonNull(sink, "sink is null");
    this.sink = sink;
    this.form = form;
    this.splitter = new ThinkingSplitter(opensThinking, sink::thinking, this::answer);
  }

  /**
   * Takes the next piece of the reply.
   *
   * @param piece as a listener of the generation hears it
   */
  public void accept(String piece) {
    Objects.requireNonNull(piece, "piece is null");
    splitter.accept(piece);
  }

  /**
   * The reply has ended.
   *
   * @param cut whether the model would have gone on
   */
  public void finish(boolean cut) {
    splitter.finish();
    if (inside && cut) {
      cut(form.orElseThrow());
    } else if (inside) {
      held.insert(0, space + form.orElseThrow().start());
    }
    pass(held.length());
  }

  /** {@return how many calls have come} */
  public int calls() {
    return calls;
  }

  private void answer(String piece) {
    if (form.isEmpty()) {
      sink.text(piece);
      return;
    }
    CallForm calls = form.get();
    int searched = held.length(); // for a mark; one may have begun there
    held.append(piece);
    while (true) {
      String mark = inside ? calls.end() : calls.start();
      int at = held.indexOf(mark, searched - mark.length() + 1);
      if (at < 0) {
        break;
      }
      if (inside) {
        call(held.substring(0, at), calls);
      } else {
        int end = withoutSpace(at);
        space = held.substring(end, at);
        pass(end);
        at -= end;
      }
      held.delete(0, at + mark.length());
      searched = 0;
      inside = !inside;
    }
    if (!inside) {
      pass(held.length() - undecided(calls.start()));
    }
  }

  /** Where the white space before {@code end} begins. */
  private int withoutSpace(int end) {
    int start = end;
    while (start > 0 && Character.isWhitespace(held.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private void pass(int length) {
    String text = held.substring(0, length);
    held.delete(0, length);
    if (!text.isEmpty() && (calls == 0 || !text.isBlank())) {
      sink.text(text);
    }
  }

  private void call(String text, CallForm form) {
    List<ToolCall> found = form.read(text);
    if (found.isEmpty()) {
      sink.text(space + form.start() + text + form.end());
    }
    pass(found);
  }

  private void pass(List<ToolCall> found) {
    calls += found.size();
    found.forEach(sink::call);
  }

  /** Passes on what there is of calls that have no end. */
  private void cut(CallForm form) {
    CallForm.Cut cut = form.cut(held.toString());
    pass(cut.whole());
    String rest = cut.whole().isEmpty() ? space + form.start() + held : cut.rest();
    held.setLength(0);
    if (cut.last().isPresent()) {
      sink.cut(cut.last().get(), rest);
    } else if (!form.end().startsWith(rest.strip())) { // not the beginning of the mark after calls
      sink.text(rest);
    }
  }

  /** Length of the longest end of the held text that begins a mark, white space before it too. */
  private int undecided(String mark) {
    int length = Math.min(mark.length() - 1, held.length());
    while (!mark.startsWith(held.substring(held.length() - length))) {
      length--;
    }
    return held.length() - withoutSpace(held.length() - length);
  }
}
