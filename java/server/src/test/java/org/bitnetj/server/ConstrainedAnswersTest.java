package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A story teller answers in JSON and calls functions, because it must. */
class ConstrainedAnswersTest {
  private static final String TOOLS =
      """
      "tools": [
        {"type": "function", "function": {"name": "weather", "description": "Tells the weather.",
          "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}},
            "required": ["city"], "additionalProperties": false}}},
        {"type": "function", "function": {"name": "dice", "parameters": {"type": "object",
          "properties": {"sides": {"type": "integer", "minimum": 2, "maximum": 20}},
          "required": ["sides"], "additionalProperties": false}}},
        {"type": "web_search"}]\
      """;

  private static ServedModel served;

  @BeforeAll
  static void start() throws Exception {
    served = new ServedModel(ServedModel.options());
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static JsonNode chat(String rest) throws Exception {
    return served.ask(
        "/v1/chat/completions",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Go on.\"}], " + rest + "}");
  }

  @Test
  void anAnswerIsOfItsSchema() throws Exception {
    for (int seed = 0; seed < 5; seed++) {
      JsonNode answer =
          chat(
              """
              "seed": %d, "response_format": {"type": "json_schema", "json_schema": {
                "name": "mood", "strict": true, "schema": {"type": "object",
                "properties": {"mood": {"enum": ["glad", "sad"]}, "since": {"type": "integer",
                  "minimum": 1990, "maximum": 2030}},
                "required": ["mood", "since"], "additionalProperties": false}}}\
              """
                  .formatted(seed));
      assertEquals("stop", answer.at("/choices/0/finish_reason").textValue());
      JsonNode content =
          ServedModel.JSON.readTree(answer.at("/choices/0/message/content").textValue());
      assertEquals(2, content.size());
      assertTrue(List.of("glad", "sad").contains(content.get("mood").textValue()));
      int since = content.get("since").intValue();
      assertTrue(since >= 1990 && since <= 2030, content.toString());
    }
  }

  @Test
  void aJsonObjectIsOneOrIsCutShort() throws Exception {
    JsonNode answer =
        chat("\"seed\": 1, \"max_tokens\": 60, \"response_format\": {\"type\": \"json_object\"}");
    String content = answer.at("/choices/0/message/content").textValue();
    assertTrue(content.startsWith("{"), content);
    if (answer.at("/choices/0/finish_reason").textValue().equals("stop")) {
      assertTrue(ServedModel.JSON.readTree(content).isObject(), content);
    }
  }

  @Test
  void aForcedCallHasTheArgumentsOfItsSchema() throws Exception {
    JsonNode answer =
        chat(
            TOOLS
                + ", \"seed\": 2, \"parallel_tool_calls\": false, \"tool_choice\":"
                + " {\"type\": \"function\", \"function\": {\"name\": \"weather\"}}");
    assertEquals("tool_calls", answer.at("/choices/0/finish_reason").textValue());
    JsonNode calls = answer.at("/choices/0/message/tool_calls");
    assertEquals(1, calls.size());
    assertEquals("weather", calls.at("/0/function/name").textValue());
    JsonNode arguments = ServedModel.JSON.readTree(calls.at("/0/function/arguments").textValue());
    assertTrue(List.of("Rome", "Oslo").contains(arguments.get("city").textValue()));
    assertTrue(answer.at("/choices/0/message/content").isNull());
  }

  @Test
  void aFunctionWithoutParametersIsCalledWithNone() throws Exception {
    JsonNode answer =
        chat(
            "\"seed\": 1, \"parallel_tool_calls\": false, \"tool_choice\": \"required\", \"tools\":"
                + " [{\"type\": \"function\", \"function\": {\"name\": \"now\"}}]");
    assertEquals("{}", answer.at("/choices/0/message/tool_calls/0/function/arguments").asText());
  }

  @Test
  void parametersMustBeOfAnObject() throws Exception {
    HttpResponse<String> response =
        served.post(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function",
              "function": {"name": "f", "parameters": {"type": "string"}}}]}\
            """);
    assertEquals(400, response.statusCode());
    assertEquals(
        "tools[0].function.parameters",
        ServedModel.JSON.readTree(response.body()).at("/error/param").textValue());
  }

  @Test
  void onlyAllowedToolsAreCalled() throws Exception {
    String allowed = "\"mode\": \"required\", \"tools\": [{\"type\": \"function\", %s}]";
    for (int seed = 0; seed < 4; seed++) {
      JsonNode calls =
          chat(TOOLS
                  + ", \"seed\": "
                  + seed
                  + ", \"tool_choice\": {\"type\": \"allowed_tools\", \"allowed_tools\": {"
                  + allowed.formatted("\"function\": {\"name\": \"dice\"}")
                  + "}}")
              .at("/choices/0/message/tool_calls");
      assertTrue(calls.size() >= 1);
      calls.forEach(call -> assertEquals("dice", call.at("/function/name").textValue()));
    }
    JsonNode response =
        served.ask(
            "/v1/responses",
            """
            {"input": "Go on.", "parallel_tool_calls": false, "tools": [
               {"type": "function", "name": "a", "parameters": {"const": {}}},
               {"type": "function", "name": "b", "parameters": {"const": {}}}],
             "tool_choice": {"type": "allowed_tools", %s}}\
            """
                .formatted(allowed.formatted("\"name\": \"b\"")));
    assertEquals("b", response.at("/output/0/name").textValue());
    assertEquals(2, response.get("tools").size());
    assertEquals("allowed_tools", response.at("/tool_choice/type").textValue());
  }

  @Test
  void allowedToolsMustBeAmongTheTools() throws Exception {
    String choice =
        ", \"tool_choice\": {\"type\": \"allowed_tools\", \"allowed_tools\": {\"mode\": \"auto\","
            + " \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"c\"}}]}}";
    HttpResponse<String> response =
        served.post(
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], " + TOOLS + choice + "}");
    assertEquals(400, response.statusCode());
    assertEquals(
        "tool_choice.allowed_tools.tools[0].function.name",
        ServedModel.JSON.readTree(response.body()).at("/error/param").textValue());
  }

  @Test
  void everyProtocolHasRequiredCallsOrFormats() throws Exception {
    JsonNode calls =
        chat(TOOLS + ", \"seed\": 4, \"tool_choice\": \"required\"")
            .at("/choices/0/message/tool_calls");
    assertTrue(calls.size() >= 1, calls.toString());
    JsonNode message =
        served.ask(
            "/v1/messages",
            """
            {"max_tokens": 300, "temperature": 0, "messages": [{"role": "user", "content": "Go on."}],
             "tools": [{"name": "dice", "input_schema": {"type": "object",
               "properties": {"sides": {"const": 6}}, "required": ["sides"],
               "additionalProperties": false}}],
             "tool_choice": {"type": "any", "disable_parallel_tool_use": true}}\
            """);
    assertEquals("tool_use", message.get("stop_reason").textValue());
    assertEquals(6, message.at("/content/0/input/sides").intValue());
    JsonNode formatted =
        served.ask(
            "/v1/messages",
            """
            {"max_tokens": 50, "temperature": 0, "messages": [{"role": "user", "content": "Go on."}],
             "output_config": {"format": {"type": "json_schema", "schema": {"const": [1, "b"]}}}}\
            """);
    assertEquals(
        ServedModel.JSON.readTree("[1, \"b\"]"),
        ServedModel.JSON.readTree(formatted.at("/content/0/text").textValue()));
    JsonNode response =
        served.ask(
            "/v1/responses",
            """
            {"input": "Go on.", "text": {"format": {"type": "json_schema", "name": "yes",
               "schema": {"type": "boolean"}}}}\
            """);
    String text = response.at("/output/0/content/0/text").textValue();
    assertTrue(List.of("true", "false").contains(text), response.toString());
  }

  private static String structured(String outputs) throws Exception {
    return chat("\"structured_outputs\": {" + outputs + "}")
        .at("/choices/0/message/content")
        .textValue();
  }

  @Test
  void anAnswerIsOneOfTheChoicesOrOfTheRegexOrSchema() throws Exception {
    List<String> choices = List.of("Ja.", "Nein, \u00fc!");
    assertTrue(choices.contains(structured("\"choice\": [\"Ja.\", \"Nein, \u00fc!\"]")));
    String version = structured("\"regex\": \"v[0-9]{2}\\\\.[0-9]\", \"choice\": null");
    assertTrue(version.matches("v[0-9]{2}\\.[0-9]"), version);
    assertEquals("7", structured("\"json\": {\"const\": 7}"));
    assertEquals("7", structured("\"json\": \"{\\\"const\\\": 7}\""));
  }

  @Test
  void callsThatAChoiceSpellsAreCalls() throws Exception {
    JsonNode choice =
        chat(TOOLS
                + """
                , "structured_outputs": {"choice": ["Well.\
                <tool_call>{\\"name\\": \\"dice\\", \\"arguments\\": {\\"sides\\": 4}}</tool_call>\
                <tool_call>{\\"name\\": \\"weather\\", \\"arguments\\": {}}</tool_call>"]}\
                """)
            .at("/choices/0");
    assertEquals("Well.", choice.at("/message/content").textValue());
    assertEquals(
        "{\"sides\":4}", choice.at("/message/tool_calls/0/function/arguments").textValue());
    assertEquals("weather", choice.at("/message/tool_calls/1/function/name").textValue());
    assertEquals("tool_calls", choice.get("finish_reason").textValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                       | structured_outputs
          {"choice": ["a"], "regex": "b"}          | structured_outputs
          {"choice": ["a"]}, "response_format": {"type": "json_object"} | structured_outputs
          {"choice": ["a"]}, TOOLS, "tool_choice": "required" | structured_outputs
          {"choice": []}                           | structured_outputs.choice
          {"choice": "a"}                          | structured_outputs.choice
          {"choice": [1]}                          | structured_outputs.choice
          {"choice": ["\\ud800"]}                  | structured_outputs.choice
          {"regex": "(?=a)b"}                      | structured_outputs.regex
          {"json": {"uniqueItems": true}}          | structured_outputs.json
          {"json": "no"}                           | structured_outputs.json
          {"grammar": "root ::= a"}                | structured_outputs.grammar
          """)
  void structuredOutputsThatCannotBeAreRefused(String outputs, String field) throws Exception {
    HttpResponse<String> response =
        served.post(
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"structured_outputs\": "
                + outputs.replace("TOOLS", TOOLS)
                + "}");
    assertEquals(400, response.statusCode(), response.body());
    assertEquals(field, ServedModel.JSON.readTree(response.body()).at("/error/param").textValue());
  }

  @Test
  void aSchemaThatIsNotSupportedIsRefusedByItsKeyword() throws Exception {
    HttpResponse<String> response =
        served.post(
            "/v1/chat/completions",
            """
            {"messages": [{"role": "user", "content": "x"}], "response_format":
              {"type": "json_schema", "json_schema": {"name": "a",
               "schema": {"type": "array", "uniqueItems": true}}}}\
            """);
    assertEquals(400, response.statusCode());
    JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
    assertEquals("response_format.json_schema.schema", error.get("param").textValue());
    assertTrue(error.get("message").textValue().contains("uniqueItems"), response.body());
  }
}
