package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bitnetj.constraint.Grammar;

/**
 * All calls of an answer are lines of Python between the marks, as MiniCPM writes them:
 *
 * <pre>{@code
 * <|tool_call_start|>
 * ```python
 * weather(city="Rome",days=[1,2])
 * ```
 * <|tool_call_end|>
 * }</pre>
 *
 * <p>Its templates write the arguments of earlier calls as JSON values; models write Python's too.
 */
final class PythonCalls extends CallForm {
  private static final String START = "<|tool_call_start|>";
  private static final String END = "<|tool_call_end|>";
  private static final String FENCE = "```python";

  PythonCalls() {
    super(START, END);
  }

  /** Whether a text of a template shows this form. */
  static boolean isIn(String shown) {
    int calls = shown.lastIndexOf(START);
    return calls >= 0 && shown.substring(calls + START.length()).stripLeading().startsWith(FENCE);
  }

  @Override
  Quotation quotation(int from) {
    return Quotation.ofPython(from);
  }

  @Override
  Cut cut(String written) {
    return new PythonCallReader(written).read();
  }

  @Override
  Grammar grammar(List<ObjectNode> functions, int most, CallGrammar parts) {
    Grammar call =
        CallGrammar.any(
            functions,
            function ->
                Grammar.sequence(
                    Grammar.text(CallGrammar.name(function) + "("),
                    KeywordArguments.of(function),
                    Grammar.text(")")));
    return Grammar.sequence(
        parts.mark(START),
        Grammar.text("\n" + FENCE + "\n"),
        CallGrammar.several(call, Grammar.text("\n"), most),
        Grammar.text("\n```\n"),
        parts.mark(END));
  }
}
