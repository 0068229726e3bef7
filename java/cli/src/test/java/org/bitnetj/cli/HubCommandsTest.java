package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models by name, as they are used. The build lets HF_HOME name a folder of its own. */
class HubCommandsTest {
  private static final String NAME = LocalHub.ID;
  private static final Path HOME = disposable(Path.of(System.getenv("HF_HOME")));

  private LocalHub server;

  @BeforeEach
  void start() throws IOException {
    server = new LocalHub(0);
    clear();
  }

  /** What is cleared here lies in the build's own folder, never where a user keeps models. */
  private static Path disposable(Path home) {
    Path build = Path.of("target").toAbsolutePath();
    Path clean = home.toAbsolutePath().normalize();
    if (!clean.startsWith(build) || clean.equals(build)) {
      throw new IllegalStateException("HF_HOME is " + home + ", which is not below " + build);
    }
    return home;
  }

  @Test
  void aCacheOutsideTheBuildIsNotTouched() {
    for (String home : List.of("/elsewhere/huggingface", "target", "target/../x", "targets/x")) {
      assertThrows(IllegalStateException.class, () -> disposable(Path.of(home)));
    }
  }

  @AfterEach
  void clear() throws IOException {
    if (Files.exists(HOME)) {
      try (Stream<Path> all = Files.walk(HOME)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Outcome hub(String... line) {
    String[] all =
        Stream.concat(Stream.of(line), Stream.of("--hub", server.address())).toArray(String[]::new);
    return Outcome.of(all);
  }

  private static Outcome atTerminal(String... line) {
    return Outcome.run(
        new ByteArrayInputStream(new byte[0]), stream -> stream == Streams.Standard.ERR, line);
  }

  @Test
  void pullPrintsThePathOfWhatItFetched() throws IOException {
    Outcome pulled = hub("pull", NAME).succeeds();
    pulled.says("bitnet: fetching " + NAME + " into " + HOME.resolve("hub") + ".\n");
    Path path = Path.of(pulled.out().strip());
    assertEquals(-1, Files.mismatch(Models.SHIPPED, path));
    Outcome again = hub("pull", NAME + "@main:" + LocalHub.FILE).succeeds();
    assertEquals(pulled.out(), again.out());
    assertEquals("", again.err(), "nothing was fetched");
  }

  @Test
  void aModelThatIsNamedIsFetchedOnceAndThenUsedWithoutAServer() throws IOException {
    String[] line = {"run", "--temp", "0", "-n", "8", "-m", NAME, "Once"};
    Outcome fetched = hub(line).succeeds().says("bitnet: fetching " + NAME);
    assertEquals(Outcome.of("run", "--temp", "0", "-n", "8", "Once").out(), fetched.out());
    int requests = server.requests.get();
    Outcome again = hub(line).succeeds();
    assertEquals(fetched.out(), again.out());
    assertFalse(again.err().contains("fetching"), again::toString);
    assertEquals(requests, server.requests.get());
    Outcome.of("tokenize", "-m", NAME + ":" + LocalHub.FILE, "Once").succeeds();
    Outcome.of("inspect", NAME).succeeds();
  }

  @Test
  void progressSaysHowMuchHowFastAndHowLong() throws IOException {
    server.close();
    server = new LocalHub(1_300_000_000L);
    Outcome outcome = atTerminal("pull", NAME, "--hub", server.address()).succeeds();
    assertTrue(
        outcome
            .err()
            .matches(
                "(?s).*\r\033\\[\\?7l"
                    + LocalHub.FILE
                    + ": \\d+ [kM]B of \\d+ [kM]B \\(\\d+ %\\), \\S+ [kM]?B/s,"
                    + " \\d+ s left\033\\[K\033\\[\\?7h.*"),
        outcome::toString);
  }

  @Test
  void theCacheIsListedAndCleared() {
    Outcome.of("list").succeeds().says("there are no models in " + HOME.resolve("hub") + ".");
    hub("pull", NAME).succeeds();
    String line = Outcome.of("list").succeeds().out();
    assertTrue(
        line.matches(
            NAME + ":" + LocalHub.FILE + "  +\\d+ MB  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\n"),
        line);
    Outcome removed = Outcome.of("rm", NAME + ":" + LocalHub.FILE).succeeds();
    assertTrue(
        removed
            .err()
            .matches("bitnet: removed " + NAME + ":" + LocalHub.FILE + ", \\d+ MB freed\\.\n"),
        removed::toString);
    Outcome.of("rm", NAME)
        .fails(NAME + " is not in " + HOME.resolve("hub") + "; 'bitnet list' shows what is.");
    assertEquals("", Outcome.of("list").out());
  }

  @Test
  void modelsOfOtherFamiliesAreNotListed() throws IOException {
    Path snapshot =
        Files.createDirectories(HOME.resolve("hub/models--o--bert/snapshots/" + "a".repeat(40)));
    Files.writeString(snapshot.resolve("config.json"), "{\"model_type\":\"bert\"}");
    Files.writeString(snapshot.resolve("model.safetensors"), "");
    Files.writeString(snapshot.resolve("some.gguf"), "GGUF of some kind");
    assertEquals("", Outcome.of("list").succeeds().out());
  }

  @Test
  void theShellCompletesCommandsOptionsAndShortNames() {
    String script = Outcome.of("completion").succeeds().out();
    for (String word :
        new String[] {"complete -F _complete_bitnet", " pull ", "'--hub'", "\"falcon3-1b\""}) {
      assertTrue(script.contains(word), () -> "no " + word + " in " + script);
    }
  }

  @Test
  void shortNamesAreListedWithTheirModels() {
    List<String> lines = Outcome.of("list", "--known").succeeds().out().lines().toList();
    assertEquals(
        "2b4t          1.19 GB  microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf",
        lines.getFirst());
  }

  /** Nothing listens where the build's HF_ENDPOINT points. */
  @Test
  void aShortNameIsFetchedToo() {
    Outcome outcome = hub("run", "-m", "2B4T", "Once");
    assertEquals(1, outcome.code());
    outcome.says("127.0.0.1 has no model microsoft/bitnet-b1.58-2B-4T-gguf: check the name.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"none.gguf", "models/none.gguf", "none", "./some/name", "a/b/c", "2b4", "a--b/c"})
  void whatCannotBeANameIsAFileThatIsNotThere(String text) {
    hub("run", "-m", text, "Once")
        .fails(
            text
                + ": there is no such file; a model of the Hugging Face hub is named"
                + " owner/name[@revision][:file], or by a short name that 'bitnet list --known'"
                + " shows.");
    assertEquals(0, server.requests.get());
  }

  @Test
  void whatWouldLieInAFolderIsAFileThatIsNotThere() {
    hub("run", "-m", "target/nope", "Once")
        .fails(
            "target/nope: there is no such file in target; 'bitnet pull target/nope' fetches the"
                + " model of that name, if the Hugging Face hub has one.");
    assertEquals(0, server.requests.get());
  }

  @Test
  void modelsToConvertAndVocabulariesToCopyHaveNamesToo() throws IOException {
    Path made = Path.of("target", "made-of-a-name.gguf");
    hub("convert", NAME, made.toString(), "--force").succeeds().says("bitnet: fetching " + NAME);
    assertTrue(Files.size(made) > 1_000_000);
    hub("synth", "--shape", "125m", "--vocab", "o/none", "-o", made.toString(), "--force")
        .says("127.0.0.1 has no model o/none: check the name.");
  }

  @Test
  void aFileOrFolderThatExistsIsMeantBeforeAnyName() throws IOException {
    Path folder = Files.createDirectories(Path.of("target", "a-folder"));
    hub("inspect", "-m", "target/a-folder").says(folder + " is a directory without config.json");
    assertEquals(0, server.requests.get());
  }

  @Test
  void whatCannotBeFetchedIsOneSentence() {
    hub("pull", "nobody/nothing")
        .says("bitnet: 127.0.0.1 has no model nobody/nothing: check the name.\n");
    for (String[] line : new String[][] {{"pull", NAME}, {"run", "-m", NAME, "Once"}}) {
      String[] wrong =
          Stream.concat(Stream.of(line), Stream.of("--hub", "nowhere")).toArray(String[]::new);
      Outcome.of(wrong)
          .isMisuse(
              "the hub is 'nowhere', which is not an address such as https://huggingface.co.");
    }
    Outcome.of("run", "-m", "", "Once").isMisuse("'' names no model");
    Outcome.of("pull", "nothing")
        .isMisuse("'nothing' names no model: a model of the Hugging Face hub is named owner/name");
    Outcome.of("rm", "../x").isMisuse("'../x' names no model");
    Outcome.of("pull").isMisuse("bitnet: NAME is missing.");
    Outcome.of("rm").isMisuse("bitnet: NAME is missing.");
  }

  @Test
  void whoHasNoModelIsToldHowToGetOneAtATerminalOnly() {
    String note = "bitnet: note: this is the small model that ships; 'bitnet chat -m 2b4t'";
    String[] line = {"run", "-n", "1", "Once"};
    atTerminal(line).succeeds().says(note);
    assertFalse(Outcome.of(line).succeeds().err().contains("note"));
    assertFalse(
        atTerminal("run", "-n", "1", "-m", Models.SHIPPED.toString(), "Once")
            .err()
            .contains("note"));
    hub("pull", NAME).succeeds();
    assertFalse(atTerminal(line).succeeds().err().contains("note"));
  }
}
