package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Calls that the limit of tokens cuts, and calls in forms that templates show, on the model. */
class CutCallsTest {
  /** An argument that no limit of these tests lets end. */
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {"text": {"type": "string",
         "pattern": "^[a-z ]{2000}$"}}, "required": ["text"],
       "additionalProperties": false}\
      """;

  private static final String CHAT =
      """
      "messages": [{"role": "user", "content": "Go on."}], "temperature": 0,
       "tools": [{"type": "function", "function": {"name": "write", "parameters": %s}}],
       "tool_choice": "required", "parallel_tool_calls": false\
      """
          .formatted(SCHEMA);

  private static ServedModel served;

  @BeforeAll
  static void start() throws Exception {
    served = new ServedModel(ServedModel.options());
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static JsonNode json(String text) throws Exception {
    return ServedModel.JSON.readTree(text);
  }

  /** The arguments of one call begin as they must, and have no end. */
  private static void assertBegun(String arguments) {
    assertTrue(arguments.matches("\\{\\s*\"text\":\\s*\"[a-z ]+"), arguments);
  }

  @Test
  void aChatCompletionHasTheBeginningOfTheArguments() throws Exception {
    JsonNode choice =
        served.ask("/v1/chat/completions", "{" + CHAT + ", \"max_tokens\": 90}").at("/choices/0");
    assertEquals("length", choice.get("finish_reason").textValue());
    assertTrue(choice.at("/message/content").isNull(), choice.toString());
    JsonNode calls = choice.at("/message/tool_calls");
    assertEquals(1, calls.size());
    assertEquals("write", calls.at("/0/function/name").textValue());
    assertTrue(calls.at("/0/id").textValue().startsWith("call_"));
    assertBegun(calls.at("/0/function/arguments").textValue());
  }

  @Test
  void aStreamOfAChatCompletionHasItToo() throws Exception {
    StringBuilder arguments = new StringBuilder();
    String finish = "";
    for (String data :
        served.stream(
            "/v1/chat/completions", "{" + CHAT + ", \"max_tokens\": 90, \"stream\": true}")) {
      if (!data.equals("[DONE]")) {
        JsonNode choice = json(data).at("/choices/0");
        JsonNode content = choice.at("/delta/content");
        assertTrue(content.isMissingNode() || content.asText().isEmpty(), data);
        arguments.append(choice.at("/delta/tool_calls/0/function/arguments").asText());
        finish = choice.path("finish_reason").asText();
      }
    }
    assertEquals("length", finish);
    assertBegun(arguments.toString());
  }

  @Test
  void aCallWithoutItsWholeNameIsText() throws Exception {
    JsonNode choice =
        served.ask("/v1/chat/completions", "{" + CHAT + ", \"max_tokens\": 5}").at("/choices/0");
    assertEquals("length", choice.get("finish_reason").textValue());
    assertFalse(choice.get("message").has("tool_calls"));
    String content = choice.at("/message/content").textValue();
    assertTrue("<tool_call>\n{\"name\": \"write\"".startsWith(content), content);
  }

  private static String responses(String rest) {
    return """
    {"input": "Go on.", "temperature": 0, "max_output_tokens": 90, "tools": [{"type": "function",
      "name": "write", "parameters": %s}], "tool_choice": {"type": "function", "name": "write"},
      "parallel_tool_calls": false%s}\
    """
        .formatted(SCHEMA, rest);
  }

  @Test
  void aResponseHasAnIncompleteCallAndGoesOnWithoutIt() throws Exception {
    JsonNode response = served.ask("/v1/responses", responses(""));
    assertEquals("incomplete", response.get("status").textValue());
    assertEquals("max_output_tokens", response.at("/incomplete_details/reason").textValue());
    JsonNode output = response.get("output");
    assertEquals(1, output.size());
    assertEquals("function_call", output.at("/0/type").textValue());
    assertEquals("incomplete", output.at("/0/status").textValue());
    assertBegun(output.at("/0/arguments").textValue());
    JsonNode next =
        served.ask(
            "/v1/responses",
            "{\"input\": \"Go on.\", \"max_output_tokens\": 2, \"previous_response_id\": \""
                + response.get("id").textValue()
                + "\"}");
    assertEquals("incomplete", next.get("status").textValue());
    served.ask(
        "/v1/responses",
        "{\"max_output_tokens\": 2, \"input\": [{\"role\": \"user\", \"content\": \"Go on.\"}, "
            + output.get(0)
            + "]}");
  }

  @Test
  void aStreamOfAResponseHasItToo() throws Exception {
    List<String> events = served.stream("/v1/responses", responses(", \"stream\": true"));
    StringBuilder arguments = new StringBuilder();
    for (String data : events) {
      if (data.contains("\"response.function_call_arguments.delta\"")) {
        arguments.append(json(data).get("delta").textValue());
      }
    }
    assertBegun(arguments.toString());
    assertTrue(events.stream().anyMatch(data -> data.contains("\"response.incomplete\"")));
  }

  private static String messages(String rest) {
    return """
    {"messages": [{"role": "user", "content": "Go on."}], "temperature": 0, "max_tokens": 90,
      "tools": [{"name": "write", "input_schema": %s}],
      "tool_choice": {"type": "any", "disable_parallel_tool_use": true}%s}\
    """
        .formatted(SCHEMA, rest);
  }

  @Test
  void aMessageHasTheMembersOfTheInputThatAreWhole() throws Exception {
    JsonNode message = served.ask("/v1/messages", messages(""));
    assertEquals("max_tokens", message.get("stop_reason").textValue());
    assertEquals(1, message.get("content").size());
    assertEquals("tool_use", message.at("/content/0/type").textValue());
    assertEquals("write", message.at("/content/0/name").textValue());
    assertEquals("{}", message.at("/content/0/input").toString()); // its only member has no end
  }

  @Test
  void aStreamOfAMessageHasAllOfTheInputThatWasWritten() throws Exception {
    StringBuilder input = new StringBuilder();
    for (String data : served.stream("/v1/messages", messages(", \"stream\": true"))) {
      input.append(json(data).at("/delta/partial_json").asText());
    }
    assertBegun(input.toString());
  }

  /** As Hunyuan's dense models and MiniCPM are told. */
  @Test
  void callsInFormsThatTemplatesShowAreForcedReadAndCut() throws Exception {
    for (String shown :
        List.of(
            "<tool_calls><tool_call>f\n```json\n{}\n```</tool_call></tool_calls>",
            "<|tool_call_start|>\n```python\nf()\n```\n<|tool_call_end|>")) {
      String template = "{% if tools %}{{ tools | tojson }} " + shown + "{% endif %}";
      try (ServedModel model =
          new ServedModel(ServedModel.options(), template + ServedModel.TEMPLATE)) {
        JsonNode cut =
            model
                .ask("/v1/chat/completions", "{" + CHAT + ", \"max_tokens\": 90}")
                .at("/choices/0");
        assertEquals("length", cut.get("finish_reason").textValue());
        assertBegun(cut.at("/message/tool_calls/0/function/arguments").textValue());
        JsonNode whole =
            model
                .ask("/v1/chat/completions", "{" + CHAT.replace("{2000}", "{1,3}") + "}")
                .at("/choices/0");
        assertEquals("tool_calls", whole.get("finish_reason").textValue());
        JsonNode arguments = json(whole.at("/message/tool_calls/0/function/arguments").textValue());
        assertTrue(arguments.get("text").textValue().matches("[a-z ]{1,3}"), whole.toString());
      }
    }
  }
}
