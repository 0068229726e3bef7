package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.bitnetj.constraint.Grammar;

/**
 * The form in which a model writes calls of functions. Calls stand between two marks. Immutable.
 */
public abstract sealed class CallForm permits JsonCalls, ListedCalls, FencedCalls, PythonCalls {
  /** The form that a model whose template shows no other one is told to use. */
  static final CallForm DEFAULT = new JsonCalls();

  private final String start;
  private final String end;

  /**
   * @param start the mark before calls
   * @param end the mark after them
   */
  CallForm(String start, String end) {
    this.start = start;
    this.end = end;
  }

  /**
   * {@return the form of the calls in a text, {@link #DEFAULT} if it has none that is known}
   *
   * @param shown what a chat template writes of calls in earlier answers, and of how to call
   */
  static CallForm shownBy(String shown) {
    if (PythonCalls.isIn(shown)) {
      return new PythonCalls();
    }
    if (FencedCalls.isIn(shown)) {
      return new FencedCalls();
    }
    return ListedCalls.isIn(shown) ? new ListedCalls() : DEFAULT;
  }

  /** The mark before calls. */
  final String start() {
    return start;
  }

  /** The mark after them. */
  final String end() {
    return end;
  }

  /** Those two, and others that stand between them. */
  List<String> marks() {
    return List.of(start, end);
  }

  /** Follows the strings of calls, which begin at a place of a text, after the first mark. */
  Quotation quotation(int from) {
    return Quotation.ofJson(from);
  }

  /** The calls that stand between the marks; none if any of it is no call. */
  List<ToolCall> read(String written) {
    Cut all = cut(written);
    return all.rest().isBlank() ? all.whole() : List.of();
  }

  /** What there is of calls whose text was cut after the first mark. */
  abstract Cut cut(String written);

  /**
   * Calls and their marks, as the template writes them.
   *
   * @param functions which may be called, one or more
   * @param most how many calls there are at most
   * @throws org.bitnetj.error.GrammarException if the form cannot express a function's parameters
   */
  abstract Grammar grammar(List<ObjectNode> functions, int most, CallGrammar parts);

  /**
   * The beginning of a text of calls.
   *
   * @param whole the calls that are whole
   * @param last the one after them, if its name is whole
   * @param rest the text after the calls that are whole
   */
  record Cut(List<ToolCall> whole, Optional<CutCall> last, String rest) {
    /** Of a text without calls. */
    static final Cut NOTHING = new Cut(List.of(), Optional.empty(), "");
  }
}
