package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Chats with the shipped model, to which the tests give a template: it has none. */
class ConversationTest {
  private static final GenerationOptions GREEDY = GenerationOptions.greedy().withMaxTokens(8);
  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}[assistant]{% endif %}";

  private static LanguageModel model;
  private Session session;
  private Conversation conversation;

  @BeforeAll
  static void load() throws Exception {
    model = LanguageModel.load(Golden.MODEL, LoadOptions.defaults().withThreads(2));
  }

  @AfterAll
  static void unload() {
    model.close();
  }

  private static Session open(int context) {
    return open(context, TEMPLATE);
  }

  private static Session open(int context, String template) {
    ChatSupport chats = ChatSupport.of(template, "bitnet", model.tokenizer());
    return model.openSession(SessionOptions.defaults().withContext(context), chats);
  }

  @BeforeEach
  void open() {
    session = open(0);
    conversation = new Conversation(session);
  }

  @AfterEach
  void close() {
    session.close();
  }

  private static int[] rendered(String text) {
    int[] ids = model.tokenizer().encode(text, false, true);
    assertEquals(Golden.bos(), ids[0]);
    return ids;
  }

  @Test
  void aReplyContinuesTheTemplatesText() {
    GenerationResult answer = conversation.reply("Tell me a story.", GREEDY, piece -> {});
    GenerationResult plain =
        session.generate(
            rendered("[user] Tell me a story.\n[assistant]"), GREEDY, GenerationListener.NONE);
    assertArrayEquals(plain.tokens(), answer.tokens());
    assertEquals(
        List.of(ChatMessage.user("Tell me a story."), ChatMessage.assistant(answer.text())),
        conversation.messages());
  }

  @Test
  void aSecondReplyKnowsTheFirstAndComputesOnlyWhatIsNew() {
    conversation.setSystem("Be kind.");
    String first = conversation.reply("Hello", GREEDY, piece -> {}).text();
    GenerationResult second = conversation.reply("And then?", GREEDY, piece -> {});
    int[] whole =
        rendered(
            "[system] Be kind.\n[user] Hello\n[assistant] "
                + first
                + "\n[user] And then?\n[assistant]");
    assertEquals(whole.length, second.stats().promptTokens());
    assertTrue(second.stats().cachedTokens() >= rendered("[system] Be kind.\n[user] Hello").length);
    try (Session fresh = model.openSession()) {
      assertEquals(fresh.generate(whole, GREEDY, GenerationListener.NONE).text(), second.text());
    }
  }

  @Test
  void whatAUserTypesIsNeverASpecialToken() {
    String eos = model.tokenizer().decode(new int[] {model.tokenizer().eos().orElseThrow()}, true);
    conversation.reply("Say " + eos + " now", GREEDY.withMaxTokens(0), piece -> {});
    for (int i = 1; i < session.tokens().length; i++) {
      assertTrue(!model.tokenizer().isSpecial(session.tokens()[i]), "token " + i);
    }
  }

  @Test
  void theSystemMessageCanBeSetReplacedAndRemoved() {
    assertEquals(Optional.empty(), conversation.system());
    conversation.setSystem("a");
    conversation.setSystem("b");
    conversation.reply("Hi", GREEDY, piece -> {});
    assertEquals(Optional.of("b"), conversation.system());
    assertEquals(3, conversation.messages().size());
    conversation.clear();
    assertEquals(List.of(ChatMessage.system("b")), conversation.messages());
    conversation.setSystem("");
    assertEquals(List.of(), conversation.messages());
  }

  @Test
  void aConversationCanBeTakenUpAgain() {
    conversation.reply("Hello", GREEDY, piece -> {});
    try (Session other = open(0)) {
      Conversation again = new Conversation(other);
      again.restore(conversation.messages());
      assertEquals(
          conversation.reply("And then?", GREEDY, piece -> {}).text(),
          again.reply("And then?", GREEDY, piece -> {}).text());
      assertEquals(conversation.messages(), again.messages());
    }
  }

  @Test
  void cancelWhileThePromptIsEncodedIsNotLost() {
    List<ChatMessage> messages =
        new AbstractList<>() {
          @Override
          public ChatMessage get(int index) {
            session.cancel();
            return ChatMessage.user("Hello");
          }

          @Override
          public int size() {
            return 1;
          }
        };
    GenerationResult cut = session.chat(messages, GREEDY, GenerationListener.NONE);
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertEquals(0, cut.tokens().length);
    GenerationResult next =
        session.chat(List.of(ChatMessage.user("Hello")), GREEDY, GenerationListener.NONE);
    assertEquals(8, next.tokens().length);
  }

  @Test
  void aShortenedAnswerIsKeptAndOneCancelledBeforeItsFirstWordIsNot() {
    GenerationResult cut = conversation.reply("Hello", GREEDY, piece -> session.cancel());
    assertEquals(FinishReason.CANCELLED, cut.finishReason());
    assertEquals(ChatMessage.assistant(cut.text()), conversation.messages().getLast());
    assertEquals(2, conversation.messages().size());
    conversation.reply(
        "Hello",
        GREEDY,
        new GenerationListener() {
          @Override
          public void onText(String piece) {}

          @Override
          public void onPrefill(int done, int total) {
            session.cancel();
          }
        });
    assertEquals(2, conversation.messages().size());
  }

  @Test
  void aChatThatOutgrowsItsContextIsToldAndNothingIsLost() {
    try (Session narrow = open(32)) {
      Conversation chat = new Conversation(narrow);
      chat.reply("Hello", GREEDY, piece -> {});
      List<ChatMessage> before = chat.messages();
      int[] cached = narrow.tokens();
      assertThrows(
          ContextOverflowException.class,
          () -> chat.reply("word ".repeat(40), GREEDY, piece -> {}));
      assertEquals(before, chat.messages());
      assertArrayEquals(cached, narrow.tokens());
    }
  }

  /** One drops system messages in silence, the other refuses them. */
  @Test
  void aSystemMessageReachesAModelWhoseTemplateHasNoPlaceForIt() {
    for (String deed : List.of("", "{{ raise_exception('no system role') }}")) {
      String template =
          TEMPLATE
              .replace("[{{", "{% if m.role == 'system' %}" + deed + "{% else %}[{{")
              .replace("\n{% endfor", "\n{% endif %}{% endfor");
      try (Session plain = open(0, template)) {
        Conversation chat = new Conversation(plain);
        chat.setSystem("Be kind.");
        String first = chat.reply("Hello", GREEDY, piece -> {}).text();
        chat.reply("And then?", GREEDY.withMaxTokens(0), piece -> {});
        int[] whole =
            rendered(
                "[user] Be kind.\n\nHello\n[assistant] "
                    + first
                    + "\n[user] And then?\n[assistant]");
        assertArrayEquals(whole, plain.tokens());
        assertEquals(ChatMessage.system("Be kind."), chat.messages().getFirst());
      }
    }
  }

  @Test
  void itIsKnownWhetherATemplateHasASystemRole() {
    assertTrue(ChatSupport.of(TEMPLATE, "bitnet", model.tokenizer()).systemRole());
    String first = TEMPLATE.replace("{% for m in messages %}", "{% for m in messages[1:] %}");
    assertFalse(ChatSupport.of(first, "bitnet", model.tokenizer()).systemRole());
    assertFalse(model.hasSystemRole());
  }

  @Test
  void aConversationCountsItsTokensWhateverTheCacheHolds() {
    assertEquals(0, conversation.countTokens());
    String answer = conversation.reply("Hello", GREEDY, piece -> {}).text();
    assertEquals(
        rendered("[user] Hello\n[assistant] " + answer + "\n").length, conversation.countTokens());
    conversation.clear();
    assertEquals(0, conversation.countTokens());
    conversation.setSystem("Be kind.");
    assertEquals(rendered("[system] Be kind.\n").length, conversation.countTokens());
  }

  @Test
  void aModelWithoutATemplateSaysSo() {
    ChatSupport none = ChatSupport.of("", "bitnet", model.tokenizer());
    try (Session plain = model.openSession(SessionOptions.defaults(), none)) {
      assertEquals(
          "This model has no chat template: it continues texts, but was not made to chat.",
          refusal(plain));
    }
  }

  @Test
  void aTemplateThatCannotBeReadIsToldWhenItIsNeeded() {
    ChatSupport broken = ChatSupport.of("{% for %}", "bitnet", model.tokenizer());
    try (Session plain = model.openSession(SessionOptions.defaults(), broken)) {
      String sentence = refusal(plain);
      assertTrue(
          sentence.startsWith(
              "This model can continue texts, but not chat: tokenizer.chat_template"),
          sentence);
    }
  }

  private static String refusal(Session session) {
    return assertThrows(
            IllegalStateException.class,
            () -> session.chat(List.of(ChatMessage.user("Hi")), GREEDY, piece -> {}))
        .getMessage();
  }
}
