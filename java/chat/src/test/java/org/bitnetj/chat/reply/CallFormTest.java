package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitnetj.error.GrammarException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallFormTest {
  private static final CallForm JSON = new JsonCalls();
  private static final CallForm LISTED = new ListedCalls();
  private static final CallForm FENCED = new FencedCalls();
  private static final CallForm PYTHON = new PythonCalls();

  private static List<String> parse(CallForm form, String... pieces) {
    return RecordedParts.of(false, Optional.of(form), false, pieces);
  }

  private static List<String> cut(CallForm form, String... pieces) {
    return RecordedParts.of(false, Optional.of(form), true, pieces);
  }

  private static String fenced(String calls) {
    return "<tool_calls>" + calls + "</tool_calls>";
  }

  private static String fenced(String name, String arguments) {
    return "<tool_call>" + name + "\n```json\n" + arguments + "\n```</tool_call>";
  }

  private static String python(String lines) {
    return "<|tool_call_start|>\n```python\n" + lines + "\n```\n<|tool_call_end|>";
  }

  /** Reads a reply that is cut in two at every place, and in single characters. */
  private static void assertParts(CallForm form, List<String> parts, String reply) {
    assertEquals(parts, parse(form, reply));
    assertEquals(parts, parse(form, reply.split("")));
    for (int at = 0; at <= reply.length(); at++) {
      assertEquals(parts, parse(form, reply.substring(0, at), reply.substring(at)), "at " + at);
    }
  }

  @Test
  void aTemplateShowsTheForm() {
    assertInstanceOf(PythonCalls.class, CallForm.shownBy("Write so: " + python("f(a=1)")));
    assertInstanceOf(FencedCalls.class, CallForm.shownBy("Write so: " + fenced(fenced("f", "{}"))));
    assertInstanceOf(
        ListedCalls.class, CallForm.shownBy("<tool_call>{}</tool_call><tool_call>\n[{\"name\""));
    for (String other :
        List.of(
            "",
            "<tool_call>\n{\"name\": \"f\"}",
            "<|tool_call_start|>[f(a=1)]<|tool_call_end|>", // LFM2's
            "<tool_calls>[{\"name\": \"f\"}]</tool_calls>",
            fenced("f", "{}"))) {
      assertInstanceOf(JsonCalls.class, CallForm.shownBy(other), other);
    }
  }

  @Test
  void fencedCallsAreRead() {
    assertParts(FENCED, List.of("call: f{\"x\":[1,{}]}"), fenced(fenced("f", "{\"x\": [1, {}]}")));
    assertParts(
        FENCED,
        List.of(
            "text: So:", "call: a.b-c{}", "call: g{\"y\":\"```</tool_call>\"}", "text: \nDone."),
        "So:\n"
            + fenced(
                "\n" + fenced("a.b-c", "{}") + "\n" + fenced("g", "{\"y\": \"```</tool_call>\"}"))
            + "\nDone.");
    assertEquals(
        List.of("call: f{}"),
        parse(FENCED, "<tool_calls><tool_call> f ```{}``` </tool_call>\n</tool_calls>"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "f",
        "<tool_call>f</tool_call>",
        "<tool_call>f\n```json\n[1]\n```</tool_call>",
        "<tool_call>f\n```json\n{\"a\": }\n```</tool_call>",
        "<tool_call>f\n```json\n{}</tool_call>",
        "<tool_call>{\"name\": \"f\"}</tool_call>",
        "<tool_call>f\n```json\n{}\n```</tool_call> and more"
      })
  void whatIsNoFencedCallIsText(String inside) {
    String reply = "Hm. " + fenced(inside);
    assertParts(FENCED, List.of("text: " + reply), reply);
  }

  @Test
  void callsOfPythonAreRead() {
    assertParts(
        PYTHON,
        List.of("call: f{\"city\":\"Rome\",\"days\":[1,2],\"on\":true}"),
        python("f(city=\"Rome\",days=[1,2],on=true)"));
    assertParts(
        PYTHON,
        List.of("text: So:", "call: a.b-c{}", "call: g{\"from\":{\"a\":null}}", "text: \nDone."),
        "So:\n" + python("a.b-c()\ng(from = {'a': None} , )") + "\nDone.");
    assertEquals(
        List.of("call: f{\"x\":\"```\"}"),
        parse(PYTHON, "<|tool_call_start|>f(x='```')<|tool_call_end|>"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "print",
        "f(1)",
        "f(x)",
        "f(x=y)",
        "f(x=1, x=2)",
        "f(x=1 y=2)",
        "f(x=1",
        "f(x='a)",
        "f(x='a\nb')",
        "f(x='a\\\n\rb')",
        "f(x='a\\\r\rb')",
        "f(x={\"a\rb\": 1})",
        "f(x={1: 2})",
        "f(x={'a': 1, 'a': 2})",
        "f(x=007)",
        "f(x=1) + 1",
        "x = f(x=1)"
      })
  void whatIsNoCallOfPythonIsText(String lines) {
    String reply = "Hm. " + python(lines);
    assertParts(PYTHON, List.of("text: " + reply), reply);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1.50|-1.50",
        "+2|2",
        "1_000|1000",
        ".5|0.5",
        "3.|3.0",
        "1e3|1e3",
        "-1E+400|-1E+400",
        ".5e-1_0|0.5e-10",
        "-0|-0",
        "-0.0|-0.0",
        "(1, 'a')|[1,\"a\"]",
        "(1)|1",
        "(1,)|[1]",
        "[]|[]",
        "{'a': [True, False, None],}|{\"a\":[true,false,null]}",
        "'it\\'s'|\"it's\"",
        "'\\x41\\u00fc\\U0001F600\\/\\d'|\"A\u00fc\ud83d\ude00/\\\\d\"",
        "\"\\ud83d\\ude00\"|\"\ud83d\ude00\"",
        "'''a'b'''|\"a'b\"",
        "'''a\nb\r'''|\"a\\nb\\r\"",
        "'a\\\nb'|\"ab\"",
        "'a\\\r\nb'|\"ab\"",
        "'a\\\rb'|\"ab\"",
        "'a\\\r'|\"a\"",
        "'''a\\\r\n\nb'''|\"a\\nb\"",
        "''|\"\""
      })
  void literalsOfPythonBecomeJson(String both) {
    String[] parts = both.split("\\|");
    assertEquals(
        List.of("call: f{\"x\":" + parts[1] + ",\"y\":0}"),
        parse(PYTHON, python("f(x=" + parts[0] + ", y=0)")));
  }

  /** A time limit, since the digits of some would fill a memory. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "1e400",
        "-1e400",
        "1e-5000000",
        "1e999999999",
        "-1E-999999999999999999999",
        "0.1234567890123456789",
        "-0",
        "-0.0",
        "1.50",
        "12345678901234567890123"
      })
  void numbersStayAsTheyAreWritten(String number) {
    String arguments = "{\"x\":" + number + ",\"y\":[{\"z\":" + number + "}]}";
    String call = "{\"name\": \"f\", \"arguments\": " + arguments + "}";
    String whole = "call: f" + arguments;
    String keywords = "f(x=" + number + ", y=[{'z': " + number + "}])";
    String start = "<|tool_call_start|>" + keywords;
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          assertEquals(List.of(whole), parse(JSON, "<tool_call>" + call + "</tool_call>"));
          assertEquals(List.of(whole), parse(LISTED, "<tool_call>[" + call + "]</tool_call>"));
          assertEquals(List.of(whole), parse(FENCED, fenced(fenced("f", arguments))));
          assertEquals(List.of(whole), parse(PYTHON, python(keywords)));
          assertEquals(List.of(whole), cut(JSON, "<tool_call>" + call));
          assertEquals(List.of(whole), cut(PYTHON, start));
          assertEquals(arguments, CutCall.of("f", arguments + " ").wholeArguments().toString());
          assertEquals(
              "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
                  + arguments
                  + "}}]",
              ToolCall.message("", List.of(new ToolCall("1", "f", arguments)))
                  .toolCalls()
                  .orElseThrow());
          assertEquals(arguments, Tools.function("f", "", arguments).get("parameters").toString());
        });
  }

  @Test
  void literalsAreNotNestedWithoutEnd() {
    String reply = python("f(x=" + "[".repeat(5000) + "]".repeat(5000) + ")");
    assertEquals(List.of("text: " + reply), parse(PYTHON, reply));
  }

  @Test
  void marksInStringsOfJsonDoNotEndCalls() {
    String string = "\"a</tool_call>\\\"</tool_calls> <tool_call>\\\\\"";
    String arguments = "{\"</tool_call>\":" + string + ",\"y\":[\"\"]}";
    String call = "{\"name\": \"f\", \"arguments\": " + arguments + "}";
    String f = "call: f" + arguments;
    assertParts(
        JSON,
        List.of("text: So:", f, f, "text:  Done."),
        "So: <tool_call>" + call + "</tool_call>\n<tool_call>" + call + "\n</tool_call> Done.");
    assertParts(
        LISTED,
        List.of(f, f, "text: Done."),
        "<tool_call>\n[" + call + ",\n" + call + "]\n</tool_call>Done.");
    assertParts(
        FENCED,
        List.of(f, f, "text: \nDone."),
        fenced(fenced("f", arguments) + fenced("f", arguments)) + "\nDone.");
  }

  @Test
  void marksInStringsOfPythonDoNotEndCalls() {
    String end = "<|tool_call_end|>";
    String calls =
        String.join(
                "\n",
                "f(x='E\"\\'E', y='')",
                "f(x=\"E'\", y=\"\\\\\")",
                "f(x='''E''E\\'''', y=\"\"\"\"\"E\"\"\")",
                "f(x='\\\r\nE\\\rE')",
                "f(x={'E': ''})")
            .replace("E", end);
    assertParts(
        PYTHON,
        List.of(
            "text: So:",
            "call: f{\"x\":\"E\\\"'E\",\"y\":\"\"}".replace("E", end),
            "call: f{\"x\":\"E'\",\"y\":\"\\\\\"}".replace("E", end),
            "call: f{\"x\":\"E''E'\",\"y\":\"\\\"\\\"E\"}".replace("E", end),
            "call: f{\"x\":\"EE\"}".replace("E", end),
            "call: f{\"x\":{\"E\":\"\"}}".replace("E", end),
            "text: \nDone."),
        "So:\n" + python(calls) + "\nDone.");
  }

  /** Their quotes mean nothing, and what follows them is read as ever. */
  @Test
  void aMarkEndsWhatIsNoCallAlthoughAQuoteIsOpen() {
    String good = "<tool_call>{\"name\": \"g\"}</tool_call>";
    for (String bad :
        List.of(
            "<tool_call>say \"hi</tool_call>",
            "<tool_call>{\"name\": \"f</tool_call>",
            "<tool_call>\"\\\"</tool_call>",
            "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": \"a</tool_call>")) {
      for (String between : List.of("", "\n", " so \"", "\\")) {
        String reply = bad + between + "A" + good + bad + "B" + good + bad;
        assertParts(
            JSON,
            List.of(
                "text: " + bad + between + "A",
                "call: g{}",
                "text: " + bad + "B",
                "call: g{}",
                "text: " + bad),
            reply);
      }
    }
    String bad = "<|tool_call_start|>it's<|tool_call_end|>";
    String wrong = "<|tool_call_start|>f(x=\"\"\"a)<|tool_call_end|>";
    assertParts(
        PYTHON,
        List.of("text: " + bad + "A", "call: g{}", "text: " + wrong + "B", "call: g{}"),
        bad + "A" + python("g()") + wrong + "B" + python("g()"));
    String name = fenced("<tool_call>a\"b\n```json\n{}\n```</tool_call>");
    assertParts(FENCED, List.of("call: a\"b{}", "call: f{}"), name + fenced(fenced("f", "{}")));
  }

  /** No string in single quotes goes on in the next line. */
  @Test
  void aLineBreakEndsTheWaitForTheEndOfAString() {
    for (String quote : List.of("'", "\"")) {
      for (String lineBreak : List.of("\n", "\r")) {
        String bad = "<|tool_call_start|>it" + quote + "s<|tool_call_end|>";
        RecordedParts recorded = new RecordedParts();
        ReplyParser parser = new ReplyParser(false, Optional.of(PYTHON), recorded);
        parser.accept(bad + "A");
        assertEquals(List.of(), recorded.parts);
        parser.accept(lineBreak + "B");
        assertEquals(List.of("text: " + bad + "A" + lineBreak + "B"), recorded.parts);
      }
    }
    String end = "<|tool_call_end|>";
    assertParts(
        PYTHON,
        List.of("call: f{\"x\":\"" + end + "\\n" + end + "\"}"),
        python("f(x='''" + end + "\n" + end + "''')"));
  }

  @Test
  void aCallThatIsCutInAStringWithAMarkHasTheBeginningOfItsArguments() {
    String begun = "{\"x\": \"a</tool_call>b";
    String call = "<tool_call>{\"name\": \"f\", \"arguments\": " + begun;
    List<String> parts = List.of("cut: f" + begun + " of " + call);
    assertEquals(parts, cut(JSON, call));
    assertEquals(parts, cut(JSON, call.split("")));
    assertEquals(List.of("text: " + call), parse(JSON, call));
    String bad = "<tool_call>\"</tool_call>";
    assertEquals(List.of("text: " + bad + "b"), cut(JSON, bad + "b"));
    String good = "<tool_call>{\"name\": \"g\"}</tool_call>";
    assertEquals(
        List.of("text: " + bad, "call: g{}", "cut: f" + begun + " of " + call),
        cut(JSON, bad + good + call));
    String python = "<|tool_call_start|>f(x='<|tool_call_end|>";
    assertEquals(List.of("cut: f{ of " + python), cut(PYTHON, python));
  }

  /** Seconds for a text of this length are a time that is linear in it. */
  @Test
  void marksInStringsAreReadInLinearTime() {
    String many = "</tool_call>".repeat(30_000);
    String call = "{\"name\":\"f\",\"arguments\":{\"x\":\"" + many + "\"}}";
    String broken = "<tool_call>\"\\\"</tool_call>".repeat(10_000);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          assertEquals(
              List.of("call: f{\"x\":\"" + many + "\"}"),
              parse(JSON, ("<tool_call>" + call + "</tool_call>").split("(?<=>)")));
          assertEquals(List.of("text: " + broken), parse(JSON, broken));
        });
  }

  @Test
  void theResultOfARandomReplyDoesNotDependOnHowItIsCut() {
    SplittableRandom random = new SplittableRandom(11);
    for (CallForm form : List.of(JSON, LISTED, FENCED, PYTHON)) {
      List<String> words =
          new ArrayList<>(
              List.of(
                  "'", "\"", "\"", "\\", "\n", " ", "a", "``", "f(x=", ")", "{\"name\": \"f\"}"));
      form.marks().forEach(mark -> words.addAll(List.of(mark, mark)));
      for (int round = 0; round < 2000; round++) {
        StringBuilder reply = new StringBuilder();
        for (int i = random.nextInt(20); i >= 0; i--) {
          reply.append(words.get(random.nextInt(words.size())));
        }
        String all = reply.toString();
        int at = random.nextInt(all.length() + 1);
        for (boolean cut : new boolean[] {false, true}) {
          List<String> whole = RecordedParts.of(false, Optional.of(form), cut, all);
          String[][] pieces = {all.split(""), {all.substring(0, at), all.substring(at)}};
          for (String[] some : pieces) {
            assertEquals(whole, RecordedParts.of(false, Optional.of(form), cut, some), all);
          }
        }
      }
    }
  }

  /** What there is of a call once its name is known; before that it is text. */
  @Test
  void aCallThatIsCutHasTheBeginningOfItsArguments() {
    String call = "\n{\"name\": \"f\", \"arguments\": {\"a\": \"b}\", \"c\": [true, -2.5]}}\n";
    int named = call.indexOf("\"f\"") + 3;
    int begin = call.indexOf("{\"a\"");
    int end = call.indexOf("}\n");
    for (int at = 0; at < call.length(); at++) {
      String written = "<tool_call>" + call.substring(0, at);
      String expected =
          at < named
              ? "text: " + written
              : "cut: f" + call.substring(begin, Math.clamp(at, begin, end)) + " of " + written;
      if (at > end) {
        expected = "call: f{\"a\":\"b}\",\"c\":[true,-2.5]}"; // nothing but its end is missing
      }
      assertEquals(List.of(expected), cut(JSON, written));
      assertEquals(List.of(expected), cut(JSON, written.split("")));
      assertEquals(List.of("text: " + written), parse(JSON, written));
    }
  }

  @Test
  void theCallsBeforeOneThatIsCutAreWhole() {
    String listed = "[\n  {\"name\": \"f\", \"arguments\": {}},\n  ";
    String second = "{\"name\": \"g\", \"arguments\": {\"x\": ";
    assertEquals(
        List.of("call: f{}", "cut: g{\"x\":  of " + second),
        cut(LISTED, "<tool_call>\n" + listed + second));
    assertEquals(
        List.of("call: f{}", "text: {\"name\": \"g"),
        cut(LISTED, "<tool_call>\n" + listed + "{\"name\": \"g"));
    for (String rest : List.of("", "]", "]\n</tool_ca")) {
      String calls = "<tool_call>\n" + listed.replace(",\n", "\n") + rest;
      assertEquals(List.of("call: f{}"), cut(LISTED, calls), rest);
    }
    assertEquals(List.of("call: f{}"), cut(LISTED, "<tool_call>\n" + listed));
    assertEquals(List.of("call: f{}", "text: {}]"), cut(LISTED, "<tool_call>\n" + listed + "{}]"));
    assertEquals(
        List.of("call: f{}", "cut: g of {\"name\": \"g\", "),
        cut(LISTED, "<tool_call>\n" + listed + "{\"name\": \"g\", "));
  }

  @Test
  void aFencedCallThatIsCutHasTheBeginningOfItsArguments() {
    String whole = "<tool_calls>" + fenced("f", "{}") + "\n";
    String head = "<tool_call>gg\n```json\n";
    String arguments = "{\"a\": \"b\", \"c\": -1}";
    for (int at = 0; at <= arguments.length(); at++) {
      String begun = arguments.substring(0, at);
      String shown = at == arguments.length() ? begun.replace(" ", "") : begun;
      assertEquals(
          List.of("call: f{}", "cut: gg" + shown + " of \n" + head + begun),
          cut(FENCED, whole + head + begun));
    }
    for (String end : List.of("\n", "\n``", "\n```</tool_c")) {
      assertEquals(
          List.of("call: f{}", "cut: gg{} of \n" + head + "{}" + end),
          cut(FENCED, whole + head + "{}" + end));
    }
    for (String end : List.of("", "<", "</tool_call", "</tool_calls")) {
      assertEquals(List.of("call: f{}"), cut(FENCED, whole + end), end);
    }
    assertEquals(List.of("call: f{}", "text: \n<tool_call>g"), cut(FENCED, whole + "<tool_call>g"));
    String wrong = "<tool_calls>" + head + "{\"a\": ?";
    assertEquals(List.of("text: " + wrong), cut(FENCED, wrong));
  }

  @Test
  void aCallOfPythonThatIsCutHasTheBeginningOfItsArguments() {
    String start = "<|tool_call_start|>\n```python\n";
    String before = start + "f(a=1)\n";
    String[][] cases = {
      {"g(", "{"},
      {"g(x", "{"},
      {"g(x=", "{"},
      {"g(x=1", "{\"x\":1"},
      {"g(x=1,", "{\"x\":1"},
      {"g(x='a', yy=\"b, [", "{\"x\":\"a\",\"yy\":\"b, ["},
      {"g(x='a', yy='b", "{\"x\":\"a\""},
      {"g(x='a', yy=[True, 'b", "{\"x\":\"a\""},
      {"g(x=[1, {\"z\": tr", "{\"x\":[1, {\"z\": tr"}
    };
    for (String[] one : cases) {
      assertEquals(
          List.of("call: f{\"a\":1}", "cut: g" + one[1] + " of \n" + one[0]),
          cut(PYTHON, before + one[0]));
    }
    for (String end : List.of("", "``", "```", "```\n<|tool_call_en")) {
      assertEquals(List.of("call: f{\"a\":1}"), cut(PYTHON, before + end), end);
    }
    assertEquals(List.of("text: " + start + "gg"), cut(PYTHON, start + "gg"));
    assertEquals(List.of("text: " + start + "g(x?"), cut(PYTHON, start + "g(x?"));
  }

  @Test
  void argumentsThatAreWholeAreKnownOfACallThatIsCut() {
    String arguments = "{\"a\": \"b}\", \"c\": [1, 25], \"d\": 12";
    List<String> known = new ArrayList<>();
    for (int at = 0; at <= arguments.length(); at++) {
      String whole = CutCall.of("f", arguments.substring(0, at)).wholeArguments().toString();
      if (known.isEmpty() || !known.getLast().equals(whole)) {
        known.add(whole);
      }
    }
    assertEquals(List.of("{}", "{\"a\":\"b}\"}", "{\"a\":\"b}\",\"c\":[1,25]}"), known);
    assertTrue(CutCall.of("f", "{\"d\": 12}").wholeArguments().has("d"));
  }

  @Test
  void whatFollowsAWholeCallIsTextWhereItIsCut() {
    String call = "{\"name\": \"f\", \"arguments\": {}}";
    assertEquals(List.of("call: f{}", "text:  So"), cut(JSON, "<tool_call>" + call + " So"));
    for (String rest : List.of(", 5", "] 5")) {
      assertEquals(
          List.of("call: f{}", "text:  5"), cut(LISTED, "<tool_call>[" + call + rest), rest);
    }
    for (String rest : List.of("", ",", "\n]", "]\n</tool_c")) {
      assertEquals(List.of("call: f{}"), cut(LISTED, "<tool_call>[" + call + rest), rest);
    }
  }

  @Test
  void aStringInThreeQuotesIsNoBeginningOfJson() {
    String written = "<|tool_call_start|>f(a=1,x=\"\"\"";
    assertEquals(List.of("cut: f{\"a\":1 of " + written), cut(PYTHON, written));
  }

  /** Seconds for a text of this length are a time that is linear in it. */
  @Test
  void longDigitsInACallThatIsCutAreReadInLinearTime() {
    String written = "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": \"";
    String digits = "7".repeat(100_000) + "x";
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () ->
            assertEquals(
                List.of("cut: f{\"x\": \"" + digits + " of " + written + digits),
                cut(JSON, written + digits)));
  }

  @Test
  void referencesOfAKeywordArgumentMeanTheSameAsInTheWholeSchema() {
    String property =
        "{\"properties\": {\"x\": {\"$ref\": \"#/$defs/a\"%s}}, \"$defs\": {\"a\": %s}}";
    String string = "{\"type\": \"string\"}";
    assertEquals(
        KeywordArguments.of(Tools.function("f", "", property.formatted("", string))),
        KeywordArguments.of(
            Tools.function(
                "f",
                "",
                property.formatted(", \"$defs\": {\"a\": {\"type\": \"null\"}}", string))));
    String whole = "{\"anyOf\": [{\"type\": \"null\"}, {\"$ref\": \"#\"}]}";
    GrammarException e =
        assertThrows(
            GrammarException.class,
            () -> KeywordArguments.of(Tools.function("f", "", property.formatted("", whole))));
    assertTrue(e.getMessage().endsWith("without '$ref' to \"#\""), e.getMessage());
  }
}
