package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.tokenizer.TokenType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepliesTest {
  private static final Tools DICE =
      new Tools(
          List.of(Tools.function("dice", "", "{\"const\": {\"sides\": 6}}")),
          Tools.Choice.REQUIRED,
          Optional.empty(),
          false);

  @TempDir private Path folder;

  /** The shipped model, where two of its last tokens are control tokens of these names instead. */
  private Path withControlTokens(String first, String second) throws IOException {
    Path path = folder.resolve("control.gguf");
    try (GgufFile file = GgufFile.open(ShippedModel.path())) {
      List<String> tokens = texts(file, "tokenizer.ggml.tokens");
      int[] types = file.metadata().findIntegers("tokenizer.ggml.token_type").orElseThrow();
      List<String> replaced = List.of(tokens.set(4092, first), tokens.set(4093, second));
      types[4092] = 3;
      types[4093] = 3;
      List<String> merges = texts(file, "tokenizer.ggml.merges");
      merges.removeIf(merge -> replaced.contains(merge.replace(" ", "")));
      GgufHeader header = new GgufHeader();
      for (String key : file.metadata().keys()) {
        switch (key) {
          case "tokenizer.ggml.tokens" -> header.texts(key, tokens);
          case "tokenizer.ggml.token_type" -> header.i32s(key, types);
          case "tokenizer.ggml.merges" -> header.texts(key, merges);
          default -> header.copy(file, key);
        }
      }
      for (Tensor tensor : file.tensors()) {
        long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
        header.tensor(tensor.name(), tensor.format(), dims);
      }
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          writer.write(tensor.data());
        }
        writer.commit();
      }
    }
    return path;
  }

  private static List<String> texts(GgufFile file, String key) throws IOException {
    List<String> texts = new ArrayList<>();
    var array = file.metadata().findTexts(key).orElseThrow();
    for (int i = 0; i < array.size(); i++) {
      texts.add(array.get(i));
    }
    return texts;
  }

  /** Names of the parts of an answer. */
  private static final class Parts implements ReplySink {
    final List<String> parts = new ArrayList<>();

    @Override
    public void thinking(String piece) {
      parts.add("thinking");
    }

    @Override
    public void text(String piece) {
      parts.add("text " + piece);
    }

    @Override
    public void call(ToolCall call) {
      parts.add(call.name() + call.arguments());
    }
  }

  @Test
  void marksThatAreControlTokensAreSeen() throws IOException {
    LoadOptions options = LoadOptions.defaults().withChatTemplate(ShippedModel.TEMPLATE);
    try (LanguageModel model =
        LanguageModel.load(withControlTokens("<tool_call>", "</tool_call>"), options)) {
      int mark = model.tokenizer().findSpecial("<tool_call>").orElseThrow();
      assertEquals(TokenType.CONTROL, model.tokenizer().type(mark));
      Replies replies = new Replies(model);
      ChatPrompt prompt =
          replies.prepare(
              new ChatRequest(
                  List.of(ChatMessage.user("Roll.")),
                  DICE,
                  Optional.empty(),
                  Optional.empty(),
                  GenerationOptions.greedy()));
      Parts parts = new Parts();
      try (Session session = replies.open(prompt)) {
        Reply reply = replies.answer(session, prompt, parts);
        assertEquals(List.of("dice{\"sides\":6}"), parts.parts);
        assertEquals(1, reply.calls());
      }
    }
  }

  @Test
  void aTemplateThatRefusesToolsKnowsNone() {
    String refusing = "{% if tools %}{{ raise_exception('no tools') }}{% endif %}";
    try (LanguageModel model = ShippedModel.load(refusing + ShippedModel.TEMPLATE)) {
      assertFalse(Tools.areInTemplate(model));
    }
    try (LanguageModel model = ShippedModel.load("{{ tools }}" + ShippedModel.TEMPLATE)) {
      assertTrue(Tools.areInTemplate(model));
    }
  }

  /** What was not found out is not taken for an answer. */
  @Test
  void anInterruptDoesNotDecideWhetherATemplateKnowsTools() {
    try (LanguageModel model = ShippedModel.load("{{ tools }}" + ShippedModel.TEMPLATE)) {
      Thread.currentThread().interrupt();
      assertThrows(ChatTemplateException.class, () -> Tools.areInTemplate(model));
      assertTrue(Thread.interrupted());
    }
  }

  @Test
  void withoutToolsMessagesStayAsTheyAre() {
    List<ChatMessage> messages =
        List.of(
            ChatMessage.system(" One. "),
            ChatMessage.system("Two."),
            ChatMessage.user("Hi"),
            ChatMessage.system("Three."));
    assertEquals(messages, Tools.ABSENT.explained(messages));
    List<ChatMessage> explained = DICE.explained(messages);
    assertEquals(3, explained.size());
    assertTrue(explained.getFirst().content().startsWith(" One. \n\nTwo.\n\nYou can call"));
  }

  /** A chat may have called tools before, and has none now. */
  @Test
  void callsAndResultsBecomeTextWithoutAClaimOfTools() {
    List<ChatMessage> messages =
        List.of(
            ChatMessage.user("Roll."),
            ToolCall.message("", List.of(ToolCall.of("dice", "{}"))),
            ChatMessage.tool("4"));
    List<ChatMessage> explained = Tools.ABSENT.explained(messages);
    assertEquals(List.of("user", "assistant", "user"), explained.stream().map(ChatMessage::role).toList());
    assertTrue(explained.get(1).content().contains("{\"name\":\"dice\",\"arguments\":{}}"));
    assertFalse(explained.toString().contains("You can call"));
  }
}
