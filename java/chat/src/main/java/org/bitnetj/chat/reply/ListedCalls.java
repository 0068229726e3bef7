package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bitnetj.constraint.Grammar;

/** All calls of an answer are one JSON array between the marks, as Falcon3 writes them. */
final class ListedCalls extends CallForm {
  ListedCalls() {
    super(JsonCalls.START, JsonCalls.END);
  }

  /** Whether a text of a template shows this form. */
  static boolean isIn(String shown) {
    int call = shown.lastIndexOf(JsonCalls.START); // the first ones explain the form
    return call >= 0
        && shown.substring(call + JsonCalls.START.length()).stripLeading().startsWith("[");
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
    Grammar call = CallGrammar.any(functions, JsonCalls::call);
    return Grammar.sequence(
        parts.mark(JsonCalls.START),
        Grammar.text("\n[\n  "),
        CallGrammar.several(call, Grammar.text(",\n  "), most),
        Grammar.text("\n]\n"),
        parts.mark(JsonCalls.END));
  }
}
