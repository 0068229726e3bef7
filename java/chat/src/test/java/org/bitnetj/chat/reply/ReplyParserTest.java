package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplyParserTest {
  private static final Optional<CallForm> JSON = Optional.of(new JsonCalls());

  private static final String CALL =
      "<tool_call>\n{\"name\": \"f\", \"arguments\": %s}\n</tool_call>";

  private static List<String> parse(
      boolean opensThinking, Optional<CallForm> form, String... pieces) {
    return RecordedParts.of(opensThinking, form, false, pieces);
  }

  private static List<String> parse(String reply) {
    return parse(false, JSON, reply);
  }

  @Test
  void aTextWithoutCallsPassesAsItIs() {
    assertEquals(List.of("text: a < b  \n"), parse("a < b  \n"));
    assertEquals(List.of(), parse(""));
    assertEquals(List.of("text:  \n"), parse(" \n"));
  }

  @Test
  void aCallIsTakenOutOfTheText() {
    assertEquals(List.of("call: f{\"x\":1}"), parse(CALL.formatted("{\"x\": 1}")));
  }

  @Test
  void whiteSpaceAroundCallsIsNoText() {
    assertEquals(
        List.of("call: f{}", "call: f{\"a\":[1,2]}"),
        parse("\n" + CALL.formatted("{}") + "\n\n" + CALL.formatted("{\"a\": [1, 2]}") + "\n"));
  }

  @Test
  void textBeforeAndAfterACallIsKept() {
    assertEquals(
        List.of("text: Let me see.", "call: f{}", "text: \nDone."),
        parse("Let me see.\n" + CALL.formatted("{}") + "\nDone."));
  }

  @Test
  void eachCallHasAnIdOfItsOwn() {
    RecordedParts parts = new RecordedParts();
    ReplyParser parser = new ReplyParser(false, JSON, parts);
    parser.accept(CALL.formatted("{}").repeat(2));
    parser.finish(false);
    assertEquals(2, parts.ids.size());
    assertNotEquals(parts.ids.get(0), parts.ids.get(1));
  }

  @Test
  void argumentsMayBeMissingOrHaveTheNameOfTheirSchema() {
    assertEquals(List.of("call: f{}"), parse("<tool_call>{\"name\": \"f\"}</tool_call>"));
    assertEquals(
        List.of("call: f{\"x\":1}"),
        parse("<tool_call>{\"name\": \"f\", \"parameters\": {\"x\": 1}}</tool_call>"));
  }

  @Test
  void severalCallsMayBeAnArray() {
    assertEquals(
        List.of("text: So:", "call: f{\"x\":1}", "call: g{}"),
        parse(
            "So:\n"
                + "<tool_call>\n"
                + "[\n"
                + "  {\"name\": \"f\", \"arguments\": {\"x\": 1}},\n"
                + "  {\"type\": \"function\", \"function\": {\"name\": \"g\", \"arguments\": {}}}\n"
                + "]\n"
                + "</tool_call>"));
  }

  @Test
  void anArrayThatHasMoreThanCallsIsText() {
    for (String inside : List.of("[{\"name\": \"f\"}, 7]", "[[{\"name\": \"f\"}]]")) {
      String reply = "<tool_call>" + inside + "</tool_call>";
      assertEquals(List.of("text: " + reply), parse(reply));
    }
  }

  @Test
  void marksWithinStringsOfArgumentsAreText() {
    assertEquals(
        List.of("call: f{\"x\":\"<tool_call> \\n}\"}"),
        parse(CALL.formatted("{\"x\": \"<tool_call> \\n}\"}")));
  }

  @Test
  void whatIsNoCallIsText() {
    for (String inside :
        List.of("{\"name\": \"f\", \"arguments\": {", "[]", "null", "{\"name\": 1}", "", "f(x)")) {
      String reply = "<tool_call>" + inside + "</tool_call>";
      assertEquals(List.of("text: " + reply), parse(reply));
      assertEquals(List.of("text: Hm. \n" + reply), parse("Hm. \n" + reply));
    }
  }

  @Test
  void argumentsThatAreNoObjectMakeNoCall() {
    for (String arguments : List.of("3", "[1]", "\"x\"", "null")) {
      String reply = CALL.formatted(arguments);
      assertEquals(List.of("text: " + reply), parse(reply));
    }
  }

  @Test
  void moreThanAnObjectIsNoCall() {
    String reply = "<tool_call>{\"name\": \"f\"} {\"name\": \"g\"}</tool_call>";
    assertEquals(List.of("text: " + reply), parse(reply));
  }

  @Test
  void aCallThatIsCutShortIsText() {
    String cut = "<tool_call>\n{\"name\": \"f\", \"argu";
    assertEquals(List.of("text: Hm.\n" + cut), parse("Hm.\n" + cut));
    assertEquals(List.of("text: Hm. <tool_c"), parse("Hm. <tool_c"));
  }

  @Test
  void aCallThatIsCutShortAfterAnotherIsText() {
    assertEquals(
        List.of("call: f{}", "text: <tool_call>{"), parse(CALL.formatted("{}") + "<tool_call>{"));
  }

  @Test
  void thinkingComesBeforeAndMayNameTheMarks() {
    assertEquals(
        List.of("thinking: I could <tool_call> f.", "call: f{}"),
        parse("<think>\nI could <tool_call> f.\n</think>\n\n" + CALL.formatted("{}")));
    assertEquals(
        List.of("thinking: Hm.", "text: Well,", "call: f{}"),
        parse(true, JSON, "Hm.</think>Well, " + CALL.formatted("{}")));
  }

  @Test
  void withoutToolsMarksAreText() {
    String reply = CALL.formatted("{}");
    assertEquals(List.of("text: " + reply), parse(false, Optional.empty(), reply));
  }

  /** Seconds for texts of this length are a time that is linear in it. */
  @Test
  void manyMarksAndLongWhiteSpaceAreReadInLinearTime() {
    String marks = "\u2192<tool_call></tool_call>".repeat(200_000);
    String quotes = "<|tool_call_start|>\"\"\"\"<|tool_call_end|>".repeat(50_000);
    String broken = quotes + "\n<|tool_call_start|>\"\"\"\"\n<|tool_call_end|>";
    String space = " ".repeat(300_000);
    String spaced = "A" + space + "<";
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          assertEquals(marks, text(JSON, List.of(marks), false));
          assertEquals(spaced, text(JSON, List.of(spaced.split("")), false));
          for (String many : List.of(quotes, broken)) {
            for (boolean cut : List.of(true, false)) {
              Optional<CallForm> python = Optional.of(new PythonCalls());
              assertEquals(many, text(python, List.of(many), cut));
            }
          }
        });
  }

  /** What a reply that comes in pieces has of text. */
  private static String text(Optional<CallForm> form, List<String> pieces, boolean cut) {
    StringBuilder text = new StringBuilder();
    ReplySink sink =
        new ReplySink() {
          @Override
          public void thinking(String piece) {
            throw new AssertionError(piece);
          }

          @Override
          public void text(String piece) {
            text.append(piece);
          }

          @Override
          public void call(ToolCall call) {
            throw new AssertionError(call);
          }
        };
    ReplyParser parser = new ReplyParser(false, form, sink);
    pieces.forEach(parser::accept);
    parser.finish(cut);
    return text.toString();
  }

  /** Every reply in this class, cut at random. */
  @Test
  void theResultDoesNotDependOnHowAReplyIsCut() {
    List<String> replies =
        List.of(
            "a < b <tool <tool_call",
            "<think>I\n</think>\nLet me see. \n " + CALL.formatted("{\"x\": \"</tool\"}") + "\n.",
            "\n" + CALL.formatted("{}") + " \n" + CALL.formatted("{\"a\": [1]}") + "  ",
            "<tool_call>{{</tool_call> <tool_call>" + CALL.formatted("{}"),
            "Hm. \n\n<tool_call>{\"name\": \"f\"}</tool_call>\n\nDone. <tool_call>{\"na");
    SplittableRandom random = new SplittableRandom(7);
    for (String reply : replies) {
      List<String> whole = parse(reply);
      assertEquals(whole, parse(false, JSON, reply.split("")), reply);
      for (int round = 0; round < 200; round++) {
        List<String> pieces = new ArrayList<>();
        for (int at = 0, to; at < reply.length(); at = to) {
          to = Math.min(reply.length(), at + random.nextInt(1, 12));
          pieces.add(reply.substring(at, to));
        }
        assertEquals(whole, parse(false, JSON, pieces.toArray(String[]::new)), pieces.toString());
      }
    }
  }
}
