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
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.tokenizer.Tokenizer;
import org.bitnetj.tokenizer.Vocabularies;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  @TempDir Path folder;

  /** Bytes, "ab", "abc" (of "ab" and "c"), and two special tokens and one that is not. */
  private static ObjectNode small() {
    ObjectNode root = JSON.createObjectNode();
    root.putNull("normalizer");
    ObjectNode pre = root.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode steps = pre.putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated");
    split.put("invert", false).putObject("pattern").put("Regex", LLAMA3);
    steps.addObject().put("type", "ByteLevel").put("add_prefix_space", false);
    ((ObjectNode) steps.get(1)).put("use_regex", false);
    ObjectNode model = root.putObject("model").put("type", "BPE").put("ignore_merges", true);
    ObjectNode vocab = model.putObject("vocab");
    int other = 0;
    for (int b = 0; b < 256; b++) {
      boolean shown = b > 0x20 && b < 0x7f || b > 0xa0 && b != 0xad;
      vocab.put(Character.toString(shown ? b : 0x100 + other++), b);
    }
    vocab.put("ab", 256).put("abc", 257);
    model.putArray("merges").add("a b").add("ab c");
    ArrayNode added = root.putArray("added_tokens");
    added.addObject().put("id", 258).put("content", "<s>").put("special", true);
    added.addObject().put("id", 259).put("content", "</s>").put("special", true);
    added.addObject().put("id", 261).put("content", "<tool>").put("special", false);
    return root;
  }

  private Tokenizer write(ObjectNode root) throws IOException {
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), root);
    return Tokenizer.of(new TokenizerFiles(folder));
  }

  private void config(String json) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), json);
  }

  private String refusal(Consumer<ObjectNode> change) {
    ObjectNode root = small();
    change.accept(root);
    String message = assertThrows(ModelFileException.class, () -> write(root)).getMessage();
    assertTrue(message.startsWith(folder.resolve("tokenizer.json") + ": "), message);
    return message;
  }

  private static int[] encode(Tokenizer tokenizer, String text) {
    return tokenizer.encode(text.getBytes(StandardCharsets.UTF_8), true, false);
  }

  @Test
  void tokensMergesAndSpecialTokensAreThoseOfTheFile() throws IOException {
    config("{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\",\"lstrip\":false}}");
    Tokenizer tokenizer = write(small());
    assertEquals(262, tokenizer.vocabularySize());
    assertArrayEquals(new int[] {258, 257, 256, 259, 261}, encode(tokenizer, "<s>abcab</s><tool>"));
    assertArrayEquals(
        new int[] {'<', 's', '>', 261},
        tokenizer.encode("<s><tool>".getBytes(StandardCharsets.UTF_8), false, false));
    assertEquals(258, tokenizer.bos().orElseThrow());
    assertEquals(259, tokenizer.eos().orElseThrow());
    assertTrue(tokenizer.eot().isEmpty(), "nothing says which of them ends a turn");
  }

  @Test
  void mergesMayBePairs() throws IOException {
    ObjectNode root = small();
    ArrayNode merges = ((ObjectNode) root.get("model")).putArray("merges");
    merges.addArray().add("a").add("b");
    merges.addArray().add("ab").add("c");
    assertArrayEquals(new int[] {257, 'x'}, encode(write(root), "abcx"));
  }

  /** A token that no merge makes is found in a whole word only, and only where the file says so. */
  @Test
  void wholeWordsAreTakenWhereMergesAreIgnored() throws IOException {
    ObjectNode root = small();
    ((ArrayNode) root.get("model").get("merges")).remove(1);
    assertArrayEquals(new int[] {257}, encode(write(root), "abc"));
    ((ObjectNode) root.get("model")).put("ignore_merges", false);
    assertArrayEquals(new int[] {256, 'c'}, encode(write(root), "abc"));
  }

  /** Expected values are of Hugging Face's tokenizers 0.23.2. */
  @Test
  void tokensTakeTheWhiteSpaceBesideThem() throws IOException {
    ObjectNode root = small();
    ((ObjectNode) root.at("/added_tokens/0")).put("lstrip", true);
    ((ObjectNode) root.at("/added_tokens/1")).put("rstrip", true);
    ((ObjectNode) root.at("/added_tokens/2")).put("lstrip", true).put("rstrip", true);
    Tokenizer tokenizer = write(root);
    assertArrayEquals(new int[] {'a', 258, ' ', 'b'}, encode(tokenizer, "a <s> b"));
    assertArrayEquals(new int[] {'a', ' ', 259, 'b'}, encode(tokenizer, "a </s> b"));
    assertArrayEquals(new int[] {'a', 261, 'b'}, encode(tokenizer, "a\u3000\n<tool>\u00a0\tb"));
    assertArrayEquals(new int[] {'a', ' ', 259, 258, ' ', 'b'}, encode(tokenizer, "a </s> <s> b"));
    assertArrayEquals(new int[] {'a', 261, 261, 'b'}, encode(tokenizer, "a <tool> <tool> b"));
    assertArrayEquals(new int[] {258, 'x', 259}, encode(tokenizer, " <s>x</s> "));
    assertArrayEquals(
        new int[] {'a', 258, 0xe2, 0x80, 0x8b, 'b', 0xe1, 0xa0, 0x8e, 258},
        encode(tokenizer, "a\u0085<s>\u200bb\u180e<s>"),
        "what has no width, and no space since Unicode 6.3, stays");
  }

  private static ObjectNode withSingleWords() {
    ObjectNode root = small();
    ((ObjectNode) root.at("/added_tokens/0")).put("single_word", true);
    ((ArrayNode) root.get("added_tokens"))
        .addObject()
        .put("id", 262)
        .put("content", "and")
        .put("special", false)
        .put("single_word", true);
    return root;
  }

  /** As of Hugging Face's tokenizers 0.23.2. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{and}",
        "a {and} b",
        "{and} {and}",
        "-{and}-",
        "{and},{and}",
        "\u200b{and}",
        "{and}\u00b2",
        " {<s>} ",
        "{<s>}{<s>}"
      })
  void aSingleWordIsFoundWhereNoWordIsBesideIt(String marked) throws IOException {
    Tokenizer tokenizer = write(withSingleWords());
    List<Integer> expected = new ArrayList<>();
    for (String part : marked.split("[{}]")) {
      switch (part) {
        case "and" -> expected.add(262);
        case "<s>" -> expected.add(258);
        default -> {
          for (byte b : part.getBytes(StandardCharsets.UTF_8)) {
            expected.add(b & 0xff);
          }
        }
      }
    }
    assertEquals(
        expected, Arrays.stream(encode(tokenizer, marked.replaceAll("[{}]", ""))).boxed().toList());
  }

  /** As of the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "sand",
        "andy",
        "_and",
        "and_",
        "1and",
        "and1",
        "andand",
        "\u00e9and",
        "and\u0301",
        "\u200dand",
        "\u4e2dand",
        "and\u2160",
        "\u0967and",
        "x<s>",
        "<s>x"
      })
  void aSingleWordIsNoPartOfAnother(String text) throws IOException {
    int[] bytes =
        new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)
            .chars()
            .toArray();
    assertArrayEquals(bytes, encode(write(withSingleWords()), text));
  }

  /** As of the same. */
  @Test
  void aSingleWordTakesThePlaceOfWhatIsShorterAlsoWhereItIsNotFound() throws IOException {
    ObjectNode root = withSingleWords();
    ((ArrayNode) root.get("added_tokens")).addObject().put("id", 263).put("content", "an");
    Tokenizer tokenizer = write(root);
    assertArrayEquals(new int[] {'a', 'n', 'd', 's'}, encode(tokenizer, "ands"));
    assertArrayEquals(new int[] {263, 's'}, encode(tokenizer, "ans"));
    ((ObjectNode) root.at("/added_tokens/3")).put("lstrip", true).put("rstrip", true);
    assertArrayEquals(new int[] {'a', 262, 'b'}, encode(write(root), "a and b"));
  }

  /** The special tokens are found before, in the text as it is. */
  @Test
  void textIsPutInNormalFormWhereTheFileSaysSo() throws IOException {
    ObjectNode root = small();
    String text = "e\u0301</s>e\u0301";
    int[] composed = {0xc3, 0xa9, 259, 0xc3, 0xa9};
    int[] decomposed = {'e', 0xcc, 0x81, 259, 'e', 0xcc, 0x81};
    assertArrayEquals(decomposed, encode(write(root), text));
    root.putObject("normalizer").put("type", "NFC");
    assertArrayEquals(composed, encode(write(root), text));
    root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    assertArrayEquals(decomposed, encode(write(root), text));
  }

  /** The steps of Falcon's files: ids of the bytes "a 123" but for "12", which is a token. */
  @Test
  void falconsDigitsAreSplitOffInThreesOrOneByOne() throws IOException {
    ObjectNode root = small();
    ((ObjectNode) root.get("model")).put("ignore_merges", false);
    ((ObjectNode) root.at("/model/vocab")).put("12", 260);
    ((ArrayNode) root.at("/model/merges")).add("1 2");
    ArrayNode steps = ((ObjectNode) root.get("pre_tokenizer")).putArray("pretokenizers");
    steps.addObject().put("type", "Punctuation").put("behavior", "Contiguous");
    steps.addObject().put("type", "ByteLevel").put("add_prefix_space", false);
    ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated");
    split.putObject("pattern").put("Regex", "[0-9][0-9][0-9]");
    assertArrayEquals(new int[] {'a', ' ', 260, '3'}, encode(write(root), "a 123"));
    split.putObject("pattern").put("Regex", "[0-9]");
    assertArrayEquals(new int[] {'a', ' ', '1', '2', '3'}, encode(write(root), "a 123"));
    steps.insertObject(2).put("type", "Digits").put("individual_digits", false);
    assertArrayEquals(new int[] {'a', ' ', '1', '2', '3'}, encode(write(root), "a 123"));
    ((ObjectNode) steps.get(2)).put("individual_digits", true);
    String message = assertThrows(ModelFileException.class, () -> write(root)).getMessage();
    assertTrue(message.contains("Digits one by one"), message);
  }

  @Test
  void thePostProcessorSaysWhatTextsBeginWith() throws IOException {
    assertArrayEquals(new int[] {'a'}, write(small()).encodeDocument("a", true));
    config("{\"bos_token\":\"<s>\",\"add_bos_token\":true}");
    assertArrayEquals(new int[] {258, 'a'}, write(small()).encodeDocument("a", true));
    ObjectNode root = small();
    ObjectNode post = root.putObject("post_processor").put("type", "Sequence");
    ArrayNode processors = post.putArray("processors");
    processors.addObject().put("type", "ByteLevel");
    ObjectNode template = processors.addObject().put("type", "TemplateProcessing");
    ArrayNode single = template.putArray("single");
    single.addObject().putObject("Sequence").put("id", "A");
    template.putObject("special_tokens").putObject("<s>").putArray("ids").add(258);
    assertArrayEquals(
        new int[] {'a'}, write(root).encodeDocument("a", true), "the template decides");
    single.removeAll().addObject().putObject("SpecialToken").put("id", "<s>");
    single.addObject().putObject("Sequence").put("id", "A");
    config("{}");
    assertArrayEquals(new int[] {258, 'a'}, write(root).encodeDocument("a", true));
    single.insertObject(0).putObject("SpecialToken").put("id", "<s>");
    assertTrue(
        assertThrows(ModelFileException.class, () -> write(root))
            .getMessage()
            .contains("several tokens"));
  }

  @Test
  void everyTokenThatEndsGenerationIsKnown() throws IOException {
    config("{\"eos_token\":\"</s>\"}");
    Files.writeString(
        folder.resolve("generation_config.json"), "{\"eos_token_id\":[259,97,99,100]}");
    Files.writeString(folder.resolve("config.json"), "{\"eos_token_id\":98,\"bos_token_id\":258}");
    Tokenizer tokenizer = write(small());
    assertEquals(Set.of(259, 97, 98, 99, 100), tokenizer.endTokens());
    assertEquals(259, tokenizer.eos().orElseThrow());
    assertEquals(258, tokenizer.bos().orElseThrow());
  }

  @Test
  void theChatTemplateIsAFileOrInTheConfiguration() throws IOException {
    assertEquals(Optional.empty(), new TokenizerFiles(folder).chatTemplate());
    config("{\"chat_template\":\"a\"}");
    assertEquals(Optional.of("a"), new TokenizerFiles(folder).chatTemplate());
    config(
        "{\"chat_template\":[{\"name\":\"rag\",\"template\":\"b\"},"
            + "{\"name\":\"default\",\"template\":\"c\"}]}");
    assertEquals(Optional.of("c"), new TokenizerFiles(folder).chatTemplate());
    Files.writeString(folder.resolve("chat_template.jinja"), "d");
    assertEquals(Optional.of("d"), new TokenizerFiles(folder).chatTemplate());
  }

  @Test
  void whatTheEngineDoesNotDoIsRefusedByName() {
    ObjectNode lowercase = JSON.createObjectNode().put("type", "Lowercase");
    assertTrue(refusal(r -> r.set("normalizer", lowercase)).contains("[Lowercase]"));
    assertTrue(refusal(r -> r.putNull("pre_tokenizer")).contains("'pre_tokenizer'"));
    ObjectNode metaspace = JSON.createObjectNode().put("type", "Metaspace");
    assertTrue(refusal(r -> r.set("pre_tokenizer", metaspace)).contains("[Metaspace]"));
    assertTrue(
        refusal(
                r ->
                    ((ObjectNode) r.at("/pre_tokenizer/pretokenizers/0/pattern"))
                        .put("Regex", "\\w+"))
            .contains("[Split by \\w+, ByteLevel]"));
    assertTrue(
        refusal(
                r ->
                    ((ObjectNode) r.at("/pre_tokenizer/pretokenizers/1"))
                        .put("add_prefix_space", true))
            .contains("puts a space before"));
    for (String type : List.of("Unigram", "WordPiece")) {
      assertTrue(refusal(r -> ((ObjectNode) r.get("model")).put("type", type)).contains(type));
    }
    assertTrue(
        refusal(
                r ->
                    ((ArrayNode) r.get("added_tokens"))
                        .addObject()
                        .put("id", 256)
                        .put("content", "ab")
                        .put("single_word", true))
            .contains("'ab' has single_word, but parts of words may become it too"));
    assertTrue(
        refusal(r -> ((ObjectNode) r.get("model")).put("end_of_word_suffix", "</w>"))
            .contains("end_of_word_suffix"));
  }

  @Test
  void damagedTablesAreRefused() {
    assertTrue(refusal(r -> r.remove("model")).contains("'model' is missing"));
    assertTrue(
        refusal(r -> ((ObjectNode) r.at("/model/vocab")).put("zz", 5)).contains("same id 5"));
    for (long id : new long[] {-1, 1 << 20, Long.MAX_VALUE}) {
      assertTrue(
          refusal(r -> ((ObjectNode) r.at("/model/vocab")).put("zz", id)).contains("is the id"));
    }
    assertTrue(
        refusal(r -> ((ObjectNode) r.at("/model/vocab")).put("zz", "x")).contains("an integer"));
    assertTrue(
        refusal(r -> ((ObjectNode) r.at("/added_tokens/0")).put("content", "ab"))
            .contains("'ab' has the ids 256 and 258"));
    assertTrue(
        refusal(r -> ((ArrayNode) r.at("/model/merges")).add(7)).contains("entry 2 is not two"));
    assertTrue(refusal(r -> ((ArrayNode) r.at("/model/merges")).add("q q")).contains("entry 2"));
  }

  @Test
  void aNamedTokenMustBeInTheVocabulary() throws IOException {
    config("{\"bos_token\":\"<none>\"}");
    String message = assertThrows(ModelFileException.class, () -> write(small())).getMessage();
    assertTrue(message.contains("tokenizer_config.json: 'bos_token' is '<none>'"), message);
  }

  /** The ids of the same vocabulary in GGUF, and of other implementations. */
  @ParameterizedTest
  @CsvSource({
    "hf-bitnet-2b-4t, bitnet-2b-4t-vocab-as-official.gguf, vectors/llama-bpe.jsonl",
    "../model/hf-packed, tiny-stories-vocab.gguf, vectors/tiny-stories.jsonl"
  })
  void agreesWithOthersOnRealVocabularies(String name, String gguf, String vectors)
      throws IOException {
    Tokenizer tokenizer = Tokenizer.of(new TokenizerFiles(Vocabularies.sharedFile(name)));
    Tokenizer other = Vocabularies.shared(gguf);
    assertEquals(other.vocabularySize(), tokenizer.vocabularySize());
    for (int id = 0; id < other.vocabularySize(); id++) {
      assertArrayEquals(other.bytes(id), tokenizer.bytes(id));
      assertEquals(other.type(id), tokenizer.type(id));
    }
    assertEquals(other.bos(), tokenizer.bos());
    assertEquals(other.endTokens(), tokenizer.endTokens());
    List<String> lines = Files.readAllLines(Vocabularies.sharedFile(vectors));
    assertTrue(lines.size() > 500);
    for (String line : lines) {
      JsonNode vector = JSON.readTree(line);
      byte[] text = Base64.getDecoder().decode(vector.get("text_b64").asText());
      boolean special = vector.get("parse_special").asBoolean();
      int[] ids = tokenizer.encode(text, special, false);
      assertArrayEquals(other.encode(text, special, false), ids, line);
      assertArrayEquals(other.encode(text, special, true), tokenizer.encode(text, special, true));
      if (!vector.path("cat").asText().equals("invalid_utf8")) {
        assertArrayEquals(JSON.convertValue(vector.get("ids"), int[].class), ids, line);
      }
    }
  }
}
