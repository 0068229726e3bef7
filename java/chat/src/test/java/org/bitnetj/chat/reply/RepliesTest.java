package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.ConstraintState;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RepliesTest {
  private static final Tools DICE =
      new Tools(
          List.of(
              Tools.function(
                  "dice",
                  "Rolls a dice.",
                  """
                  {"type": "object", "properties": {"sides": {"const": 6}}, "required": ["sides"],
                   "additionalProperties": false}\
                  """)),
          Tools.Choice.AUTO,
          Optional.empty(),
          false);

  private static LanguageModel model;
  private static Replies replies;

  @BeforeAll
  static void load() {
    model = ShippedModel.load();
    replies = new Replies(model);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /** Collects a reply. */
  private static final class Parts implements ReplySink {
    final StringBuilder text = new StringBuilder();
    final List<ToolCall> calls = new ArrayList<>();

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
      calls.add(call);
    }
  }

  private static ChatRequest request(
      Tools tools, Optional<Grammar> format, GenerationOptions options) {
    return new ChatRequest(
        List.of(ChatMessage.system("Be kind."), ChatMessage.user("Go on.")),
        tools,
        Optional.empty(),
        format,
        options);
  }

  private static Tools choosing(Tools.Choice choice) {
    return new Tools(DICE.functions(), choice, Optional.empty(), false);
  }

  private static Reply answer(ChatRequest request, Parts parts) {
    ChatPrompt prompt = replies.prepare(request);
    try (Session session = replies.open(prompt)) {
      return replies.answer(session, prompt, parts);
    }
  }

  private static String prompt(Tools tools) {
    ChatRequest request = request(tools, Optional.empty(), GenerationOptions.defaults());
    return model.tokenizer().decode(replies.prepare(request).ids(), false);
  }

  @Test
  void aModelWhoseTemplateKnowsNoToolsIsToldOfThemInTheSystemMessage() {
    String told = prompt(DICE);
    assertTrue(
        told.contains("Be kind.\n\nYou can call these functions:\n{\"name\":\"dice\""), told);
    for (Tools none : List.of(Tools.ABSENT, choosing(Tools.Choice.NONE))) {
      assertFalse(prompt(none).contains("dice"), prompt(none));
    }
  }

  @Test
  void aModelWhoseTemplateKnowsToolsIsToldByIt() {
    String template =
        "{% if tools %}TOOLS {{ tools | tojson }}\n{% endif %}" + ShippedModel.TEMPLATE;
    try (LanguageModel knowing = ShippedModel.load(template)) {
      ChatRequest request = request(DICE, Optional.empty(), GenerationOptions.defaults());
      String told = knowing.tokenizer().decode(new Replies(knowing).prepare(request).ids(), false);
      assertTrue(told.contains("TOOLS ["), told);
      assertFalse(told.contains("You can call"), told);
    }
  }

  @Test
  void requiredCallsComeAndNothingElse() {
    Parts parts = new Parts();
    Reply reply =
        answer(
            request(choosing(Tools.Choice.REQUIRED), Optional.empty(), GenerationOptions.greedy()),
            parts);
    assertEquals("", parts.text.toString());
    assertEquals(1, reply.calls());
    assertEquals("dice", parts.calls.getFirst().name());
    assertEquals("{\"sides\":6}", parts.calls.getFirst().arguments());
    assertEquals(FinishReason.END_TOKEN, reply.result().finishReason());
  }

  @Test
  void aFormatOfAllOfTheAnswerSaysWhichCallsComeToo() {
    Parts parts = new Parts();
    answer(
        request(
            DICE.byFormat(),
            Optional.of(
                Grammar.text(
                    "First.\n<tool_call>{\"name\": \"dice\", \"arguments\": {}}</tool_call>")),
            GenerationOptions.greedy()),
        parts);
    assertEquals("First.", parts.text.toString());
    assertEquals("{}", parts.calls.getFirst().arguments());
    Parts none = new Parts();
    answer(
        request(
            DICE.byFormat(),
            Optional.of(Grammar.regex("<tool[a-z]{3}")),
            GenerationOptions.greedy()),
        none);
    assertTrue(none.text.toString().matches("<tool[a-z]{3}"), none.text.toString());
  }

  @Test
  void anAnswerIsOfItsFormat() {
    Parts parts = new Parts();
    answer(
        request(
            Tools.ABSENT,
            Optional.of(Grammar.jsonSchema("{\"enum\": [12, 34]}")),
            GenerationOptions.greedy()),
        parts);
    assertTrue(List.of("12", "34").contains(parts.text.toString()), parts.text.toString());
  }

  @Test
  void aSessionHasRoomForPromptAndAnswerAndNoMore() {
    ChatPrompt some =
        replies.prepare(
            request(
                Tools.ABSENT, Optional.empty(), GenerationOptions.defaults().withMaxTokens(10)));
    try (Session session = replies.open(some)) {
      assertEquals(some.ids().length + 11, session.context());
    }
    ChatPrompt endless =
        replies.prepare(request(Tools.ABSENT, Optional.empty(), GenerationOptions.defaults()));
    try (Session session = replies.open(endless)) {
      assertEquals(512, session.context());
    }
  }

  /** As Falcon3's template does. */
  @Test
  void aModelWhoseTemplateListsCallsIsMadeToListThem() {
    String template =
        """
        {% if tools %}TOOLS {{ tools | tojson }}
        Write <tool_call>{}</tool_call>
        {% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}\
        {% if m.tool_calls %}<tool_call>
        {{ m.tool_calls | tojson(indent=2) }}
        </tool_call>{% endif %}
        {% endfor %}assistant:\
        """;
    String call = "\\{\"name\": \"dice\", \"arguments\": \\{\\s*\"sides\":\\s*6\\s*}}";
    try (LanguageModel listing = ShippedModel.load(template)) {
      String one = forced(listing, false, 100);
      assertTrue(one.matches("<tool_call>\n\\[\n  " + call + "\n]\n</tool_call>"), one);
      String several = forced(listing, true, 100); // this model goes on until it is cut
      String start = "(?s)<tool_call>\n\\[\n  " + call + ",\n  " + call + "[,\n].*";
      assertTrue(several.matches(start), several);
    }
  }

  /** As the template of Hunyuan's dense models does. */
  private static final String FENCING =
      """
      {% if tools %}TOOLS {{ tools | tojson }}
      Write <tool_calls> <tool_call>NAME
      ```json
      ARGUMENTS
      ```</tool_call> </tool_calls>
      {% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}\
      {% if m.tool_calls %}<tool_calls>{% for c in m.tool_calls %}<tool_call>{{ c.function.name }}
      ```json
      {{ c.function.arguments | tojson }}
      ```</tool_call>{% endfor %}</tool_calls>{% endif %}
      {% endfor %}assistant:\
      """;

  /** As MiniCPM's does. */
  private static final String PYTHON =
      """
      {% if tools %}TOOLS {{ tools | tojson }}
      {% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}\
      {% if m.tool_calls %}<|tool_call_start|>
      ```python
      {% for c in m.tool_calls %}{{ c.function.name }}({% for k, v in c.function.arguments.items() %}\
      {{ k }}={{ v | tojson }}{{ "," if not loop.last }}{% endfor %})
      {% endfor %}```
      <|tool_call_end|>{% endif %}
      {% endfor %}assistant:\
      """;

  @Test
  void aModelWhoseTemplateFencesArgumentsIsMadeToFenceThem() {
    String call = "<tool_call>dice\n```json\n\\{\\s*\"sides\":\\s*6\\s*}\n```</tool_call>";
    try (LanguageModel fencing = ShippedModel.load(FENCING)) {
      String one = forced(fencing, false, 100);
      assertTrue(one.matches("<tool_calls>\n?" + call + "\n?</tool_calls>"), one);
      String several = forced(fencing, true, 120);
      assertTrue(several.matches("(?s)<tool_calls>\n?" + call + "\n?<.*"), several);
    }
  }

  @Test
  void aTemplateThatRefusesEarlierCallsShowsTheFormWhereItExplainsIt() {
    String call = "{% if m.tool_calls %}";
    String refusing = FENCING.replace(call, call + "{{ raise_exception('no') }}");
    try (LanguageModel fencing = ShippedModel.load(refusing)) {
      String one = forced(fencing, false, 100);
      assertTrue(one.startsWith("<tool_calls>"), one);
    }
  }

  @Test
  void aModelWhoseTemplateCallsInPythonIsMadeToCallInPython() {
    try (LanguageModel python = ShippedModel.load(PYTHON)) {
      String start = "<|tool_call_start|>\n```python\n";
      assertEquals(start + "dice(sides=6)\n```\n<|tool_call_end|>", forced(python, false, 100));
      String several = forced(python, true, 120);
      assertTrue(several.startsWith(start + "dice(sides=6)\n"), several);
    }
  }

  private static List<ToolCall> called(LanguageModel model, String schema, long seed) {
    Tools tools =
        new Tools(
            List.of(Tools.function("f", "", schema)),
            Tools.Choice.REQUIRED,
            Optional.empty(),
            false);
    Replies its = new Replies(model);
    ChatPrompt prompt =
        its.prepare(
            request(
                tools,
                Optional.empty(),
                new ReplyOptions().temperature(1.5).seed(seed).maxTokens(200).options()));
    Parts parts = new Parts();
    try (Session session = its.open(prompt)) {
      its.answer(session, prompt, parts);
    }
    assertEquals("", parts.text.toString());
    return parts.calls;
  }

  @Test
  void argumentsInPythonAreOfTheirSchemas() {
    String schema =
        """
        {"$defs": {"unit": {"enum": ["C", "F"]}},
         "properties": {
           "a": {"type": "boolean"},
           "b": {"$ref": "#/$defs/unit"},
           "c": {"type": "object", "properties": {"x": {"type": "integer", "maximum": 9}},
             "required": ["x"], "additionalProperties": false},
           "d": {"const": null}},
         "required": ["b"]}\
        """;
    Pattern arguments =
        Pattern.compile(
            "\\{(\"a\":(true|false),)?\"b\":\"[CF]\"(,\"c\":\\{\"x\":-?\\d+})?(,\"d\":null)?}");
    Set<String> written = new HashSet<>();
    try (LanguageModel python = ShippedModel.load(PYTHON)) {
      for (int seed = 0; seed < 12; seed++) {
        ToolCall call = called(python, schema, seed).getFirst();
        assertEquals("f", call.name());
        assertTrue(arguments.matcher(call.arguments()).matches(), call.arguments());
        written.add(call.arguments());
      }
      assertEquals("{}", called(python, "{\"properties\": {}}", 1).getFirst().arguments());
    }
    assertTrue(written.size() > 2, written.toString());
  }

  private static Tools properties(int count) {
    String schema =
        IntStream.range(0, count)
            .mapToObj(
                i ->
                    "\"p"
                        + i
                        + "\": {\"type\": [\"string\", \"object\"], \"maxLength\": "
                        + i
                        + "}")
            .collect(Collectors.joining(", ", "{\"properties\": {", "}}"));
    return new Tools(
        List.of(Tools.function("f", "", schema)), Tools.Choice.REQUIRED, Optional.empty(), true);
  }

  /** As many as there may be; their grammars once took minutes. */
  @Test
  void manyArgumentsMayAllBeLeftOut() {
    try (LanguageModel python = ShippedModel.load(PYTHON)) {
      Replies its = new Replies(python);
      ConstraintState state =
          assertTimeoutPreemptively(
              Duration.ofSeconds(30),
              () ->
                  its.prepare(
                          request(properties(250), Optional.empty(), GenerationOptions.defaults()))
                      .options()
                      .constraint()
                      .orElseThrow()
                      .start());
      String call =
          "<|tool_call_start|>\n"
              + "```python\n"
              + "f(p3=\"abc\",p4={},p249=\"\")\n"
              + "f()\n"
              + "```\n"
              + "<|tool_call_end|>";
      for (int token : python.tokenizer().encode(call, false, false)) {
        state.accept(token);
      }
      assertTrue(state.isOver());
      ChatRequest more = request(properties(251), Optional.empty(), GenerationOptions.defaults());
      GrammarException refused = assertThrows(GrammarException.class, () -> its.prepare(more));
      assertEquals(
          "parameters of f: this model writes arguments by keywords, at most 250",
          refused.getMessage());
    }
  }

  /** All subsets of some arguments, in every mix of required and optional ones. */
  @Test
  void argumentsInPythonAreLeftOutIfTheyAreNotRequired() {
    try (LanguageModel python = ShippedModel.load(PYTHON)) {
      ConstraintCompiler compiler = new ConstraintCompiler(python.tokenizer());
      for (int required = 0; required < 16; required++) {
        List<String> names = names(required);
        String schema =
            "{\"properties\": {\"a\": {\"const\": 1}, \"b\": {\"const\": 2}, \"c\": {\"const\": 3},"
                + " \"d\": {\"const\": 4}}, \"required\": "
                + names.stream()
                    .collect(Collectors.joining("\",\"", "[\"", "\"]"))
                    .replace("[\"\"]", "[]")
                + "}";
        Constraint constraint =
            compiler.compile(
                Grammar.sequence(
                    KeywordArguments.of(Tools.function("f", "", schema)), Grammar.text(")")));
        for (int written = 0; written < 16; written++) {
          String text =
              names(written).stream()
                  .map(name -> name + "=" + (name.charAt(0) - 'a' + 1))
                  .collect(Collectors.joining(",", "", ")"));
          assertEquals((written & required) == required, allows(constraint, python, text), text);
          assertFalse(allows(constraint, python, "," + text));
        }
      }
    }
  }

  private static List<String> names(int bits) {
    return IntStream.range(0, 4)
        .filter(i -> (bits >> i & 1) != 0)
        .mapToObj("abcd"::substring)
        .map(rest -> rest.substring(0, 1))
        .toList();
  }

  private static boolean allows(Constraint constraint, LanguageModel model, String text) {
    ConstraintState state = constraint.start();
    for (int token : model.tokenizer().encode(text, false, false)) {
      if (!state.allows(token)) {
        return false;
      }
      state.accept(token);
    }
    return state.isOver();
  }

  @Test
  void whatKeywordArgumentsCannotExpressIsRefusedByName() {
    String[][] cases = {
      {"{\"anyOf\": [{\"required\": [\"a\"]}], \"properties\": {\"a\": true}}", "'anyOf'"},
      {"{\"minProperties\": 1, \"properties\": {\"a\": true}}", "'minProperties'"},
      {"{\"properties\": {\"a-b\": true}}", "'a-b' cannot be one"},
      {"{\"required\": [\"a\"]}", "'a' has no schema"},
      {
        "{\"properties\": {\"a\": {\"type\": \"integer\"},"
            + " \"b\": {\"$ref\": \"#/properties/a\"}}}",
        "'$ref' to \"#/properties/a\""
      },
      {"{\"properties\": {\"a\": {\"uniqueItems\": true, \"type\": \"array\"}}}", "uniqueItems"}
    };
    try (LanguageModel python = ShippedModel.load(PYTHON)) {
      for (String[] one : cases) {
        GrammarException refused =
            assertThrows(GrammarException.class, () -> called(python, one[0], 1), one[0]);
        assertTrue(refused.getMessage().startsWith("parameters of f: "), refused.getMessage());
        assertTrue(refused.getMessage().contains(one[1]), refused.getMessage());
      }
    }
  }

  private static String forced(LanguageModel model, boolean several, int most) {
    Tools tools = new Tools(DICE.functions(), Tools.Choice.REQUIRED, Optional.empty(), several);
    Replies its = new Replies(model);
    ChatPrompt prompt =
        its.prepare(
            request(tools, Optional.empty(), GenerationOptions.greedy().withMaxTokens(most)));
    StringBuilder written = new StringBuilder();
    try (Session session = its.open(prompt)) {
      session.generate(prompt.ids(), prompt.options(), written::append);
    }
    return written.toString();
  }

  @Test
  void argumentsAreAnObjectWhateverElseTheirSchemaAllows() {
    for (String schema :
        List.of(
            "{\"additionalProperties\": false}",
            "{\"type\": [\"string\", \"object\"], \"additionalProperties\": false}",
            "{\"anyOf\": [{\"const\": 7}, {\"const\": {}}]}",
            // Up to draft 7 what stands beside a reference is ignored.
            "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"$ref\":"
                + " \"#/definitions/a\", \"definitions\": {\"a\": {\"enum\": [7, {}]}}}",
            "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"enum\": [7, {}]}}}")) {
      Tools tools =
          new Tools(
              List.of(Tools.function("f", "", schema)),
              Tools.Choice.REQUIRED,
              Optional.empty(),
              false);
      Parts parts = new Parts();
      answer(request(tools, Optional.empty(), GenerationOptions.greedy()), parts);
      assertEquals("", parts.text.toString(), schema);
      assertEquals("{}", parts.calls.getFirst().arguments(), schema);
    }
  }

  /** A reference to the whole schema means what the schema says, not objects alone. */
  @Test
  void aReferenceToTheParametersMeansAllOfTheirValues() {
    String schema =
        "{\"type\": [\"object\", \"null\"], \"properties\": {\"next\": {\"$ref\": \"#\"}},"
            + " \"required\": [\"next\"], \"additionalProperties\": false}";
    ConstraintCompiler compiler = new ConstraintCompiler(model.tokenizer());
    Constraint arguments =
        compiler.compile(
            Grammar.sequence(
                CallGrammar.arguments(Tools.function("f", "", schema)), Grammar.text(".")));
    assertTrue(allows(arguments, model, "{\"next\": {\"next\": null}}."));
    assertFalse(allows(arguments, model, "null."));
  }

  @Test
  void parametersThatCannotBeHeldToAreNamedWithTheirTool() {
    Tools tools =
        new Tools(
            List.of(
                Tools.function("dice", "", "{\"properties\": {\"a\": {\"type\": \"nothing\"}}}")),
            Tools.Choice.REQUIRED,
            Optional.empty(),
            true);
    ChatRequest request = request(tools, Optional.empty(), GenerationOptions.defaults());
    GrammarException refused = assertThrows(GrammarException.class, () -> replies.prepare(request));
    assertTrue(refused.getMessage().startsWith("parameters of dice: "), refused.getMessage());
  }

  @Test
  void aFunctionHasANameThatNeedsNoQuotesAndParametersThatAreAnObject() {
    assertEquals(
        "{\"name\":\"a.b-c_1\",\"parameters\":{}}", Tools.function("a.b-c_1", "", "{}").toString());
    assertThrows(IllegalArgumentException.class, () -> Tools.function("a\"b", "", "{}"));
    assertThrows(IllegalArgumentException.class, () -> Tools.function("f", "", "[]"));
    for (String type : List.of("\"string\"", "[\"string\", \"null\"]", "null")) {
      String schema = "{\"type\": " + type + "}";
      assertThrows(IllegalArgumentException.class, () -> Tools.function("f", "", schema), schema);
    }
    assertThrows(
        IllegalArgumentException.class, () -> Tools.function("f", "", "{\"a\": 1, \"a\": 2}"));
  }

  @Test
  void callsBecomeAMessage() {
    ChatMessage message =
        ToolCall.message("Well.", List.of(new ToolCall("1", "f", "{\"x\": [1]}")));
    assertEquals("Well.", message.content());
    assertEquals(
        "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1]}}}]",
        message.toolCalls().orElseThrow());
    List<ToolCall> broken = List.of(new ToolCall("1", "f", "{\"x\": "));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> ToolCall.message("", broken));
    assertTrue(
        refused.getMessage().startsWith("The arguments of the call of f must be a JSON object"),
        refused.getMessage());
  }

  @Test
  void aCallWithoutArgumentsHasAnEmptyObjectOfThem() {
    for (String none : new String[] {"", " \n", null, "{}"}) {
      ToolCall call = new ToolCall("1", "f", none);
      assertEquals("{}", call.arguments());
      assertEquals(
          "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]",
          ToolCall.message("", List.of(call)).toolCalls().orElseThrow());
    }
  }

  @Test
  void aConstraintGoesWithoutAFormatAndRequiredCalls() {
    GenerationOptions held =
        GenerationOptions.defaults().withConstraint(ShippedModel.saying(model, "Yes."));
    Optional<Grammar> format = Optional.of(Grammar.jsonObject());
    request(DICE, Optional.empty(), held);
    assertThrows(IllegalArgumentException.class, () -> request(Tools.ABSENT, format, held));
    assertThrows(
        IllegalArgumentException.class,
        () -> request(choosing(Tools.Choice.REQUIRED), Optional.empty(), held));
  }

  @Test
  void requiredCallsNeedAFunction() {
    assertEquals(Tools.ABSENT, Tools.of(List.of(), Tools.Choice.AUTO, null));
    assertTrue(Tools.of(DICE.functions(), Tools.Choice.AUTO, null).several());
    assertFalse(Tools.of(DICE.functions(), Tools.Choice.AUTO, false).several());
    assertThrows(
        IllegalArgumentException.class, () -> Tools.of(List.of(), Tools.Choice.REQUIRED, null));
  }
}
