package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.SessionOptions;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chats with the shipped model, to which a chat template was added. */
class ChatCommandTest {
  @TempDir private static Path models;
  @TempDir private Path folder;
  private static Path model;

  @BeforeAll
  static void addTemplate() throws IOException {
    model = Models.writeChatModel(models.resolve("chat.gguf"));
  }

  private static Outcome chat(String input, String... more) {
    return Outcome.fed(
        input,
        Stream.concat(
                Stream.concat(
                    Stream.of(
                            List.of("chat"),
                            List.of(more).contains("--temp")
                                ? List.<String>of()
                                : List.of("--temp", "0"),
                            List.of(more).contains("-n") ? List.<String>of() : List.of("-n", "12"))
                        .flatMap(List::stream),
                    List.of(more).contains("-m")
                        ? Stream.empty()
                        : Stream.of("-m", model.toString())),
                Stream.of(more))
            .toArray(String[]::new));
  }

  /** What the model writes after {@code prompt}, as the template would put it. */
  private static String continuation(String prompt) {
    String text =
        Outcome.of("run", "--temp", "0", "-n", "12", "--no-echo", "-p", prompt).succeeds().out();
    return text.substring(0, text.length() - 1);
  }

  @Test
  void aTemplateThatMakesNoTextIsOneSentence() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.jinja"), "");
    Outcome.fed("Hello\n", "chat", "--chat-template", empty.toString())
        .fails(
            "The chat template makes no text of the messages, so that there is nothing to"
                + " answer.");
  }

  @Test
  void aFolderIsNoTemplate() {
    Outcome.fed("Hello\n", "chat", "--chat-template", folder.toString())
        .fails(folder + " is a directory; name a file.");
  }

  @Test
  void everyLineIsAMessageAndIsAnsweredInTheModelsFormat() {
    String first = continuation("user: Tell me a story\nassistant:");
    String out = chat("Tell me a story\n\nGo on\n").succeeds().out();
    String expected =
        continuation("user: Tell me a story\nassistant: " + first + "\nuser: Go on\nassistant:");
    assertEquals(first + "\n" + expected + "\n", out);
  }

  @Test
  void aSystemMessageComesFirst() {
    String expected = continuation("system: Be a fox.\nuser: Hello\nassistant:");
    assertEquals(expected + "\n", chat("Hello\n", "--system", "Be a fox.").succeeds().out());
    assertEquals(expected + "\n", chat("/system Be a fox.\nHello\n").succeeds().out());
    String plain = continuation("user: Hello\nassistant:");
    assertEquals(plain + "\n", chat("/system -\nHello\n", "--system", "Be a fox.").out());
  }

  @Test
  void aSystemMessageGoesInFrontOfTheFirstWhereTheFormatHasNone() throws IOException {
    Path plain =
        Models.writeChatModel(
            folder.resolve("plain.gguf"),
            "{{ bos_token }}{% for m in messages %}{% if m.role != 'system' %}"
                + "{{ m.role }}: {{ m.content }}\n{% endif %}{% endfor %}assistant:");
    String expected = continuation("user: Be a fox.\n\nHello\nassistant:") + "\n";
    String note = "This model's chat format has no system message, so the text is put in front of";
    Outcome option = chat("Hello\n", "-m", plain.toString(), "--system", "Be a fox.").succeeds();
    assertEquals(expected, option.out());
    option.says("bitnet: note: " + note);
    Outcome command = chat("/system Be a fox.\nHello\n", "-m", plain.toString()).succeeds();
    assertEquals(expected, command.out());
    command.says("System message: Be a fox.\n" + note);
    assertFalse(chat("Hello\n", "-m", plain.toString()).err().contains(note));
    assertFalse(chat("Hello\n", "--system", "Be a fox.").err().contains(note));
  }

  @Test
  void theContextIsThatOfTheConversation() {
    chat("Hello\n/reset\n/context\n")
        .succeeds()
        .says("The conversation is forgotten.\n0 of 512 tokens are used.\n");
    int system =
        Outcome.of("tokenize", "--bos", "system: Be a fox.\n").succeeds().out().split(" ").length;
    chat("Hello\n/reset\n/context\n", "--system", "Be a fox.")
        .succeeds()
        .says(system + " of 512 tokens are used, by the system message.\n");
  }

  @Test
  void messagesOfSeveralLinesAreOneMessage() {
    String expected = continuation("user: one\ntwo\nassistant:") + "\n";
    assertEquals(expected, chat("one\\\ntwo\n").succeeds().out());
    assertEquals(expected, chat("\"\"\"one\ntwo\"\"\"\n").succeeds().out());
    assertEquals(expected, chat("\"\"\"\none\ntwo").succeeds().out());
  }

  @Test
  void resetForgets() {
    String hello = continuation("user: Hello\nassistant:") + "\n";
    Outcome outcome =
        chat("Hello\n/reset\nHello\n").succeeds().says("The conversation is forgotten.");
    assertEquals(hello + hello, outcome.out());
  }

  @Test
  void commandsSpeakOnStandardErrorOnly() {
    Outcome outcome =
        chat("/help\n/stats\nHello\n/stats\n/context\n/system\n/quit\nnever asked\n").succeeds();
    assertEquals(continuation("user: Hello\nassistant:") + "\n", outcome.out());
    for (String order : Chat.names()) {
      outcome.says("  " + order);
    }
    outcome.says("There is no answer yet.\n");
    outcome.says("bitnet: prefill ");
    outcome.says("decode 12 tokens");
    outcome.says(" of 512 tokens are used, by 2 messages.\n");
    outcome.says("There is no system message.\n");
    outcome.says("(The answer was cut at the limit of -n.)\n");
  }

  @Test
  void theFirstMessageMayStandInTheCommandLine() {
    String expected = chat("Tell me a story\nGo on\n").succeeds().out();
    assertEquals(expected, chat("Go on\n", "Tell me a story").succeeds().out());
    assertEquals(
        continuation("user: Tell me a story\nassistant:") + "\n",
        chat("", "Tell me a story").succeeds().out());
  }

  @Test
  void statisticsFollowEachAnswerWhereAskedFor() {
    chat("Hello\n", "--stats").succeeds().says("bitnet: prefill ").says("; seed ");
    assertFalse(chat("Hello\n").err().contains("tokens/s"));
  }

  @Test
  void undoForgetsTheLastMessageAndItsAnswer() {
    String hello = continuation("user: Hello\nassistant:") + "\n";
    Outcome outcome = chat("Hello\n/undo\n/context\nHello\n").succeeds();
    assertEquals(hello + hello, outcome.out());
    outcome.says("The last message and its answer are forgotten.\n0 of 512 tokens are used.\n");
    chat("/undo\n").fails("There is nothing to forget.");
  }

  @Test
  void retryAnswersTheLastMessageAgainWithAnotherSeed() {
    String hello = continuation("user: Hello\nassistant:") + "\n";
    Outcome same = chat("Hello\n/retry\n/context\n").succeeds();
    assertEquals(hello + hello, same.out());
    same.says("With temp 0 the answer is the same each time").says("by 2 messages.");
    String[] seeded = {"--temp", "1", "--seed", "5", "-n", "24"};
    Outcome retried = chat("Hello\n/retry\n", seeded).succeeds();
    String five = chat("Hello\n", seeded).succeeds().out();
    String six = chat("/set seed 6\nHello\n", seeded).succeeds().out();
    assertEquals(five + six, retried.out());
    chat("/retry\n").fails("There is no message to answer again.");
  }

  @Test
  void aSavedConversationGoesOn() throws IOException {
    Path json = folder.resolve("saved.json");
    String whole = chat("/system Be kind.\nHello\nGo on\n").succeeds().out();
    String first = chat("/system Be kind.\nHello\n/save " + json + "\n").succeeds().out();
    Outcome rest = chat("Never\n/load " + json + "\nGo on\n").succeeds();
    rest.says("Going on with 3 messages from " + json + ".");
    String never = continuation("user: Never\nassistant:") + "\n";
    assertEquals(never + whole.substring(first.length()), rest.out());
    Path text = Files.writeString(folder.resolve("saved.txt"), "user: Hello\n");
    String refusal = " is not a conversation: it must be JSON, an array of objects with";
    chat("/load " + text + "\n").says(text + refusal);
    for (String wrong : new String[] {"{}", "[{\"role\": \"user\"}]", "[1]", "[] x", ""}) {
      Path file = Files.writeString(folder.resolve("wrong.json"), wrong);
      Outcome outcome = chat("/load " + file + "\n");
      assertEquals(1, outcome.code(), wrong);
      outcome.says(file + refusal);
    }
    chat("/load\n").fails("Name the file: /load FILE.");
    Path none = folder.resolve("none.json");
    chat("/load " + none + "\n").fails(none + ": there is no such file.");
  }

  @Test
  void optionsChangeWhileTheChatLasts() {
    String hello = chat("Hello\n", "-n", "5").succeeds().out();
    assertEquals(hello, chat("/set predict 5\nHello\n").succeeds().out());
    assertEquals(hello, chat("/set --n=5\nHello\n").succeeds().out());
    chat("/set\n/set top-k 7\n/set seed\n", "--seed", "3")
        .succeeds()
        .says("  temp 0.0\n  top-k 40\n")
        .says("\ntop-k 7\nseed 3\n");
    chat("/set temp hot\n").fails("temp must be a number, not 'hot'.");
    chat("/set top-k 1.5\n").fails("top-k must be a whole number, not '1.5'.");
    chat("/set top-p 2\n").fails("The top-p must be between 0 and 1 (1 keeps all tokens), not 2.");
    chat("/set predict -2\n").fails("predict must be 0 or more, or -1 for as many as fit, not -2.");
    Outcome unknown = chat("/set colour red\n");
    assertEquals(1, unknown.code());
    unknown.says("There is no option 'colour'; /set changes temp, top-k,");
  }

  @Test
  void anotherModelGoesOnWithTheConversation() throws IOException {
    Path other =
        Models.writeChatModel(
            folder.resolve("other.gguf"),
            "{{ bos_token }}{% for m in messages %}{{ m.role }}> {{ m.content }}\n{% endfor %}"
                + "assistant>");
    String first = continuation("user: Hello\nassistant:");
    Outcome outcome = chat("Hello\n/model " + other + "\nGo on\n/model\n").succeeds();
    String second = continuation("user> Hello\nassistant> " + first + "\nuser> Go on\nassistant>");
    outcome.says("tiny-bitnet-stories (chat format: ").says("tokens), " + other + "\n");
    assertEquals(first + "\n" + second + "\n", outcome.out());
    Path none = folder.resolve("none.gguf");
    assertEquals(1, chat("/model " + none + "\n").code());
    chat("/model " + Models.SHIPPED + "\n").says("This model has no chat template");
  }

  /** Six messages and their answers take more than this context. */
  @Test
  void theOldestMessagesAreDroppedWhereTheContextIsFull() throws IOException {
    String messages = "Tell me a story about a fox and a hen\n".repeat(6);
    Path file = folder.resolve("all.json");
    Outcome outcome = chat(messages + "/save " + file + "\n", "-c", "100").succeeds();
    outcome.says("(The context was full: the oldest ").says(" messages were dropped.");
    assertEquals(6, outcome.out().lines().count(), outcome::out);
    assertEquals(12, new ObjectMapper().readTree(Files.readString(file)).size());
    Outcome strict = chat(messages, "-c", "100", "--no-context-shift");
    assertEquals(1, strict.code(), strict::toString);
    strict.says("The conversation no longer fits: ");
  }

  @Test
  void twoSlashesSendAMessageThatStartsWithOne() {
    String expected = continuation("user: /help\nassistant:") + "\n";
    assertEquals(expected, chat("//help\n").succeeds().out());
  }

  @Test
  void aConversationIsSavedAsTextOrJson() throws IOException {
    Path text = folder.resolve("chat.txt");
    Path json = folder.resolve("chat.json");
    String answer =
        chat("/system Be kind.\nHello\n/save "
                + text
                + "\n/save "
                + json
                + "\n/save "
                + json
                + "\n")
            .succeeds()
            .says("Saved to " + text + ".")
            .out();
    String content = answer.substring(0, answer.length() - 1);
    assertEquals(
        "system: Be kind.\n\nuser: Hello\n\nassistant: " + content + "\n", Files.readString(text));
    JsonNode messages = new ObjectMapper().readTree(Files.readString(json));
    assertEquals(3, messages.size());
    assertEquals("user", messages.get(1).get("role").asText());
    assertEquals(content, messages.get(2).get("content").asText());
    chat("Hello\n/save " + text + "\n").says(text + " exists; choose another name.");
    assertTrue(Files.readString(text).startsWith("system"));
  }

  @Test
  void withoutATerminalTheFirstErrorEndsTheChat() {
    Outcome unknown = chat("/sing\nHello\n");
    assertEquals(1, unknown.code());
    unknown.says("Unknown command /sing; /help lists them.");
    assertEquals("", unknown.out());
    Outcome tooLong = chat(String.join(" ", Collections.nCopies(600, "word")) + "\n");
    assertEquals(1, tooLong.code());
    tooLong.says("The conversation no longer fits: ").says("/reset begins a new conversation.");
    Outcome.fed("caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1), "chat", "-m", model.toString())
        .fails("standard input is not UTF-8 text.");
    chat("/save\n").fails("Name the file: /save FILE.");
  }

  @Test
  void aModelThatOnlyCompletesSaysSo() {
    Outcome.fed("Hello\n", "chat")
        .fails(
            "tiny-bitnet-stories: This model has no chat template: it continues texts, but was not"
                + " made to chat. 'bitnet run' continues a text.");
  }

  @Test
  void aTemplateFromAFileReplacesTheModelsOwn() throws IOException {
    Path template = folder.resolve("template.jinja");
    Files.writeString(
        template,
        "{{ bos_token }}{% for m in messages %}<{{ m.role }}> {{ m.content }}\n{% endfor %}"
            + "{% if add_generation_prompt %}<reply>{% endif %}");
    String expected = continuation("<system> Be a fox.\n<user> Hello\n<reply>");
    String[] options = {"--chat-template", template.toString(), "--system", "Be a fox."};
    assertEquals(expected + "\n", chat("Hello\n", options).succeeds().out());
    assertEquals(
        expected + "\n",
        Outcome.fed(
                "Hello\n",
                Stream.concat(Stream.of("chat", "--temp", "0", "-n", "12"), Stream.of(options))
                    .toArray(String[]::new))
            .succeeds()
            .out(),
        "for a model without one");
  }

  /** The answer's words are the model's own: the template opens a thought that it never closes. */
  @Test
  void whatTheModelThinksIsShownOrHidden() throws IOException {
    Path template = folder.resolve("template.jinja");
    Files.writeString(
        template,
        "{{ bos_token }}{% for m in messages %}{{ m.content }}\n{% endfor %}"
            + "{% if enable_thinking is defined and enable_thinking is false %}<think></think>"
            + "{% else %}<think>{% endif %}");
    String[] given = {"--chat-template", template.toString()};
    String thought = continuation("Hello\n<think>");
    String shown = "<think>\n" + thought.stripLeading() + "\n";
    assertEquals(shown, chat("Hello\n", given).succeeds().out());
    assertEquals(shown, chat("Hello\n", with(given, "show")).succeeds().out());
    Outcome hidden = chat("Hello\n", with(given, "hide")).succeeds();
    assertEquals("\n", hidden.out());
    assertFalse(hidden.err().contains("note:"), hidden::err);
    assertEquals(
        continuation("Hello\n<think></think>") + "\n",
        chat("Hello\n", with(given, "off")).succeeds().out());
  }

  private static String[] with(String[] options, String think) {
    return Stream.concat(Stream.of(options), Stream.of("--think", think)).toArray(String[]::new);
  }

  @Test
  void whereTheFormatLeavesNoChoiceOfThinkingThatIsSaid() throws IOException {
    String said = "bitnet: note: This model's chat format knows no thinking, so --think ";
    chat("Hello\n", "--think", "show").succeeds().says(said + "changes nothing for the model.");
    chat("Hello\n", "--think", "off").succeeds().says(said + "off cannot keep the model from it.");
    Path template = folder.resolve("template.jinja");
    Files.writeString(template, "{{ bos_token }}{{ messages[-1].content.split('</think>')[0] }}");
    chat("Hello\n", "--chat-template", template.toString(), "--think", "off")
        .succeeds()
        .says("leaves no choice of thinking, so --think off only hides it.");
    Outcome.of("chat", "--think", "maybe").isMisuse("'maybe'");
  }

  @Test
  void aTemplateThatCannotBeUsedIsRefused() throws IOException {
    Path template = folder.resolve("template.jinja");
    chat("Hello\n", "--chat-template", template.toString())
        .fails(template + ": there is no such file.");
    Files.writeString(template, "{% for m in messages %}");
    Outcome unclosed = chat("Hello\n", "--chat-template", template.toString());
    assertEquals(1, unclosed.code());
    unclosed.says("bitnet: The chat template that was given cannot be used: ");
    Files.write(template, new byte[] {'a', (byte) 0xff});
    Outcome binary = chat("Hello\n", "--chat-template", template.toString());
    assertEquals(1, binary.code());
    binary.says(template + " is not UTF-8 text");
  }

  @Test
  void wrongOptionsAreMisuse() {
    Outcome.of("chat", "-n", "-5").isMisuse("must be 0 or more");
    Outcome.of("chat", "hello", "there").isMisuse("Put the message in quotes");
    Outcome.of("chat", "-q", "--stats").isMisuse("Give --stats or -q, not both.");
  }

  /** Types {@code keys} at a simple terminal; what went to standard output and error. */
  private Outcome type(String keys, Optional<Path> history) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            new Output(out),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            stream -> true);
    ByteArrayInputStream typed = new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
    Terminal terminal =
        new DumbTerminal(
            "test", "dumb", typed, new ByteArrayOutputStream(), StandardCharsets.UTF_8);
    int code;
    GenerationOptions options = GenerationOptions.greedy().withMaxTokens(12);
    Chat.Manner manner = new Chat.Manner(options, new ThinkOption(), "", true, new Reporting());
    try (Messages messages = new TypedMessages(terminal, history, Chat.names());
        Chat chat = new Chat(streams, messages, load(model.toString()), this::load, manner)) {
      code = chat.hold(Optional.empty());
    }
    return new Outcome(code, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  private LoadedModel load(String name) throws IOException {
    return LoadedModel.forChat(LanguageModel.load(Path.of(name)), SessionOptions.defaults());
  }

  @Test
  void atATerminalEachAnswerIsFollowedByAShortLine() throws IOException {
    String said = type("Hello\r", Optional.empty()).succeeds().err();
    assertTrue(said.matches("(?s).*bitnet: 12 tokens, [0-9.]+ tokens/s, the first after .*"), said);
  }

  @Test
  void aMistypedCommandIsGuessed() throws IOException {
    type("/rseet\r/undoo\r", Optional.empty())
        .succeeds()
        .says("Unknown command /rseet; did you mean /reset?")
        .says("Unknown command /undoo; did you mean /undo?");
  }

  @Test
  void aFileThatIsNotThereEndsNoChatThatIsTyped() throws Exception {
    Path none = folder.resolve("none.json");
    Outcome outcome =
        type("/load " + none + "\r/model " + none + "\rHello\r\u0004", Optional.empty()).succeeds();
    assertTrue(outcome.err().contains(none + ": there is no such file."), outcome::err);
    assertEquals(type("Hello\r\u0004", Optional.empty()).succeeds().out(), outcome.out());
  }

  @Test
  void atATerminalErrorsAreToldAndTheChatGoesOn() throws IOException {
    Outcome outcome = type("/sing\rHello\r\u0004", Optional.empty()).succeeds();
    outcome.says("Unknown command /sing");
    assertEquals(continuation("user: Hello\nassistant:") + "\n", outcome.out());
  }

  @Test
  void atATerminalUnfinishedMessagesGoOnInTheNextLine() throws IOException {
    String expected = continuation("user: one! $x !!\ntwo\nassistant:") + "\n";
    assertEquals(expected, type("one! $x !!\\\rtwo\r", Optional.empty()).succeeds().out());
    assertEquals(
        expected, type("\"\"\"one! $x !!\rtwo\"\"\"\r", Optional.empty()).succeeds().out());
  }

  @Test
  void whatIsTypedIsRememberedWhereAsked() throws IOException {
    Path history = folder.resolve("state").resolve("history");
    type("/help\r\u0004", Optional.of(history)).succeeds();
    List<String> lines = Files.readAllLines(history);
    assertTrue(lines.getLast().endsWith("/help"), lines::toString);
    type("/help\r\u0004", Optional.empty()).succeeds();
    assertFalse(Files.exists(folder.resolve("history")));
  }
}
