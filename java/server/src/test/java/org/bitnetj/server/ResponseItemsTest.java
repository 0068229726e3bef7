package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseItemsTest {
  private static final String CALL =
      "{\"type\":\"function\",\"function\":{\"name\":\"%s\",\"arguments\":{%s}}}";

  private static Fields request(String json) {
    return Fields.of(Door.parse(json), "");
  }

  private static List<ChatMessage> messages(String input) {
    return ResponseItems.messages(request("{\"input\": " + input + "}"), "input");
  }

  private static String refused(String input) {
    return assertThrows(ApiException.class, () -> messages(input)).param().orElseThrow();
  }

  @Test
  void aStringIsAMessageOfTheUser() {
    assertEquals(List.of(ChatMessage.user("Hi")), messages("\"Hi\""));
  }

  @Test
  void itemsBecomeMessages() {
    assertEquals(
        List.of(
            ChatMessage.system("Be."),
            ChatMessage.user("How warm?"),
            ChatMessage.assistant(
                "I look.",
                "[" + CALL.formatted("f", "\"x\":1") + "," + CALL.formatted("g", "") + "]"),
            ChatMessage.tool("20"),
            ChatMessage.tool("30 degrees"),
            ChatMessage.assistant("", "[" + CALL.formatted("f", "") + "]"),
            ChatMessage.assistant("Warm."),
            ChatMessage.user("Thanks")),
        messages(
            """
            [{"type": "message", "role": "developer", "content": "Be."},
             {"role": "user", "content": [{"type": "input_text", "text": "How warm?"}]},
             {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": null},
             {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
              "content": [
                {"type": "output_text", "text": "I look.", "annotations": [], "logprobs": []}]},
             {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f",
              "arguments": "{\\"x\\": 1}", "status": "completed"},
             {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
             {"type": "function_call_output", "call_id": "c1", "output": "20"},
             {"type": "function_call_output", "call_id": "c2", "output": [
               {"type": "input_text", "text": "30 "}, {"type": "input_text", "text": "degrees"}]},
             {"type": "function_call", "call_id": "c3", "name": "f", "arguments": "{}"},
             {"type": "message", "role": "assistant", "content": "Warm."},
             {"type": "message", "role": "user", "content": "Thanks"}]\
            """));
  }

  @Test
  void anAnswersItemsAreItems() {
    OutputItems answer = new OutputItems((type, fields) -> {});
    answer.thinking("Hm.");
    answer.text("I look.");
    answer.call(ToolCall.of("f", "{\"x\":1}"));
    answer.finish(true);
    assertEquals(
        List.of(ChatMessage.assistant("I look.", "[" + CALL.formatted("f", "\"x\":1") + "]")),
        messages(answer.json().toString()));
  }

  @Test
  void whatTheModelCannotReadIsRefusedByName() {
    assertEquals("input[0].type", refused("[{\"type\": \"item_reference\", \"id\": \"a\"}]"));
    assertEquals(
        "input[0].content[0].type",
        refused("[{\"role\": \"user\", \"content\": [{\"type\": \"input_image\"}]}]"));
    assertEquals("input[0].role", refused("[{\"role\": \"tool\", \"content\": \"a\"}]"));
    assertEquals(
        "input[0].what", refused("[{\"role\": \"user\", \"content\": \"a\", \"what\": 1}]"));
    assertEquals(
        "input[0].arguments",
        refused("[{\"type\": \"function_call\", \"name\": \"f\", \"arguments\": \"3\"}]"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ", \"arguments\": \"\"", ", \"arguments\": \" \"", ", \"arguments\": null"})
  void aCallWithoutArgumentsHasAnEmptyObjectOfThem(String arguments) {
    List<ChatMessage> expected =
        List.of(ChatMessage.assistant("", "[" + CALL.formatted("f", "") + "]"));
    assertEquals(
        expected, messages("[{\"type\": \"function_call\", \"name\": \"f\"" + arguments + "}]"));
    String chat =
        """
        {"messages": [{"role": "assistant", "content": null, "tool_calls": [
          {"id": "a", "type": "function", "function": {"name": "f"%s}}]}]}\
        """
            .formatted(arguments);
    assertEquals(expected, OpenAiMessages.messages(request(chat)));
  }

  private static Tools tools(String choice) {
    Fields fields =
        request(
            """
            {"tools": [
               {"type": "function", "name": "f", "description": "d", "strict": true,
                "parameters": {"type": "object"}},
               {"type": "web_search", "search_context_size": "low"}]%s}\
            """
                .formatted(choice));
    return ResponseItems.tools(fields, ResponseItems.functions(fields));
  }

  @Test
  void functionsAreReadAndOtherToolsLeftOut() {
    assertEquals(
        "[{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}}]",
        tools("").functions().toString());
    assertEquals(Tools.Choice.AUTO, tools("").choice());
    assertEquals(Tools.Choice.NONE, tools(", \"tool_choice\": \"none\"").choice());
    Tools one = tools(", \"tool_choice\": {\"type\": \"function\", \"name\": \"f\"}");
    assertEquals(Tools.Choice.REQUIRED, one.choice());
    assertEquals(Optional.of("f"), one.only());
    ApiException other =
        assertThrows(
            ApiException.class, () -> tools(", \"tool_choice\": {\"type\": \"web_search\"}"));
    assertEquals(Optional.of("tool_choice.type"), other.param());
  }
}
