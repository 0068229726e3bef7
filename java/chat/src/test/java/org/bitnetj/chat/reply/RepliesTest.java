package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
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
            "{\"anyOf\": [{\"const\": 7}, {\"const\": {}}]}")) {
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
