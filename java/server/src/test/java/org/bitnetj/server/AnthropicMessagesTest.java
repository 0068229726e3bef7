package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.Tools;
import org.junit.jupiter.api.Test;

class AnthropicMessagesTest {
  private static Fields request(String json) {
    return Fields.of(Door.parse(json), "");
  }

  private static List<ChatMessage> messages(String json) {
    return AnthropicMessages.messages(request(json));
  }

  private static String refused(String json) {
    return assertThrows(
            ApiException.class,
            () -> {
              AnthropicMessages.messages(request(json));
              AnthropicMessages.tools(request(json));
            })
        .param()
        .orElseThrow();
  }

  @Test
  void aTextIsShortForABlock() {
    List<ChatMessage> expected = List.of(ChatMessage.system("Be."), ChatMessage.user("Hi"));
    assertEquals(
        expected,
        messages(
            "{\"system\": \"Be.\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"));
    assertEquals(
        expected,
        messages(
            """
            {"system": [{"type": "text", "text": "Be.", "cache_control": {"type": "ephemeral"}}],
             "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}\
            """));
  }

  @Test
  void blocksOfToolsBecomeMessages() {
    assertEquals(
        List.of(
            ChatMessage.user("How warm?"),
            ChatMessage.assistant(
                "I look.",
                "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]"),
            ChatMessage.tool("20\ndegrees"),
            ChatMessage.tool("Error: no sensor"),
            ChatMessage.user("And?"),
            ChatMessage.assistant("Warm."),
            ChatMessage.user("One\nTwo\nThree")),
        messages(
            """
            {"messages": [
              {"role": "user", "content": "How warm?"},
              {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "redacted_thinking", "data": "d"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}]},
              {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": [
                  {"type": "text", "text": "20"}, {"type": "text", "text": "degrees"}]},
                {"type": "tool_result", "tool_use_id": "b", "is_error": true,
                 "content": "no sensor"},
                {"type": "text", "text": "And?"}]},
              {"role": "assistant", "content": "Warm."},
              {"role": "user", "content": [
                {"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]},
              {"role": "user", "content": "Three"}]}\
            """));
  }

  @Test
  void aCallWithoutInputHasAnEmptyObjectOfIt() {
    for (String input : List.of("", ", \"input\": null", ", \"input\": {}")) {
      String request =
          """
          {"messages": [
            {"role": "assistant", "content": [
              {"type": "tool_use", "id": "a", "name": "f"%s}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]}\
          """;
      assertEquals(
          List.of(
              ChatMessage.assistant(
                  "", "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]"),
              ChatMessage.tool("")),
          messages(request.formatted(input)));
    }
  }

  @Test
  void whatTheModelCannotReadIsRefusedByName() {
    assertEquals("messages", refused("{\"messages\": []}"));
    assertEquals(
        "messages[0].content[1].type",
        refused(
            """
            {"messages": [{"role": "user", "content": [
              {"type": "text", "text": "What is it?"}, {"type": "image", "source": {}}]}]}\
            """));
    assertEquals(
        "messages[0].content", refused("{\"messages\": [{\"role\": \"user\", \"content\": []}]}"));
    assertEquals(
        "messages[0].role", refused("{\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]}"));
    assertEquals(
        "messages",
        refused(
            """
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\
            """));
    assertEquals(
        "messages[0].content[0].what",
        refused(
            """
            {"messages": [{"role": "user", "content": [
              {"type": "text", "text": "a", "what": 1}]}]}\
            """));
  }

  private static Tools tools(String choice) {
    return AnthropicMessages.tools(
        request(
            """
            {"tools": [
               {"name": "f", "description": "d", "input_schema": {"type": "object"},
                "cache_control": {"type": "ephemeral"}},
               {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
               {"type": "custom", "name": "g", "input_schema": {"type": "object"}}]%s}\
            """
                .formatted(choice)));
  }

  @Test
  void toolsOfTheProvidersServersAreLeftOut() {
    Tools tools = tools("");
    assertEquals(
        "[{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\"}},"
            + " {\"name\":\"g\",\"parameters\":{\"type\":\"object\"}}]",
        tools.functions().toString());
    assertEquals(Tools.Choice.AUTO, tools.choice());
  }

  @Test
  void theChoiceOfToolsIsRead() {
    assertFalse(tools(", \"tool_choice\": {\"type\": \"none\"}").isPresent());
    assertEquals(Tools.Choice.REQUIRED, tools(", \"tool_choice\": {\"type\": \"any\"}").choice());
    assertEquals(
        Optional.of("g"), tools(", \"tool_choice\": {\"type\": \"tool\", \"name\": \"g\"}").only());
    ApiException unknown =
        assertThrows(
            ApiException.class,
            () -> tools(", \"tool_choice\": {\"type\": \"tool\", \"name\": \"web_search\"}"));
    assertEquals(Optional.of("tool_choice"), unknown.param());
    assertEquals(Tools.ABSENT, AnthropicMessages.tools(request("{}")));
  }
}
