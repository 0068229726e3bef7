package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.tokenizer.TokenType;
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that SentencePiece 0.2 trained on the test text, and the ids that it gives itself. */
class SentencePieceModelTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = SentencePieceModelTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private Tokenizer write(byte[] model) throws IOException {
    Files.write(folder.resolve("tokenizer.model"), model);
    return Tokenizer.of(new TokenizerFiles(folder));
  }

  private String refusal(byte[] model) {
    String message = assertThrows(ModelFileException.class, () -> write(model)).getMessage();
    assertTrue(message.startsWith(folder.resolve("tokenizer.model") + ": "), message);
    return message;
  }

  @Test
  void agreesWithSentencePiece() throws IOException {
    Tokenizer tokenizer = write(resource("tokenizer.model"));
    assertEquals(700, tokenizer.vocabularySize());
    String[] lines =
        new String(resource("tokenizer.jsonl"), StandardCharsets.UTF_8).strip().split("\n");
    assertTrue(lines.length > 30);
    for (String line : lines) {
      JsonNode vector = JSON.readTree(line);
      String text = vector.get("text").asText();
      int[] ids = tokenizer.encode(text, false, false);
      assertArrayEquals(JSON.convertValue(vector.get("ids"), int[].class), ids, text);
      assertEquals(text, tokenizer.decode(ids));
    }
  }

  @Test
  void addedTokensAndTheOtherFilesAreRead() throws IOException {
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<two>\":701,\"<one>\":700}");
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\"}}");
    Tokenizer tokenizer = write(resource("tokenizer.model"));
    assertEquals(702, tokenizer.vocabularySize());
    assertEquals(TokenType.CONTROL, tokenizer.type(701));
    assertEquals(Set.of(2), tokenizer.endTokens());
    int[] ids = tokenizer.encodeDocument("<two>", true);
    assertArrayEquals(
        new int[] {1, 701}, ids, "texts begin with the token unless a file denies it");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"add_bos_token\":false}");
    assertArrayEquals(
        new int[] {701}, write(resource("tokenizer.model")).encodeDocument("<two>", true));
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<two>\":705}");
    assertTrue(refusal(resource("tokenizer.model")).contains("'<two>' has the id 705"));
  }

  @Test
  void damagedAndOtherModelsAreRefused() throws IOException {
    byte[] model = resource("tokenizer.model");
    for (int length : new int[] {1, 3, model.length / 2, model.length - 1}) {
      refusal(Arrays.copyOf(model, length));
    }
    assertTrue(refusal(new byte[0]).contains("BPE"));
    assertTrue(refusal(new byte[] {0x0f}).contains("damaged"));
    // a normalizer_spec (field 3) that removes spaces (field 4), behind the model's own
    byte[] removing = Arrays.copyOf(model, model.length + 4);
    System.arraycopy(new byte[] {0x1a, 2, 0x20, 1}, 0, removing, model.length, 4);
    assertTrue(refusal(removing).contains("BPE without a normalizer"));
    Random random = new Random(5);
    for (int round = 0; round < 300; round++) {
      byte[] mutated = model.clone();
      mutated[random.nextInt(model.length)] = (byte) random.nextInt();
      try {
        write(mutated);
      } catch (ModelFileException e) {
        assertTrue(e.getMessage().contains("tokenizer.model"), e.getMessage());
      }
    }
  }
}
