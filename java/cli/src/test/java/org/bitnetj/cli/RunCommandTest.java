package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
  private static final String PROMPT = "Once upon a time";

  @TempDir private Path folder;

  /** Runs with temperature 0 and 12 tokens where {@code args} do not say otherwise. */
  private static Outcome greedy(String... args) {
    List<String> line = new ArrayList<>(List.of("run"));
    List<String> given = List.of(args);
    if (!given.contains("--temp") && !given.contains("--temperature")) {
      line.addAll(List.of("--temp", "0"));
    }
    if (!given.contains("-n")) {
      line.addAll(List.of("-n", "12"));
    }
    line.addAll(given);
    return Outcome.of(line.toArray(String[]::new));
  }

  @Test
  void aByteOrderMarkIsNoPartOfATextThatIsRead() throws IOException {
    String marked = "\uFEFFOnce upon a time";
    String[] command = {"run", "-n", "4", "--temp", "0"};
    String plain = Outcome.fed("Once upon a time", command).succeeds().out();
    assertEquals(plain, Outcome.fed(marked, command).succeeds().out());
    Path file = Files.writeString(folder.resolve("marked.txt"), marked);
    assertEquals(
        plain, Outcome.of("run", "-n", "4", "--temp", "0", "-f", file.toString()).succeeds().out());
    assertEquals(
        Outcome.fed("Once", "tokenize").out(), Outcome.fed("\uFEFFOnce", "tokenize").out());
    assertEquals(
        Outcome.fed("", "tokenize").out(), Outcome.fed("\uFEFF", "tokenize").succeeds().out());
    assertEquals(Outcome.fed("Once", "embed").out(), Outcome.fed("\uFEFFOnce", "embed").out());
    String line = "{\"text\": \"Once\"}\n";
    assertEquals(
        Outcome.fed(line + line, "tokenize", "--jsonl").succeeds().out(),
        Outcome.fed("\uFEFF" + line + line, "tokenize", "--jsonl").succeeds().out());
  }

  @Test
  void thinkingIsForModelsThatChat() {
    Outcome.of("run", "--think", "off", "Hi").isMisuse("--think off needs a chat format");
    String plain = greedy(PROMPT).succeeds().out();
    assertEquals(plain, greedy("--think", "hide", PROMPT).succeeds().out());
    assertEquals(plain, greedy("--think", "show", PROMPT).succeeds().out());
  }

  @Test
  void greedyTextsAreThoseOfAnIndependentImplementation() {
    int whole = 0;
    for (Golden golden : Golden.prompts()) {
      Outcome outcome =
          Outcome.of("run", "--temp", "0", "-n", "48", "--cache", "f32", "-p", golden.text());
      String out = outcome.succeeds().out();
      assertTrue(out.startsWith(golden.text()), out);
      whole += out.equals(golden.text() + golden.greedyText() + "\n") ? 1 : 0;
    }
    // A close race between two tokens may end the other way where one rounding differs.
    assertTrue(whole >= 7, "only " + whole + " texts are the expected ones");
  }

  @Test
  void theTextIsTheSameByEveryWayAPromptCanCome() throws IOException {
    String text = greedy(PROMPT).succeeds().out();
    assertTrue(text.startsWith(PROMPT) && text.endsWith("\n"), text);
    Path file = Files.writeString(folder.resolve("prompt"), PROMPT + "\n");
    assertEquals(text, greedy("-p", PROMPT).succeeds().out());
    assertEquals(text, greedy("-f", file.toString()).succeeds().out());
    assertEquals(text, greedy("-m", Models.SHIPPED.toString(), PROMPT).succeeds().out());
    assertEquals(
        text, Outcome.fed(PROMPT + "\r\n", "run", "--temp", "0", "-n", "12").succeeds().out());
    assertEquals(text, PROMPT + greedy("--no-echo", PROMPT).succeeds().out());
    assertEquals(text, greedy("--echo", PROMPT).succeeds().out());
  }

  @Test
  void theTextIsTheSameWithAnyKernelsAndThreads() {
    String text = greedy(PROMPT).succeeds().out();
    greedy("--stats", "--kernels", "scalar", "-t", "3", PROMPT)
        .succeeds()
        .says("scalar kernels, 3 threads");
    assertEquals(text, greedy("--kernels", "SCALAR", PROMPT).succeeds().out());
    assertEquals(text, greedy("-t", "1", PROMPT).succeeds().out());
  }

  @Test
  void aSeedGivesTheSameTextAgainAndStandsInTheStatistics() {
    String[] line = {"run", "-n", "24", "--seed", "11", PROMPT};
    Outcome one = Outcome.of(line).succeeds().says("seed 11");
    assertEquals(one.out(), Outcome.of(line).succeeds().out());
    Outcome free = Outcome.of("run", "-n", "24", PROMPT).succeeds();
    String seed = free.err().strip().replaceFirst(".*seed ", "");
    Outcome again = Outcome.of("run", "-n", "24", "--seed", seed, PROMPT).succeeds();
    assertEquals(free.out(), again.out());
    assertNotEquals(one.out(), free.out());
  }

  @Test
  void aShortLineSaysWhatMostWantToKnow() {
    String line = greedy(PROMPT).succeeds().err();
    assertTrue(
        line.matches(
            "bitnet: 12 tokens, [0-9.]+ tokens/s, the first after [0-9]+[.][0-9]{2} s; ended at the"
                + " limit of -n; seed [0-9]+\n"),
        line);
    assertTrue(greedy("--stop", "e", PROMPT).err().matches("bitnet: [^;]* s; seed [0-9]+\n"));
  }

  @Test
  void whoWantsNothingSaidHearsNothing() {
    Outcome quiet = greedy("-q", PROMPT).succeeds();
    assertEquals("", quiet.err());
    assertEquals(greedy("--quiet", PROMPT).out(), quiet.out());
    greedy("-q", "-c", "600", PROMPT).says("600 positions");
    greedy("-q", "--stats", PROMPT).isMisuse("Give --stats or -q, not both.");
  }

  @Test
  void allStatisticsAreOneLineWithBothSpeeds() {
    String line = greedy("--stats", PROMPT).succeeds().err();
    assertTrue(
        line.matches(
            "bitnet: prefill 5 tokens, [0-9.]+ tokens/s; decode 12 tokens, [0-9.]+ tokens/s(?:"
                + " \\([0-9]+ of [0-9]+ drafted ones accepted\\))?; ended at the limit of -n;"
                + " [a-z0-9]+ kernels, [0-9]+ threads, [0-9]+ weight bytes read per token( \\(of"
                + " the hidden units [0-9.]+ % were active, [0-9.]+ % not 0\\))?; energy (not"
                + " available|with idle power [0-9.]+ J.+ per token of prompt and text); seed"
                + " [0-9]+\n"),
        line);
  }

  @Test
  void nothingIsSkippedUnlessThatIsWanted() {
    Outcome all = greedy("--stats", "--no-sparse", PROMPT).succeeds();
    assertFalse(all.err().contains("hidden units"), all.err());
    assertEquals(greedy("--sparse", PROMPT).succeeds().out(), all.out());
  }

  @Test
  void aModelThatIsNotMappedWritesTheSame() {
    Outcome read = greedy("--no-mmap", PROMPT).succeeds();
    assertEquals(greedy("--mmap", PROMPT).succeeds().out(), read.out());
  }

  @Test
  void whatWasNotTimedHasNoSpeed() {
    greedy("--stats", "-n", "1", PROMPT).succeeds().says("tokens/s; decode 1 token; ended");
    greedy("--stats", "-n", "0", PROMPT).succeeds().says("tokens/s; decode 0 tokens; ended");
    greedy("-n", "1", PROMPT).succeeds().says("bitnet: 1 token, the first after ");
    greedy("-n", "0", PROMPT).succeeds().says("bitnet: 0 tokens; ended at the limit of -n; seed ");
  }

  @Test
  void lengthsEndTheText() {
    assertEquals(PROMPT + "\n", Outcome.of("run", "-n", "0", PROMPT).succeeds().out());
    Outcome full = Outcome.of("run", "--temp", "0", "-c", "9", PROMPT).succeeds();
    full.says("bitnet: 4 tokens, ").says("; ended because the context is full; seed ");
    Outcome all = Outcome.of("run", "-n", "-1", "-c", "9", "--temp", "0", PROMPT).succeeds();
    assertEquals(full.out(), all.out());
  }

  @Test
  void aStopTextEndsTheTextAndIsNotPartOfIt() {
    String text = greedy(PROMPT).out();
    String stop = text.substring(PROMPT.length() + 6, PROMPT.length() + 12);
    String shorter = greedy("--stop", "never this", "--stop", stop, PROMPT).succeeds().out();
    assertEquals(text.substring(0, text.indexOf(stop, PROMPT.length())) + "\n", shorter);
    greedy("--stats", "--stop", stop, PROMPT).says("ended at a stop text");
  }

  @Test
  void anEmptyPromptLetsTheModelBegin() {
    String text = greedy("").succeeds().out();
    assertTrue(text.length() > 10, text);
    assertEquals(text, Outcome.fed("", "run", "--temp", "0", "-n", "12").succeeds().out());
  }

  @Test
  void specialTokensAreTextUnlessAskedFor() {
    String name = "<|begin_of_text|>";
    int tokens = Outcome.of("tokenize", name).out().split(" ").length;
    assertTrue(tokens > 2, () -> "the name is spelled by " + tokens + " tokens");
    greedy("--stats", name).succeeds().says("prefill " + tokens + " tokens");
    greedy("--stats", "--parse-special", name).succeeds().says("prefill 2 tokens");
  }

  @Test
  void samplingFlagsChangeTheText() {
    String text = greedy("-n", "40", PROMPT).succeeds().out();
    for (String[] flag :
        new String[][] {
          {"--repeat-penalty", "1.8"},
          {"--presence-penalty", "3"},
          {"--frequency-penalty", "3"},
          {"--temperature", "3"}
        }) {
      String other = greedy("-n", "40", flag[0], flag[1], "--seed", "1", PROMPT).succeeds().out();
      assertNotEquals(text, other, flag[0]);
    }
    for (String[] flag : new String[][] {{"--top-k", "1"}, {"--top-p", "0"}, {"--min-p", "1"}}) {
      String same =
          Outcome.of("run", "-n", "40", "--temp", "1", flag[0], flag[1], PROMPT).succeeds().out();
      assertEquals(text, same, flag[0]);
    }
    String window =
        greedy("-n", "40", "--repeat-penalty", "2", "--repeat-last-n", "0", PROMPT).out();
    assertEquals(text, window);
  }

  @Test
  void wrongOptionsAreMisuse() {
    greedy("-n", "-2", PROMPT).isMisuse("must be 0 or more, or -1 for as many as fit, not -2");
    greedy("-n", "many", PROMPT).isMisuse("'many'");
    greedy("-t", "0", PROMPT).isMisuse("must be from 1 to 1024, not 0");
    greedy("-t", "99999", PROMPT).isMisuse("must be from 1 to 1024, not 99999");
    greedy("-c", "1", PROMPT).isMisuse("The context must be 2 tokens or more");
    greedy("--context", "1", PROMPT).isMisuse("The context must be 2 tokens or more");
    greedy("--activations", "column", PROMPT)
        .isMisuse("Unknown activations 'column'; choose row or group.");
    greedy("--kernels", "sse9", PROMPT).isMisuse("choose one of auto, " + KernelTier.labels());
    greedy("--temp", "-1", PROMPT).isMisuse("The temperature must be 0 or more");
    greedy("--temp", "NaN", PROMPT).isMisuse("The temperature must be 0 or more");
    greedy("--top-p", "1.5", PROMPT).isMisuse("The top-p must be between 0 and 1");
    greedy("--stop", "", PROMPT).isMisuse("A stop string must not be empty");
    greedy("--cache", "f8", PROMPT).isMisuse("'f8'");
    greedy("Once", "upon").isMisuse("Put the text in quotes");
    greedy("-p", "a", "-f", "b").isMisuse("Give the text once");
    Outcome.run(new ByteArrayInputStream(new byte[0]), s -> s == Streams.Standard.IN, "run")
        .isMisuse("Give a text");
  }

  @Test
  void whatTheModelCannotDoIsAFailure() throws IOException {
    greedy("-c", "600", PROMPT)
        .fails(
            "a context of 600 positions is more than the 512 that tiny-bitnet-stories was made for;"
                + " ask for fewer.");
    Path book =
        Files.writeString(folder.resolve("book"), String.join(" ", Collections.nCopies(900, "a")));
    Outcome tooLong = greedy("-f", book.toString());
    assertEquals(1, tooLong.code());
    tooLong.says("but the context holds 512").says("shorten the prompt or use a larger context.");
    Path none = folder.resolve("none");
    greedy("-f", none.toString()).fails(none + ": there is no such file.");
    greedy("-f", folder.toString()).fails(folder + " is a directory; name a file.");
    Outcome noModel = greedy("-m", none.toString(), PROMPT);
    assertEquals(1, noModel.code());
    noModel.says(none.toString());
    assertEquals("", noModel.out());
  }

  @Test
  void aPromptThatIsNotUtf8IsNamed() throws IOException {
    byte[] latin1 = "Es war einmal ein Mädchen".getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(folder.resolve("latin1"), latin1);
    greedy("-f", file.toString())
        .fails(
            file
                + " is not UTF-8 text (byte 19); convert it, for example by iconv -f latin1 -t"
                + " utf-8.");
    Outcome.fed(latin1, "run").says("standard input is not UTF-8 text (byte 19)");
  }

  @Test
  void aModelWithDamagedWeightsSaysSo() throws IOException {
    JsonNode inspection =
        new ObjectMapper().readTree(Outcome.of("inspect", "--format", "json").out());
    byte[] bytes = Files.readAllBytes(Models.SHIPPED);
    for (JsonNode tensor : inspection.get("tensors")) {
      if (tensor.get("name").asText().equals("token_embd.weight")) {
        ShortBuffer embedding =
            ByteBuffer.wrap(bytes, tensor.get("offset").asInt(), tensor.get("bytes").asInt())
                .order(ByteOrder.LITTLE_ENDIAN)
                .asShortBuffer();
        for (int i = 0; i < embedding.capacity(); i += 256) {
          embedding.put(i, Float.floatToFloat16(Float.NaN));
        }
      }
    }
    Path file = Files.write(folder.resolve("nan.gguf"), bytes);
    Outcome.of("run", "-m", file.toString(), "--kernels", "scalar", "--head", "screened", PROMPT)
        .says("tensor 'token_embd.weight'")
        .says("it holds weights that are NaN or infinite.");
    greedy("-m", file.toString(), "--head", "full", PROMPT)
        .fails(
            "in layer 0, attention's input is NaN or infinite: the weights of tiny-bitnet-stories"
                + " are damaged; fetch the model file again.");
  }

  @Test
  void aReaderWhoHasHadEnoughEndsTheTextQuietly() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    OutputStream pipe =
        new OutputStream() {
          private int left = 30;

          @Override
          public void write(int b) throws IOException {
            if (left-- == 0) {
              throw new IOException("Broken pipe");
            }
          }
        };
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            new Output(pipe),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            stream -> false);
    assertEquals(0, BitnetCommand.execute(streams, "run", "-n", "100000", "-c", "512", PROMPT));
    assertEquals("", Outcome.withoutKernelWarning(err.toString(StandardCharsets.UTF_8)));
  }

  /** The shipped model's family was trained with one activation scale a row, and says so. */
  @Test
  void activationsAreScaledAsTheModelWasTrained() {
    String text = greedy(PROMPT).succeeds().out();
    assertEquals(text, greedy("--activations", "row", PROMPT).succeeds().out());
    Outcome refused = greedy("--activations", "group", PROMPT);
    assertEquals(1, refused.code(), refused::toString);
    refused.says("were trained with one activation scale a row, not a group");
  }
}
