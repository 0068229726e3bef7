package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.constraint.Grammar;

/**
 * Each call is a function's name and a fenced block with the JSON object of its arguments, between
 * marks of its own and those around all calls, as Hunyuan's dense models write them:
 *
 * <pre>{@code
 * <tool_calls><tool_call>weather
 * ```json
 * {"city": "Rome"}
 * ```</tool_call></tool_calls>
 * }</pre>
 */
final class FencedCalls extends CallForm {
  private static final String START = "<tool_calls>";
  private static final String END = "</tool_calls>";
  private static final String CALL = "<tool_call>";
  private static final String CALL_END = "</tool_call>";

  /** Up to the arguments. */
  private static final Pattern HEAD =
      Pattern.compile("\\s*" + CALL + "\\s*([^\\s`<{]+)\\s*```(?:json)?\\s*");

  private static final Pattern TAIL = Pattern.compile("\\s*```\\s*" + CALL_END);

  FencedCalls() {
    super(START, END);
  }

  /** Whether a text of a template shows this form. */
  static boolean isIn(String shown) {
    int call = shown.lastIndexOf(CALL);
    return call >= 0
        && shown.contains(START)
        && HEAD.matcher(shown).region(call, shown.length()).lookingAt();
  }

  @Override
  List<String> marks() {
    return List.of(START, END, CALL, CALL_END);
  }

  @Override
  Cut cut(String written) {
    List<ToolCall> whole = new ArrayList<>();
    int from = 0;
    while (true) {
      Matcher head = HEAD.matcher(written).region(from, written.length());
      if (!head.lookingAt()) {
        return new Cut(whole, Optional.empty(), written.substring(from));
      }
      String name = head.group(1);
      Optional<JsonCallReader.Found> arguments = JsonCallReader.objectAt(written, head.end());
      String rest = written.substring(from);
      if (arguments.isEmpty()) {
        String begun = written.substring(head.end());
        boolean cut =
            (begun.isEmpty() || begun.startsWith("{")) && JsonCallReader.isBeginning(begun);
        return new Cut(whole, cut ? Optional.of(CutCall.of(name, begun)) : Optional.empty(), rest);
      }
      String object = arguments.get().object().toString();
      Matcher tail = TAIL.matcher(written).region(arguments.get().end(), written.length());
      if (!tail.lookingAt()) {
        boolean cut = tail.hitEnd();
        return new Cut(whole, cut ? Optional.of(CutCall.of(name, object)) : Optional.empty(), rest);
      }
      whole.add(ToolCall.of(name, object));
      from = tail.end();
    }
  }

  @Override
  Grammar grammar(List<ObjectNode> functions, int most, CallGrammar parts) {
    // Templates differ in whether calls are on lines of their own.
    Grammar line = Grammar.optional(Grammar.text("\n"));
    Grammar call =
        Grammar.sequence(
            parts.mark(CALL),
            CallGrammar.any(
                functions,
                function ->
                    Grammar.sequence(
                        Grammar.text(CallGrammar.name(function) + "\n```json\n"),
                        CallGrammar.arguments(function))),
            Grammar.text("\n```"),
            parts.mark(CALL_END));
    return Grammar.sequence(
        parts.mark(START), line, CallGrammar.several(call, line, most), line, parts.mark(END));
  }
}
