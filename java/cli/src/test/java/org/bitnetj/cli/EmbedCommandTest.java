package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.option.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {
  private static final String CAT = "The cat sat by the fire.";
  private static final String KITTEN = "A kitten slept beside the fire.";
  private static final String SHIP = "Ships need sails, ropes and 12 sailors!";

  @TempDir Path folder;

  private static float[] vector(String json) throws IOException {
    JsonNode array = new ObjectMapper().readTree(json).get("embedding");
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).floatValue();
    }
    return values;
  }

  @Test
  void aFolderIsNoText() {
    Outcome.of("embed", "-f", folder.toString()).fails(folder + " is a directory; name a file.");
  }

  @Test
  void eachTextIsALineOfJson() throws IOException {
    List<String> lines = Outcome.of("embed", CAT, SHIP).succeeds().out().lines().toList();
    assertEquals(2, lines.size());
    try (EmbeddingModel model = EmbeddingModel.load(Models.SHIPPED)) {
      assertArrayEquals(model.embed(CAT), vector(lines.get(0)));
      assertArrayEquals(model.embed(SHIP), vector(lines.get(1)));
      int tokens = new ObjectMapper().readTree(lines.get(1)).get("tokens").asInt();
      assertEquals(model.countTokens(SHIP), tokens);
    }
  }

  @Test
  void poolingCanBeChosen() throws IOException {
    Outcome guessed = Outcome.of("embed", CAT).succeeds();
    assertTrue(guessed.err().contains("--pooling"), guessed.err());
    Outcome last = Outcome.of("embed", "--pooling", "last", CAT).succeeds();
    assertEquals(guessed.out(), last.out());
    assertFalse(last.err().contains("--pooling"), last.err());
    float[] mean = vector(Outcome.of("embed", "--pooling", "mean", CAT).succeeds().out());
    try (EmbeddingModel model =
        EmbeddingModel.load(Models.SHIPPED, LoadOptions.defaults(), Pooling.MEAN)) {
      assertArrayEquals(model.embed(CAT), mean);
    }
    Outcome.of("embed", "--pooling", "first", CAT).isMisuse("--pooling");
  }

  @Test
  void linesOfAFileBecomeRowsOfAnArray() throws IOException {
    Path lines = Files.writeString(folder.resolve("lines.txt"), CAT + "\n" + SHIP + "\n");
    Path out = folder.resolve("vectors.npy");
    Outcome.of("embed", "-f", lines.toString(), "-o", out.toString()).succeeds();
    Npy npy = Npy.parse(Files.readAllBytes(out));
    float[] ship = vector(Outcome.of("embed", SHIP).succeeds().out());
    assertEquals(List.of(2, ship.length), npy.shape());
    for (int i = 0; i < ship.length; i++) {
      assertEquals(ship[i], npy.get(ship.length + i));
    }
    Outcome.of("embed", "--pooling", "last", CAT, "-o", out.toString())
        .fails(out + " exists; --force replaces it.");
    Outcome.of("embed", "-f", lines.toString(), CAT).isMisuse("not both");
    Files.write(lines, new byte[] {'a', (byte) 0xff});
    Outcome.of("embed", "-f", lines.toString()).says(lines + " is not UTF-8 text (byte 1)");
  }

  @Test
  void similarTextsAreNearer() throws IOException {
    String[] args = {"embed", "--similarity", "--pooling", "mean", CAT, CAT, KITTEN, SHIP};
    List<String> lines = Outcome.of(args).succeeds().out().lines().toList();
    assertEquals("1.0000", lines.getFirst());
    assertEquals(3, lines.size());
    assertTrue(
        Double.parseDouble(lines.get(1)) > Double.parseDouble(lines.get(2)), lines::toString);
    Outcome.of("embed", "--similarity", CAT).isMisuse("two texts");
    Outcome.of("embed", "--similarity", CAT, SHIP, "--format", "npy").isMisuse("not both");
  }

  @Test
  void emptyTextsAreNamed() throws IOException {
    Outcome.of("embed", "").isMisuse("Text 1 is empty");
    Outcome.of("embed", CAT, "").isMisuse("Text 2 is empty");
    Path lines = Files.writeString(folder.resolve("lines.txt"), CAT + "\n\n" + SHIP + "\n\n");
    Outcome.of("embed", "-f", lines.toString()).says(lines + ", line 2: the line is empty");
    Path out = folder.resolve("vectors.npy");
    Outcome.of("embed", "-f", lines.toString(), "-o", out.toString()).says("line 2");
    assertFalse(Files.exists(out));
  }

  @Test
  void aFullCacheIsASentence() {
    assertEquals(
        "the cache is full.", Failures.sentence(new KvCacheFullException("the cache is full.")));
  }
}
