package org.bitnetj.chat.reply;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bitnetj.chat.ThinkingSplitter;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

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

  /** How often a reply is read again from a mark on that strings went over: bounds the time. */
  private static final int MOST_REREADS = 20;

  private final ReplySink sink;
  private final ThinkingSplitter splitter;
  private final Optional<CallForm> form;
  private final StringBuilder held = new StringBuilder();
  private int from; // what stands before that in it has been passed on
  private int blank; // white space reaches from there to here
  private int searched; // before that no mark begins in it
  private String space = ""; // before the calls that are held
  private @Nullable Quotation quotation; // of these calls; null outside of calls
  private int
      quotedEnd; // where the first end of calls stands that is in a string; negative if none
  private int rereads; // after so many, marks end calls in strings as well
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
    if (form.isPresent()) {
      finish(form.get(), cut);
    }
    passTo(held.length());
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
    held.append(piece);
    split(form.get());
  }

  /** Passes on what is decided of the held text. */
  private void split(CallForm form) {
    while (quotation == null ? begin(form) : end(form, quotation)) {}
    String mark = form.end();
    if (quotation == null) {
      mark = form.start();
      int undecided = held.length() - undecided(mark);
      passTo(withoutSpace(undecided));
      held.delete(0, from); // once a piece, since each time it moves what is left
      blank = undecided - from;
      from = 0;
    }
    searched = Math.max(from, held.length() - mark.length() + 1);
  }

  /** Passes on the text before calls, if some begin. */
  private boolean begin(CallForm form) {
    int at = held.indexOf(form.start(), searched);
    if (at < 0) {
      return false;
    }
    int end = withoutSpace(at);
    space = held.substring(end, at);
    passTo(end);
    dropTo(at + form.start().length());
    quotation = form.quotation(from);
    quotedEnd = -1;
    return true;
  }

  /** Passes on calls, if they end, or goes on after a mark that may be in a string of theirs. */
  private boolean end(CallForm form, Quotation strings) {
    int at = held.indexOf(form.end(), searched);
    if (rereads < MOST_REREADS) {
      strings.read(held, at < 0 ? held.length() : at);
    }
    if (at >= 0 && strings.isOpen()) {
      quotedEnd = quotedEnd < 0 ? at : quotedEnd;
      searched = at + form.end().length();
      return true;
    }
    if (at < 0 && !(strings.isBroken() && quotedEnd >= 0)) {
      return false;
    }
    take(form, at < 0 ? quotedEnd : at);
    return true;
  }

  /**
   * Passes on calls that end at a mark. If these are none, their quotes mean nothing, and the first
   * mark is the end.
   */
  private void take(CallForm form, int at) {
    int end = at;
    List<ToolCall> found = form.read(held.substring(from, end));
    if (found.isEmpty() && quotedEnd >= 0) {
      end = quotedEnd;
      found = form.read(held.substring(from, end));
    }
    rereads += end == quotedEnd ? 1 : 0;
    if (found.isEmpty()) {
      sink.text(space + form.start() + held.substring(from, end) + form.end());
    }
    pass(found);
    dropTo(end + form.end().length());
    quotation = null;
  }

  private void finish(CallForm form, boolean cut) {
    while (quotation != null) {
      CallForm.Cut some = cut ? form.cut(held.substring(from)) : CallForm.Cut.NOTHING;
      if (!some.whole().isEmpty() || some.last().isPresent()) {
        pass(some, form);
      } else if (quotedEnd >= 0) {
        take(form, quotedEnd);
        split(form);
      } else {
        held.insert(from, space + form.start());
        quotation = null;
      }
    }
  }

  /** Where the white space before {@code end} begins. */
  private int withoutSpace(int end) {
    int start = end;
    while (start > blank && Character.isWhitespace(held.charAt(start - 1))) {
      start--;
    }
    return start == blank ? from : start;
  }

  private void passTo(int end) {
    String text = held.substring(from, end);
    dropTo(end);
    if (!text.isEmpty() && (calls == 0 || !text.isBlank())) {
      sink.text(text);
    }
  }

  private void dropTo(int end) {
    from = end;
    blank = end;
    searched = end;
  }

  private void pass(List<ToolCall> found) {
    calls += found.size();
    found.forEach(sink::call);
  }

  /** Passes on what there is of calls that have no end. */
  private void pass(CallForm.Cut cut, CallForm form) {
    pass(cut.whole());
    String rest = cut.whole().isEmpty() ? space + form.start() + held.substring(from) : cut.rest();
    dropTo(held.length());
    quotation = null;
    if (cut.last().isPresent()) {
      sink.cut(cut.last().get(), rest);
    } else if (!form.end().startsWith(rest.strip())) { // not the beginning of the mark after calls
      sink.text(rest);
    }
  }

  /** Length of the longest end of the held text that begins a mark. */
  private int undecided(String mark) {
    int length = Math.min(mark.length() - 1, held.length() - from);
    while (!mark.startsWith(held.substring(held.length() - length))) {
      length--;
    }
    return length;
  }
}
