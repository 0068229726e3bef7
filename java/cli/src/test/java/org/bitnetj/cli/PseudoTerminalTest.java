package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What only a terminal shows: widths, colours, a line of progress, Ctrl-C. */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
class PseudoTerminalTest {
  private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1");

  /** So slow that a prompt takes seconds. */
  private static final String[] SLOW = {"--kernels", "scalar", "-t", "1"};

  /** Bold green in the order in which JLine writes it. */
  private static final String GREEN = "\u001b[32;1m";

  @TempDir private Path folder;

  private PseudoTerminal at(int columns, Map<String, String> environment, String... args)
      throws IOException {
    Map<String, String> home = new HashMap<>(environment);
    home.put("XDG_STATE_HOME", folder.toString());
    return PseudoTerminal.start(columns, home, QUICK, args);
  }

  /** Compiled by the optimizing compiler all the same, lest a step take a minute. */
  private PseudoTerminal slow(String... args) throws IOException {
    return PseudoTerminal.start(
        80, Map.of("XDG_STATE_HOME", folder.toString()), List.of(), with(SLOW, args));
  }

  private Path chatModel() throws IOException {
    return Models.writeChatModel(folder.resolve("chat.gguf"));
  }

  private static String[] with(String[] more, String... args) {
    String[] all = Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return all;
  }

  /** Some ten tokens a sentence, of which a step has 128. */
  private Path prompt(int sentences) throws IOException {
    return Files.writeString(
        folder.resolve("long.txt"), "One day a cat sat on a mat. ".repeat(sentences));
  }

  private Path longPrompt() throws IOException {
    return prompt(45);
  }

  @Test
  void helpIsAsWideAsTheTerminalOrAsColumnsSays() throws Exception {
    try (PseudoTerminal narrow = at(70, Map.of(), "run", "--help");
        PseudoTerminal named = at(70, Map.of("COLUMNS", "120"), "run", "--help")) {
      assertEquals(0, narrow.ends());
      assertEquals(0, named.ends());
      int widest = narrow.screen().stream().mapToInt(String::length).max().orElseThrow();
      assertTrue(widest > 60 && widest <= 70, () -> widest + ": " + narrow.shown());
      int wider = named.screen().stream().mapToInt(String::length).max().orElseThrow();
      assertTrue(wider > 100 && wider <= 120, () -> wider + ": " + named.shown());
    }
  }

  @Test
  void aChatWrapsBetweenWordsAndShowsInColourWhoSpeaks() throws Exception {
    String model = chatModel().toString();
    String[] chat = {"chat", "-m", model, "--temp", "0", "-n", "60", "Once upon a time"};
    try (PseudoTerminal coloured = at(30, Map.of(), chat);
        PseudoTerminal plain = at(30, Map.of("NO_COLOR", "1"), chat)) {
      for (PseudoTerminal each : List.of(coloured, plain)) {
        each.awaits("seed ").awaits("> ").types("/stats\r").awaits("bitnet: prefill");
        each.awaits("> ").types("/quit\r");
        assertEquals(0, each.ends(), each::shown);
        List<String> answer =
            each.screen().stream()
                .dropWhile(line -> !line.endsWith("chat."))
                .skip(1)
                .takeWhile(line -> !line.startsWith("(The answer was cut"))
                .toList();
        assertTrue(answer.size() > 3, each::shown);
        for (String line : answer) {
          assertTrue(line.length() <= 30, () -> line + "\n" + each.shown());
        }
      }
      assertTrue(coloured.shown().contains(GREEN), coloured::shown);
      assertFalse(plain.shown().contains(GREEN), plain::shown);
    }
  }

  @Test
  void aPromptThatIsInterruptedLeavesNoLineOfProgress() throws Exception {
    String file = longPrompt().toString();
    try (PseudoTerminal run = slow("run", "-n", "4", "-f", file)) {
      run.awaits("prompt: ").interrupts();
      assertEquals(130, run.ends(), run::shown);
      assertFalse(String.join("\n", run.screen()).contains("prompt: "), run::shown);
    }
  }

  /** The file that is begun is taken away at once, while the text is still generated. */
  @Test
  void aTextThatIsInterruptedDoesNotBecomeAFileAndAQuietOneShowsNoProgress() throws Exception {
    Path file = Files.writeString(folder.resolve("story.txt"), "precious");
    String model = Models.SHIPPED.toString();
    String prompt = prompt(28).toString();
    String[] story = {
      "run",
      "-m",
      model,
      "-n",
      "200",
      "-f",
      prompt,
      "--force",
      "-o",
      file.toString(),
      "--ignore-eos",
      "--temp",
      "0"
    };
    try (PseudoTerminal run = slow(story);
        PseudoTerminal quiet = slow("run", "-m", model, "-n", "1", "-f", prompt, "-q")) {
      run.awaits("prompt: ").awaits("\r\u001b[K").interrupts();
      assertEquals(130, run.ends(), run::shown);
      List<String> said =
          run.screen().stream().map(String::strip).filter(l -> l.contains("bitnet: ")).toList();
      assertEquals(2, said.size(), run::shown);
      assertTrue(
          said.getFirst().endsWith("bitnet: interrupted: " + file + " was not written."),
          run::shown);
      assertTrue(said.getLast().contains("; interrupted; seed "), run::shown);
      assertEquals("precious", Files.readString(file));
      assertEquals(0, quiet.ends(), quiet::shown);
      assertFalse(quiet.shown().contains("prompt: "), quiet::shown);
      assertTrue(quiet.shown().startsWith("One day a cat sat on a mat. One day"), quiet::shown);
    }
  }

  @Test
  void theDeviceOfATerminalIsOneByItsNameToo() throws Exception {
    String[] logits = {"logits", "-p", "Once", "-o", "/dev/tty"};
    String[] ids =
        Outcome.of("tokenize", "--no-bos", "a\u001b[2Jb").succeeds().out().strip().split(" ");
    try (PseudoTerminal binary = at(80, Map.of(), logits);
        PseudoTerminal text = at(80, Map.of(), with(ids, "detokenize", "-o", "/dev/stdout"))) {
      assertEquals(2, binary.ends(), binary::shown);
      assertTrue(binary.shown().contains("The result is no text for a terminal"), binary::shown);
      assertEquals(0, text.ends(), text::shown);
      assertTrue(text.shown().startsWith("a[2Jb\r\n"), text::shown);
    }
  }

  @Test
  void anInterruptedPromptOfAChatLeadsBackToIt() throws Exception {
    String message = Files.readString(longPrompt());
    String model = chatModel().toString();
    try (PseudoTerminal chat = slow("chat", "-m", model, message)) {
      chat.awaits("prompt: ").interrupts().awaits("(Interrupted.)").awaits("> ");
      chat.types("/context\r").awaits("tokens are used").awaits("> ").types("/quit\r");
      assertEquals(0, chat.ends(), chat::shown);
      assertFalse(String.join("\n", chat.screen()).contains("prompt: "), chat::shown);
    }
  }

  @Test
  void aTextThatIsInterruptedEndsAsOne() throws Exception {
    String[] line = with(SLOW, "run", "--temp", "0", "-n", "400", "Once upon a time");
    try (PseudoTerminal run = at(80, Map.of(), line)) {
      run.awaits("Once upon a time,").interrupts();
      assertEquals(130, run.ends(), run::shown);
      assertTrue(run.shown().contains("; interrupted; seed "), run::shown);
    }
  }

  @Test
  void aSessionContinuesTextsAndObeysItsCommands() throws Exception {
    try (PseudoTerminal session = at(80, Map.of(), "run", "-n", "8")) {
      session.awaits("Ctrl-D ends the session.").awaits("> ").types("Once upon a time\r");
      session.awaits(" tokens/s").awaits("; seed ");
      session.types("/set temp 0\r").awaits("temp 0.0").awaits("> ").types("\u0004");
      assertEquals(0, session.ends(), session::shown);
    }
  }

  @Test
  void whatASessionSaysAndWritesBreaksBetweenWords() throws Exception {
    try (PseudoTerminal session = at(40, Map.of(), "run", "--temp", "0", "-n", "40")) {
      session.awaits("Ctrl-D").awaits("> ").types("/help\r").awaits("with //.").awaits("> ");
      session.types("Once upon a time\r").awaits("seed ").awaits("> ").types("/quit\r");
      assertEquals(0, session.ends(), session::shown);
      List<String> lines = session.screen().stream().map(String::stripTrailing).toList();
      List<String> said = lines.subList(1 + firstLineOf("tiny-bitnet", lines), lines.size());
      assertTrue(said.size() > 12, session::shown);
      for (String line : said) {
        assertTrue(line.length() <= 40, () -> line + "\n" + session.shown());
      }
      int retry = firstLineOf("  /retry", lines);
      assertEquals(
          List.of(
              "  /retry                continue the",
              "                        last text again,",
              "                        with another",
              "                        seed"),
          lines.subList(retry, retry + 4));
    }
  }

  private static int firstLineOf(String beginning, List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(beginning)) {
        return i;
      }
    }
    throw new AssertionError("no line begins with " + beginning + ": " + lines);
  }

  @Test
  void ctrlCLeavesNoMarkInAnAnswerNorInTheModeOfTheTerminal() throws Exception {
    String model = chatModel().toString();
    String[] line = {"chat", "-m", model, "--temp", "0", "-n", "4000", "Once upon a time"};
    try (PseudoTerminal chat = slow(line)) {
      chat.awaits("chat.").awaits("\n").awaits(" ");
      assertTrue(chat.mode().contains("-echoctl"), () -> "not within the answer: " + chat.shown());
      chat.interrupts().awaits("(Interrupted.)").awaits("> ");
      assertTrue(chat.mode().contains("echoctl"), () -> "not after it: " + chat.shown());
      chat.types("/quit\r");
      assertEquals(0, chat.ends(), chat::shown);
      assertFalse(chat.shown().contains("^C"), chat::shown);
    }
  }

  @Test
  void aDumbTerminalGetsNoEscapeCodes() throws Exception {
    Map<String, String> dumb = Map.of("TERM", "dumb");
    try (PseudoTerminal help = at(80, dumb, "run", "--help");
        PseudoTerminal session = at(80, dumb, "run", "-n", "8")) {
      assertEquals(0, help.ends(), help::shown);
      assertFalse(help.shown().contains("\u001b"), help::shown);
      session.awaits("> ").types("Once\r").awaits("; seed ").awaits("> ").types("\u0004");
      assertEquals(0, session.ends(), session::shown);
      assertFalse(session.shown().contains("\u001b"), session::shown);
      assertTrue(session.screen().stream().anyMatch(line -> line.equals("> ")), session::shown);
    }
  }

  @Test
  void anEmptyNoColorIsNone() throws Exception {
    try (PseudoTerminal session = at(80, Map.of("NO_COLOR", ""), "run", "-n", "8")) {
      session.awaits("> ").types("/quit\r");
      assertEquals(0, session.ends(), session::shown);
      assertTrue(session.shown().contains(GREEN), session::shown);
    }
  }
}
