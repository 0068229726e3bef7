package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.bitnetj.chat.ThinkingSplitter;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * Takes the text of a reply apart as it comes: thinking, answer, and calls of functions between
 * {@code <tool_call>} and {@code </tool_call>}, a JSON object with {@code name} and {@code
 * arguments} or an array of such objects; white space before a call belongs to nothing. What looks
 * like a call and is none is passed on as text. The result does not depend on how a reply is cut.
 * Not thread-safe.
 */
public final class ReplyParser {
  static final String CALL = "<tool_call>";
  static final String CALL_END = "</tool_call>";

  private static final ObjectMapper JSON = StrictJson.mapper();

  /**
   * The tokens of a vocabulary that are marks of a reply. Where they are control tokens, their
   * names must be shown for the parser to see them.
   */
  static Set<Integer> marks(Tokenizer tokenizer) {
    Set<Integer> marks = new HashSet<>();
    for (String mark : List.of(ThinkingSplitter.START, ThinkingSplitter.END, CALL, CALL_END)) {
      tokenizer.findSpecial(mark).ifPresent(marks::add);
    }
    return marks;
  }

  private final ReplySink sink;
  private final ThinkingSplitter splitter;
  private final boolean tools;
  private final StringBuilder held = new StringBuilder();
  private boolean inside; // a call
  private String space = ""; // before it
  private int calls;

  /**
   * A parser for one reply.
   *
   * @param opensThinking whether the reply begins within thinking
   * @param tools whether there are functions to call
   * @param sink receives the parts
   */
  public ReplyParser(boolean opensThinking, boolean tools, ReplySink sink) {
    Objects.requireNonNull(sink, "sink is null");
    this.sink = sink;
    this.tools = tools;
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

  /** The reply has ended. */
  public void finish() {
    splitter.finish();
    if (inside) { // cut short
      held.insert(0, space + CALL);
    }
    pass(held.length());
  }

  /** {@return how many calls have come} */
  public int calls() {
    return calls;
  }

  private void answer(String piece) {
    if (!tools) {
      sink.text(piece);
      return;
    }
    held.append(piece);
    while (true) {
      String mark = inside ? CALL_END : CALL;
      int at = held.indexOf(mark);
      if (at < 0) {
        break;
      }
      if (inside) {
        call(held.substring(0, at));
      } else {
        int end = withoutSpace(at);
        space = held.substring(end, at);
        pass(end);
      }
      held.delete(0, held.indexOf(mark) + mark.length());
      inside = !inside;
    }
    if (!inside) {
      pass(held.length() - undecided());
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

  private void call(String text) {
    List<ToolCall> found = calls(text);
    if (found.isEmpty()) {
      sink.text(space + CALL + text + CALL_END);
    }
    calls += found.size();
    found.forEach(sink::call);
  }

  /** What stands between marks; nothing if any of it is no call. */
  private static List<ToolCall> calls(String text) {
    List<ToolCall> found = new ArrayList<>();
    try {
      JsonNode all = JSON.readTree(text);
      for (JsonNode one : all.isArray() ? all : List.of(all)) {
        // Templates may show earlier calls as OpenAI's API has them, and models write the same.
        JsonNode call = one.path("function").isObject() ? one.get("function") : one;
        JsonNode arguments = call.has("arguments") ? call.get("arguments") : call.get("parameters");
        if (arguments == null) {
          arguments = JsonNodeFactory.instance.objectNode();
        }
        if (!call.path("name").isTextual() || !arguments.isObject()) {
          return List.of();
        }
        found.add(ToolCall.of(call.get("name").textValue(), arguments.toString()));
      }
      return found;
    } catch (JsonProcessingException e) {
      return List.of();
    }
  }

  /** Length of the longest end of the held text that begins a mark, white space before it too. */
  private int undecided() {
    int length = Math.min(CALL.length() - 1, held.length());
    while (!CALL.startsWith(held.substring(held.length() - length))) {
      length--;
    }
    return held.length() - withoutSpace(held.length() - length);
  }
}
