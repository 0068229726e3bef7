package org.bitnetj.chat.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes down what a parser passes on; pieces of the same part are joined. */
final class RecordedParts implements ReplySink {
  final List<String> parts = new ArrayList<>();
  final List<String> ids = new ArrayList<>();

  /** The parts of a reply that comes in pieces. */
  static List<String> of(
      boolean opensThinking, Optional<CallForm> form, boolean cut, String... pieces) {
    RecordedParts recorded = new RecordedParts();
    ReplyParser parser = new ReplyParser(opensThinking, form, recorded);
    for (String piece : pieces) {
      parser.accept(piece);
    }
    parser.finish(cut);
    if (parser.calls() != recorded.ids.size()) {
      throw new AssertionError(parser.calls() + " calls, and " + recorded.parts);
    }
    return recorded.parts;
  }

  private void add(String kind, String piece) {
    if (!parts.isEmpty() && parts.getLast().startsWith(kind)) {
      parts.addLast(parts.removeLast() + piece);
    } else {
      parts.add(kind + piece);
    }
  }

  @Override
  public void thinking(String piece) {
    add("thinking: ", piece);
  }

  @Override
  public void text(String piece) {
    add("text: ", piece);
  }

  @Override
  public void call(ToolCall call) {
    parts.add("call: " + call.name() + call.arguments());
    ids.add(call.id());
  }

  @Override
  public void cut(CutCall call, String written) {
    parts.add("cut: " + call.name() + call.arguments() + " of " + written);
  }
}
