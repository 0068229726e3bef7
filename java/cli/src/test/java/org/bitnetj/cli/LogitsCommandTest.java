package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsCommandTest {
  @TempDir private Path folder;

  private Outcome write(Path file, String... args) {
    return Outcome.of(
        Stream.concat(Stream.of("logits", "-o", file.toString()), Stream.of(args))
            .toArray(String[]::new));
  }

  private Npy logits(String... args) throws IOException {
    Path file = folder.resolve("logits.npy");
    Files.deleteIfExists(file);
    write(file, args).succeeds();
    return Npy.parse(Files.readAllBytes(file));
  }

  @Test
  void rowsAreTheGoldenOnesWithinTheStatedTolerance() throws IOException {
    int tight = 0;
    for (Golden golden : Golden.prompts()) {
      Npy actual = logits("--ids", golden.ids(), "--all");
      assertEquals(golden.logits().shape(), actual.shape());
      double worst = 0;
      double total = 0;
      for (int i = 0; i < actual.size(); i++) {
        double difference = Math.abs(actual.get(i) - golden.logits().get(i));
        worst = Math.max(worst, difference);
        total += difference;
      }
      assertTrue(worst <= Golden.tolerance("max_abs"), golden.text() + ": worst " + worst);
      double mean = total / actual.size();
      assertTrue(mean <= Golden.tolerance("mean_abs"), golden.text() + ": mean " + mean);
      tight += worst <= Golden.tolerance("tight_abs") ? 1 : 0;
    }
    assertTrue(tight >= 7, "only " + tight + " prompts agree within the tight bound");
  }

  @Test
  void withoutAllThereIsOnlyTheLastRow() throws IOException {
    Golden golden = Golden.prompts().get(2);
    Npy all = logits("--ids", golden.ids(), "--all");
    Npy last = logits("--ids", golden.ids());
    int vocabulary = all.shape().get(1);
    assertEquals(List.of(vocabulary), last.shape());
    for (int i = 0; i < vocabulary; i++) {
      assertEquals(all.get((golden.tokens() - 1) * vocabulary + i), last.get(i));
    }
  }

  @Test
  void aTextFollowsTheModelsRuleForTheFirstToken() throws IOException {
    Golden golden = Golden.prompts().get(2);
    assertEquals(logits("--ids", golden.ids(), "--all"), logits("-p", golden.text(), "--all"));
  }

  @Test
  void longTextsAreTheSameWithAnyKernelsAndThreads() throws IOException {
    String ids =
        IntStream.range(0, 150).mapToObj(i -> "" + i * 37 % 4000).collect(Collectors.joining(","));
    Npy expected = logits("--ids", ids, "--all", "--kernels", "scalar", "-t", "2");
    assertEquals(List.of(150, expected.shape().get(1)), expected.shape());
    assertEquals(expected, logits("--ids", ids, "--all", "-t", "1"));
    assertEquals(expected, logits("--ids", ids, "--all", "-t", "3"));
  }

  @Test
  void aCacheInFloat16GivesOtherLogitsWithinTheTolerance() throws IOException {
    Golden golden = Golden.prompts().get(2);
    Npy exact = logits("--ids", golden.ids());
    Npy rounded = logits("--ids", golden.ids(), "--cache", "f16");
    assertNotEquals(exact, rounded);
    for (int i = 0; i < exact.size(); i++) {
      assertEquals(exact.get(i), rounded.get(i), Golden.tolerance("max_abs"));
    }
  }

  @Test
  void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = Files.writeString(folder.resolve("old.npy"), "old");
    String tooLong = IntStream.range(0, 600).mapToObj(i -> "7").collect(Collectors.joining(","));
    write(file, "--force", "--ids", tooLong)
        .fails(
            "The text has 600 tokens, but the context holds 512; shorten the text or use a larger"
                + " context.");
    write(file, "--force", "--ids", "4,-1").says("token -1 is not in the vocabulary");
    write(file, "--force", "--ids", "").fails("the text is empty; give at least one token.");
    assertEquals("old", Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aFileThatExistsIsReplacedOnlyByForce() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.npy"), "precious");
    write(file, "-p", "a").fails(file + " exists; --force replaces it.");
    assertEquals("precious", Files.readString(file));
    write(file, "-p", "a", "--force").succeeds();
    assertTrue(Files.size(file) > 1000);
  }

  /** By any of its names. */
  @Test
  void anInputIsNeverReplaced() throws IOException {
    Path model = Files.copy(Models.SHIPPED, folder.resolve("model.gguf"));
    Path text = Files.writeString(folder.resolve("text"), "Once");
    Path soft = Files.createSymbolicLink(folder.resolve("soft"), model);
    Path hard = Files.createLink(folder.resolve("hard"), text);
    for (Path file : List.of(model, text, soft, hard)) {
      write(file, "-m", model.toString(), "-f", text.toString(), "--force")
          .fails("cannot write " + file + ": this command reads that file; name another one.");
    }
    assertEquals(-1, Files.mismatch(Models.SHIPPED, model));
    assertEquals("Once", Files.readString(text));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(4, files.count());
    }
  }

  @Test
  void noFileOfTheModelThatIsReadIsReplaced() throws IOException {
    Path checkpoint = Files.createDirectories(folder.resolve("checkpoint/1_Pooling"));
    Path other = Files.createDirectories(folder.resolve("other"));
    Path weights = Files.writeString(checkpoint.resolveSibling("model.safetensors"), "weights");
    Path pooling = Files.writeString(checkpoint.resolve("config.json"), "pooling");
    Path blob = Files.writeString(other.resolve("blob"), "blob");
    Files.createSymbolicLink(checkpoint.resolveSibling("config.json"), blob);
    Path first = Files.writeString(other.resolve("m-00001-of-00002.gguf"), "first");
    Path second = Files.writeString(other.resolve("m-00002-of-00002.gguf"), "second");
    Path tiles = Files.writeString(other.resolve("kernel_config.ini"), "tiles");
    Path shard = Files.writeString(other.resolve("shard"), "shard");
    Files.createSymbolicLink(checkpoint.resolve("model-00001-of-00001.safetensors"), shard);
    Path third = Files.writeString(other.resolve("n-00002-of-00002.gguf"), "third");
    assertBelongs(weights, checkpoint.getParent());
    assertBelongs(pooling, checkpoint.getParent());
    assertBelongs(blob, checkpoint.getParent());
    assertBelongs(pooling, weights);
    assertBelongs(first, second);
    assertBelongs(second, first);
    assertBelongs(tiles, first);
    assertBelongs(shard, checkpoint.getParent());
    Outcome unrelated = write(third, "-m", first.toString(), "-p", "a", "--force");
    assertFalse(unrelated.err().contains("cannot write"), unrelated::toString);
    Outcome.of(
            "synth", "--shape", "125m", "--vocab", second.toString(), "-o", "" + first, "--force")
        .says("cannot write " + first);
  }

  @Test
  void theFileOfKernelConfigIsNeverReplaced() throws IOException {
    Path tiles = Files.writeString(folder.resolve("tiles.ini"), "tiles");
    String model = Models.SHIPPED.toString();
    String config = tiles.toString();
    for (Outcome outcome :
        List.of(
            write(tiles, "-m", model, "-p", "a", "--kernel-config", config, "--force"),
            Outcome.of("convert", model, config, "--kernel-config", config, "--force"))) {
      outcome.fails(
          "cannot write "
              + tiles
              + ": it is one of the files that "
              + model
              + " is read from; name another one.");
      assertEquals("tiles", Files.readString(tiles));
    }
  }

  private void assertBelongs(Path file, Path model) throws IOException {
    String before = Files.readString(file);
    write(file, "-m", model.toString(), "-p", "a", "--force")
        .fails(
            "cannot write "
                + file
                + ": it is one of the files that "
                + model
                + " is read from; name another one.");
    assertEquals(before, Files.readString(file));
  }

  @Test
  void placesThatCannotBeWrittenAreNamed() {
    Path missing = folder.resolve("none/logits.npy");
    write(missing, "-p", "a")
        .fails(
            "cannot write " + missing + ": the folder " + missing.getParent() + " does not exist.");
    write(folder, "-p", "a").fails("cannot write " + folder + ": it is a directory; name a file.");
    assertFalse(Files.exists(missing.getParent()));
  }

  @Test
  void wrongOptionsAreMisuse() {
    Path file = folder.resolve("x.npy");
    Outcome.of("logits", "-p", "a").isMisuse("Name the .npy file");
    write(file, "--ids", "1", "-p", "a").isMisuse("Give a text or --ids, not both.");
    write(file, "-p", "a", "--cache", "f8").isMisuse("'f8'");
    assertFalse(Files.exists(file));
  }
}
