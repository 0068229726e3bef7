package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.family.Architecture;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.synth.ModelShape;
import org.bitnetj.synth.SyntheticModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SynthCommandTest {
  @TempDir private Path folder;

  /** The smallest shape with the small vocabulary of the shipped model. */
  private Outcome synth(Path file, String... more) {
    List<String> args =
        Stream.concat(
                Stream.of("synth", "--shape", "125m", "-o", file.toString()),
                Stream.concat(
                    List.of(more).contains("--vocab")
                        ? Stream.empty()
                        : Stream.of("--vocab", Models.SHIPPED.toString()),
                    Stream.of(more)))
            .toList();
    return Outcome.of(args.toArray(String[]::new));
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws IOException {
    Path one = folder.resolve("one.gguf");
    Path two = folder.resolve("two.gguf");
    Path three = folder.resolve("three.gguf");
    synth(one, "--seed", "5").succeeds().says("125M of architecture bitnet, seed 5");
    synth(two, "--seed", "5").succeeds();
    synth(three, "--seed", "6").succeeds();
    assertEquals(-1, Files.mismatch(one, two));
    assertNotEquals(-1, Files.mismatch(one, three));
    assertEquals(Files.size(one), Files.size(three));
  }

  @Test
  void theFileIsAModelThatInspectReads() {
    Path file = folder.resolve("model.gguf");
    assertEquals("", synth(file, "--arch", "bitnet-b1.58", "--zeros", "0.5").succeeds().out());
    String shown = Outcome.of("inspect", file.toString()).succeeds().out();
    assertTrue(shown.contains("general.architecture = \"bitnet-b1.58\""), shown);
    assertTrue(shown.contains("bitnet-b1.58.block_count = 11"), shown);
    assertTrue(shown.contains("blk.10.ffn_down.weight"), shown);
  }

  @Test
  void aFileThatIsThereIsReplacedOnlyByForce() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.gguf"), "precious");
    synth(file).fails(file + " exists; --force replaces it.");
    assertEquals("precious", Files.readString(file));
    synth(file, "--force").succeeds();
    assertTrue(Files.size(file) > 1_000_000);
  }

  @Test
  void theVocabularysFileIsNeverReplaced() throws IOException {
    Path vocabulary = Files.copy(Models.SHIPPED, folder.resolve("vocabulary.gguf"));
    Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), vocabulary);
    synth(link, "--force", "--vocab", vocabulary.toString())
        .fails("cannot write " + link + ": this command reads that file; name another one.");
    assertEquals(-1, Files.mismatch(Models.SHIPPED, vocabulary));
  }

  @Test
  void whatIsWrittenLoadsAndWhatDoesNotLoadIsNotWritten() {
    for (String architecture : SyntheticModel.ARCHITECTURES) {
      Path file = folder.resolve(architecture);
      Outcome outcome = synth(file, "--arch", architecture);
      if (Architecture.ofLabel(architecture).isPresent()) {
        outcome.succeeds();
        loads(file);
      } else {
        outcome.isMisuse("The engine does not load architecture '" + architecture + "'; choose");
        assertFalse(Files.exists(file));
      }
    }
  }

  /** Packed weights would stay in the user's cache. */
  private static void loads(Path file) {
    Outcome.of("run", "--no-cache", "-m", file.toString(), "-n", "1", "Once").succeeds();
  }

  @Test
  void everyTypeOfWeightsAndHeadLoads() {
    for (String type : new StoredTypes.OfWeights()) {
      Path file = folder.resolve("w-" + type.replace(':', '-'));
      synth(file, "--arch", "qwen3", "--weights", type).succeeds();
      loads(file);
    }
    for (String type : ConversionOptions.headTypes()) {
      Path file = folder.resolve("h-" + type);
      synth(file, "--head", type).succeeds();
      loads(file);
    }
  }

  @Test
  void scalesByGroupsAreThoseOfModelsWhoseWeightsAloneAreTernary() {
    Path file = folder.resolve("groups");
    synth(file, "--arch", "qwen3", "--weights", "pq2_0", "--group-scales").succeeds();
    String shown = Outcome.of("inspect", file.toString()).succeeds().out();
    assertTrue(shown.contains("one scale a group"), shown);
    synth(folder.resolve("x"), "--group-scales").isMisuse("I2_S has no scales by groups");
    synth(folder.resolve("x"), "--weights", "panels")
        .isMisuse("There is no type 'panels' here; choose one of tq1_0, ")
        .isMisuse(", panels1.6.\n");
  }

  @Test
  void aShapeWhoseArchitectureDoesNotLoadIsRefusedByItsName() {
    for (ModelShape shape : ModelShape.all()) {
      if (Architecture.ofLabel(shape.architecture()).isEmpty()) {
        Path file = folder.resolve("x");
        Outcome.of("synth", "--shape", shape.name(), "-o", file.toString())
            .isMisuse(", which is that of shape " + shape.name() + "; choose by --arch one of ");
        assertFalse(Files.exists(file));
      }
    }
  }

  @Test
  void aVocabularyThatDoesNotLoadIsRefusedBeforeAnythingIsWritten() throws IOException {
    Path vocabulary = folder.resolve("vocabulary.gguf");
    GgufHeader header = new GgufHeader().text("tokenizer.ggml.model", "runes");
    header.texts("tokenizer.ggml.tokens", List.of("a", "b"));
    try (GgufWriter writer = GgufWriter.create(vocabulary, header)) {
      writer.commit();
    }
    Path file = folder.resolve("model.gguf");
    Outcome outcome = synth(file, "--vocab", vocabulary.toString());
    assertEquals(1, outcome.code());
    outcome.says(vocabulary.toString()).says("runes");
    assertFalse(Files.exists(file));
  }

  @Test
  void wrongOptionsAreMisuse() {
    Outcome.of("synth", "--shape", "9B", "-o", "x.gguf").isMisuse("choose one of 125M, 350M, 1B");
    Outcome.of("synth", "--shape", "1B").isMisuse("bitnet: --output FILE is missing.");
    synth(folder.resolve("x"), "--arch", "gpt").isMisuse("There is no architecture 'gpt'");
    synth(folder.resolve("x"), "--zeros", "0.95").isMisuse("must be from 0 to 0.9");
    synth(folder.resolve("x"), "--zeros", "NaN").isMisuse("must be from 0 to 0.9");
    synth(folder.resolve("x"), "--seed", "many")
        .isMisuse("--seed must be a whole number, not 'many'.");
    assertFalse(Files.exists(folder.resolve("x")));
  }

  @Test
  void placesThatCannotBeWrittenAreNamed() {
    Path missing = folder.resolve("none/model.gguf");
    synth(missing)
        .fails(
            "cannot write " + missing + ": the folder " + missing.getParent() + " does not exist.");
    synth(folder).fails("cannot write " + folder + ": it is a directory; name a file.");
  }

  @Test
  void aVocabularyThatIsNoModelIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("words.txt"), "these are not tokens, but words");
    Outcome outcome =
        Outcome.of("synth", "--shape", "125M", "--vocab", text.toString(), "-o", "/dev/null");
    assertEquals(1, outcome.code());
    outcome.says(text.toString());
  }

  @Test
  void helpShowsShapesAndExamples() {
    String help = Outcome.of("synth", "--help").succeeds().out();
    assertTrue(help.contains("bitnet synth --shape 2B4T -o 2b4t.gguf"), help);
    assertTrue(help.contains("100B"), help);
  }
}
