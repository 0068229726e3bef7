package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bitnetj.constraint.Grammar;

/**
 * Each call is a JSON object with {@code name} and {@code arguments} between marks of its own, as
 * Qwen's models and many others write it.
 */
final class JsonCalls extends CallForm {
  static final String START = "<tool_call>";
  static final String END = "</tool_call>";

  JsonCalls() {
    super(START, END);
  }

  @Override
  List<ToolCall> read(String written) {
    return JsonCallReader.read(written);
  }

  @Override
  Cut cut(String written) {
    return JsonCallReader.cut(written);
  }

  @Override
  Grammar grammar(List<ObjectNode> functions, int most, CallGrammar parts) {
    Grammar marked =
        Grammar.sequence(
            parts.mark(START),
            Grammar.text("\n"),
            CallGrammar.any(functions, JsonCalls::call),
            Grammar.text("\n"),
            parts.mark(END));
    return CallGrammar.several(marked, Grammar.text("\n"), most);
  }

  static Grammar call(ObjectNode function) {
    return Grammar.sequence(
        Grammar.text("{\"name\": \"" + CallGrammar.name(function) + "\", \"arguments\": "),
        CallGrammar.arguments(function),
        Grammar.text("}"));
  }
}
