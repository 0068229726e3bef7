package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import org.bitnetj.source.VocabularySource.Part;
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
    Files.writeString(
        folder.resolve("special_tokens_map.json"), "{\"additional_special_tokens\":[\"<two>\"]}");
    Tokenizer tokenizer = write(resource("tokenizer.model"));
    assertEquals(702, tokenizer.vocabularySize());
    assertEquals(TokenType.CONTROL, tokenizer.type(701), "a file names it as special");
    assertEquals(TokenType.USER_DEFINED, tokenizer.type(700), "no file does");
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

  private static String added(String content, boolean special, String strip) {
    return "{\"content\":\"%s\",\"special\":%b,\"%s\":true}".formatted(content, special, strip);
  }

  /** One of the tokens is special and takes space before it, the other takes space after it. */
  private Tokenizer withDecoder(String more) throws IOException {
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<other>\":700}"); // not read then
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\":{\"701\":"
            + added("<two>", false, "rstrip")
            + ",\"700\":"
            + added("<one>", true, "lstrip")
            + ",\"0\":{\"content\":\"<unk>\",\"special\":true}}"
            + more
            + "}");
    return write(resource("tokenizer.model"));
  }

  private static void assertIds(Tokenizer tokenizer, String text, int... ids) {
    assertArrayEquals(ids, tokenizer.encode(text, true, false), text);
  }

  /**
   * Expected values: SentencePiece's ids of the parts of texts that transformers' LlamaTokenizer
   * gives it.
   */
  @Test
  void addedTokensOfTheConfigurationAreFoundBeforePieces() throws IOException {
    Tokenizer tokenizer = withDecoder("");
    assertEquals(702, tokenizer.vocabularySize());
    assertEquals(TokenType.CONTROL, tokenizer.type(700));
    assertEquals(TokenType.USER_DEFINED, tokenizer.type(701));
    assertEquals(TokenType.UNKNOWN, tokenizer.type(0));
    assertIds(tokenizer, "  the lamb", 639, 639, 264, 430);
    assertIds(tokenizer, "<s>the lamb</s>the", 1, 264, 430, 2, 264);
    assertIds(tokenizer, " <s> the", 639, 639, 1, 639, 264);
    assertIds(tokenizer, "the <one> lamb", 264, 700, 639, 430);
    assertIds(tokenizer, "the \n\u00a0<one>lamb<two> \u3000\nlamb", 264, 700, 430, 701, 430);
    assertIds(tokenizer, "<two> the <one>", 701, 264, 700);
    assertIds(tokenizer, "a<one> <two> <one>b", 261, 700, 639, 639, 701, 700, 271);
  }

  /** In Latin-1 this byte is a space; in UTF-8 it is none by itself. */
  @Test
  void malformedBytesAreNoWhiteSpace() throws IOException {
    Tokenizer tokenizer = withDecoder("");
    byte[] bytes = {'a', (byte) 0xA0, '<', 'o', 'n', 'e', '>'};
    int[] before = tokenizer.encode(Arrays.copyOf(bytes, 2), true, false);
    int[] ids = tokenizer.encode(bytes, true, false);
    assertArrayEquals(before, Arrays.copyOf(ids, ids.length - 1));
    assertEquals(700, ids[ids.length - 1]);
  }

  @Test
  void notLegacyMeansOneSpaceBeforeTheWholeText() throws IOException {
    Tokenizer tokenizer = withDecoder(",\"legacy\":false");
    assertIds(tokenizer, "the lamb", 264, 430);
    assertIds(tokenizer, "  the lamb", 639, 639, 264, 430);
    assertIds(tokenizer, "<s>the lamb</s>the", 1, 641, 260, 430, 2, 641, 260);
    assertIds(tokenizer, " <s> the", 639, 639, 1, 264);
    assertIds(tokenizer, "the <one> lamb", 264, 700, 430);
    assertIds(tokenizer, "<two>the", 639, 701, 641, 260);
    assertIds(tokenizer, " <two>the", 639, 639, 701, 641, 260);
    assertIds(tokenizer, "a<one> <two> <one>b", 261, 700, 639, 701, 700, 654);
    assertEquals("the lamb", tokenizer.decode(264, 430));
    Tokenizer without = withDecoder(",\"legacy\":false,\"add_prefix_space\":false");
    assertIds(without, "the lamb", 641, 260, 430);
  }

  @Test
  void whatTheFolderSaysIsComputedOrRefused() throws IOException {
    String conflict =
        assertThrows(ModelFileException.class, () -> withDecoder(",\"add_prefix_space\":false"))
            .getMessage();
    assertTrue(conflict.contains("tokenizer_config.json: 'add_prefix_space'"), conflict);
    for (boolean special : new boolean[] {false, true}) {
      Files.writeString(
          folder.resolve("tokenizer_config.json"),
          "{\"added_tokens_decoder\":{\"700\":" + added("<one>", special, "single_word") + "}}");
      String word = refusal(resource("tokenizer.model"));
      assertTrue(word.contains("'<one>' has single_word"), word);
    }
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\":{\"5\":" + added("<one>", true, "lstrip") + "}}");
    assertTrue(refusal(resource("tokenizer.model")).contains("'<one>' has the id 5"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"added_tokens_decoder\":{\"x\":" + added("<one>", true, "lstrip") + "}}");
    String number =
        assertThrows(ModelFileException.class, () -> write(resource("tokenizer.model")))
            .getMessage();
    assertTrue(number.contains("'added_tokens_decoder.x'"), number);
  }

  /** Messages are about the files that were read. */
  @Test
  void messagesNameTheModel() throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\":\"<none>\"}");
    String none =
        assertThrows(ModelFileException.class, () -> write(resource("tokenizer.model")))
            .getMessage();
    assertTrue(none.contains("a token that tokenizer.model does not have"), none);
    TokenizerFiles files = new TokenizerFiles(folder);
    for (Part part : Part.values()) {
      assertFalse(files.name(part).contains("model."), files.name(part));
      assertFalse(files.name(part).contains("added_tokens'"), files.name(part));
    }
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
