package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.VocabularySource.Part;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tokenizer.Segment;
import org.bitnetj.tokenizer.Tokenizer;
import org.bitnetj.tokenizer.Vocabularies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of SentencePiece's kind: BPE with {@code byte_fallback}. */
class PieceTokenizerFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CONTROL = 3;
  private static final String LLAMA2 =
      "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"},"
          + "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}]}";
  private static final String GEMMA =
      "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}";
  private static final String GEMMA_SPLIT =
      "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\"}";

  @TempDir Path folder;

  private static String metaspace(String scheme) {
    return "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\""
        + scheme
        + "\",\"split\":false}";
  }

  private static ObjectNode json(String normalizer, String preTokenizer) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.set("normalizer", JSON.readTree(normalizer));
    root.set("pre_tokenizer", JSON.readTree(preTokenizer));
    root.putArray("added_tokens");
    ObjectNode model = root.putObject("model").put("type", "BPE").put("unk_token", "<unk>");
    model.put("byte_fallback", true).put("fuse_unk", true);
    model.putObject("vocab");
    model.putArray("merges");
    return root;
  }

  private static void add(ObjectNode root, int id, String token, boolean special) {
    ObjectNode added = ((ArrayNode) root.get("added_tokens")).addObject();
    added.put("id", id).put("content", token).put("special", special).put("normalized", false);
  }

  /** Some pieces, of which runs of spaces and of line breaks are added tokens too. */
  private static ObjectNode small(String normalizer, String preTokenizer) throws IOException {
    ObjectNode root = json(normalizer, preTokenizer);
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(List.of("▁", "a", "b", "▁a", "ab", "▁ab", "▁▁", "c", "é", "\n", "\n\n"));
    for (int id = 0; id < tokens.size(); id++) {
      ((ObjectNode) root.at("/model/vocab")).put(tokens.get(id), id);
    }
    ArrayNode merges = (ArrayNode) root.at("/model/merges");
    for (String merge : List.of("\n \n", "▁ ▁", "▁ a", "a b", "▁a b")) {
      merges.add(merge);
    }
    for (int id = 0; id < 3; id++) {
      add(root, id, tokens.get(id), true);
    }
    for (String token : List.of("▁▁", "\n", "\n\n")) {
      add(root, tokens.indexOf(token), token, false);
    }
    return root;
  }

  private Tokenizer write(ObjectNode root) throws IOException {
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), root);
    return Tokenizer.of(new TokenizerFiles(folder));
  }

  /** The tokens of a text, with a line between them. */
  private static String tokens(Tokenizer tokenizer, String text) {
    List<String> names = new ArrayList<>();
    for (int id : tokenizer.encode(text, true, false)) {
      String name = new String(tokenizer.bytes(id), StandardCharsets.ISO_8859_1);
      names.add(3 <= id && id < 259 ? "<%02X>".formatted(id - 3) : name);
    }
    return String.join("|", names).replace("\u00c3\u00a9", "é");
  }

  /** Expected values are of Hugging Face's tokenizers 0.23.2. */
  @Test
  void llama2PutsASpaceBeforeEveryText() throws IOException {
    Tokenizer tokenizer = write(small(LLAMA2, "null"));
    assertEquals(" ab", tokens(tokenizer, "ab"));
    assertEquals("  |ab", tokens(tokenizer, " ab"));
    assertEquals("  | ab", tokens(tokenizer, "  ab"));
    assertEquals(" a|  |b| ab", tokens(tokenizer, "a  b ab"));
    assertEquals(" |<78>|é|<E2>|<98>|<83>", tokens(tokenizer, "xé☃"));
    assertEquals("<s>| ab|</s>|  |ab", tokens(tokenizer, "<s>ab</s> ab"));
    assertEquals(" a|\n\n|\n| |b", tokens(tokenizer, "a\n\n\nb"));
    assertEquals(" a|  | |b", tokens(tokenizer, "a▁▁b"));
    assertEquals("ab ab", tokenizer.decode(tokenizer.encode("ab ab", false, false)));
  }

  @Test
  void gemmaPutsNone() throws IOException {
    for (String split : List.of("null", GEMMA_SPLIT, metaspace("never"))) {
      Tokenizer tokenizer = write(small(GEMMA, split));
      assertEquals("ab", tokens(tokenizer, "ab"));
      assertEquals(" ab", tokens(tokenizer, " ab"));
      assertEquals("  |ab", tokens(tokenizer, "  ab"));
      assertEquals("a|  |b| ab", tokens(tokenizer, "a  b ab"));
      assertEquals("<78>|é|<E2>|<98>|<83>", tokens(tokenizer, "xé☃"));
      assertEquals("<s>|ab|</s>| ab", tokens(tokenizer, "<s>ab</s> ab"));
      assertEquals("a|\n\n|\n|b", tokens(tokenizer, "a\n\n\nb"));
      assertEquals(" ab", tokenizer.decode(tokenizer.encode(" ab", false, false)));
    }
  }

  @Test
  void metaspacePutsOneUnlessThereIsOne() throws IOException {
    Tokenizer always = write(small("null", metaspace("always")));
    assertEquals(" ab", tokens(always, "ab"));
    assertEquals(" ab", tokens(always, " ab"));
    assertEquals("  |ab", tokens(always, "  ab"));
    assertEquals("<s>| ab|</s>| ab", tokens(always, "<s>ab</s> ab"));
    assertEquals(" a|\n\n|\n| |b", tokens(always, "a\n\n\nb"));
    for (String normalizer : List.of("null", GEMMA)) {
      Tokenizer first = write(small(normalizer, metaspace("first")));
      assertEquals(" ab", tokens(first, "ab"));
      assertEquals(" ab", tokens(first, " ab"));
      assertEquals("<s>|ab|</s>| ab", tokens(first, "<s>ab</s> ab"));
      assertEquals(" a|\n\n|\n|b", tokens(first, "a\n\n\nb"));
      assertEquals("a b", first.decode(first.encode("a b", false, false)));
      assertEquals("<s>a</s> a", first.decode(first.encode("<s>a</s> a", true, false), true));
    }
  }

  /** Scores would join "ab" first, of the left pair. */
  @Test
  void theOrderOfMergesDecides() throws IOException {
    ObjectNode root = small(GEMMA, "null");
    ((ObjectNode) root.at("/model/vocab")).put("bc", 270);
    ArrayNode merges = (ArrayNode) root.at("/model/merges");
    merges.add("b c");
    assertEquals("ab|c", tokens(write(root), "abc"));
    merges.insert(0, "b c");
    assertEquals("a|bc", tokens(write(root), "abc"));
  }

  /** Text becomes an added mark as a whole or, where it may not, its smaller pieces. */
  @Test
  void mergesThatGiveAMarkAreLeftOut() throws IOException {
    ObjectNode root = small(GEMMA, "null");
    ObjectNode vocab = (ObjectNode) root.at("/model/vocab");
    vocab.put("<", 270).put(">", 271).put("<a", 272).put("<a>", 273);
    ((ArrayNode) root.at("/model/merges")).add("< a").add("<a >");
    add(root, 273, "<a>", false);
    Tokenizer tokenizer = write(root);
    assertArrayEquals(new int[] {273}, tokenizer.encode("<a>", false, false));
    assertArrayEquals(new int[] {272, 271}, tokenizer.encode(List.of(Segment.untrusted("<a>"))));
  }

  private String refusal(String normalizer, String preTokenizer, Consumer<ObjectNode> change)
      throws IOException {
    ObjectNode root = small(normalizer, preTokenizer);
    change.accept(root);
    return assertThrows(ModelFileException.class, () -> write(root)).getMessage();
  }

  @Test
  void whatTheEngineDoesNotDoIsRefusedByName() throws IOException {
    String lowercase = "{\"type\":\"Lowercase\"}";
    assertTrue(refusal(lowercase, "null", r -> {}).contains("[Lowercase]"));
    assertTrue(refusal("null", "null", r -> {}).contains("the steps []"));
    assertTrue(refusal(GEMMA, "{\"type\":\"Whitespace\"}", r -> {}).contains("Whitespace]"));
    String sometimes = refusal("null", metaspace("sometimes"), r -> {});
    assertTrue(sometimes.contains("'sometimes'"), sometimes);
    String splits = metaspace("first").replace("false", "true");
    assertTrue(refusal("null", splits, r -> {}).contains("Metaspace that splits"));
    assertTrue(
        refusal(GEMMA, "null", r -> ((ObjectNode) r.get("model")).put("ignore_merges", true))
            .contains("ignore_merges"));
    assertTrue(
        refusal(LLAMA2, "null", r -> ((ObjectNode) r.at("/added_tokens/3")).put("normalized", true))
            .contains("'▁▁' is normalized"));
    assertTrue(
        refusal(GEMMA, "null", r -> ((ObjectNode) r.at("/model/vocab")).remove("<0x41>"))
            .contains("byte 0x41"));
    assertTrue(
        refusal(GEMMA, "null", r -> ((ArrayNode) r.at("/model/merges")).add("b <0x41>"))
            .contains("entry 5"));
  }

  /** Merges as Hugging Face's converter makes them of scores. */
  private static ObjectNode ofScores(VocabularySource source, String normalizer, String pre)
      throws IOException {
    ObjectNode root = json(normalizer, pre);
    StringArray texts = source.texts(Part.TOKENS);
    int[] types = source.findTypes().orElseThrow();
    float[] scores = source.scores();
    Map<String, Integer> normal = new HashMap<>();
    ObjectNode vocab = (ObjectNode) root.at("/model/vocab");
    for (int id = 0; id < texts.size(); id++) {
      vocab.put(texts.get(id), id);
      if (types[id] == 1) {
        normal.put(texts.get(id), id);
      } else if (types[id] <= CONTROL) {
        add(root, id, texts.get(id), true);
      }
    }
    record Merge(String left, String right, float score) {}
    List<Merge> merges = new ArrayList<>();
    normal.forEach(
        (piece, id) -> {
          for (int at = 1; at < piece.length(); at++) {
            String left = piece.substring(0, at);
            String right = piece.substring(at);
            if (normal.containsKey(left) && normal.containsKey(right)) {
              merges.add(new Merge(left, right, scores[id]));
            }
          }
        });
    merges.sort(Comparator.comparingDouble(merge -> -merge.score()));
    ArrayNode array = (ArrayNode) root.at("/model/merges");
    merges.forEach(merge -> array.addArray().add(merge.left()).add(merge.right()));
    return root;
  }

  /** The ids that llama.cpp gives by the scores of the same vocabulary. */
  @ParameterizedTest
  @CsvSource({"ggml-vocab-llama-spm.gguf, vectors/llama-spm.jsonl"})
  void agreesWithOthersOnARealVocabulary(String gguf, String vectors) throws IOException {
    Tokenizer tokenizer;
    try (GgufFile file = GgufFile.open(Vocabularies.sharedFile(gguf))) {
      tokenizer = write(ofScores(file.vocabulary(), LLAMA2, "null"));
    }
    Tokenizer other = Vocabularies.shared(gguf);
    for (int id = 0; id < other.vocabularySize(); id++) {
      assertArrayEquals(other.bytes(id), tokenizer.bytes(id));
      assertEquals(other.type(id), tokenizer.type(id));
    }
    List<String> lines = Files.readAllLines(Vocabularies.sharedFile(vectors));
    assertTrue(lines.size() > 900);
    for (String line : lines) {
      JsonNode vector = JSON.readTree(line);
      byte[] text = Base64.getDecoder().decode(vector.get("text_b64").asText());
      int[] ids = tokenizer.encode(text, vector.get("parse_special").asBoolean(), false);
      if (!vector.path("cat").asText().equals("invalid_utf8")) {
        assertArrayEquals(JSON.convertValue(vector.get("ids"), int[].class), ids, line);
      }
    }
  }
}
