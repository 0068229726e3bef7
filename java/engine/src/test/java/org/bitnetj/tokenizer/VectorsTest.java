package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ids made by other implementations of the same tokenizers, reproduced exactly. */
class VectorsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One line of a vectors file. */
  private record Vector(byte[] text, int[] ids, boolean parseSpecial, String category) {
    static Vector of(String line) throws IOException {
      JsonNode node = JSON.readTree(line);
      return new Vector(
          Base64.getDecoder().decode(node.get("text_b64").asText()),
          JSON.convertValue(node.get("ids"), int[].class),
          node.get("parse_special").asBoolean(),
          node.path("cat").asText("all"));
    }

    /** Where the tokenizer says otherwise, or null. */
    String mismatch(Tokenizer tokenizer) {
      int[] actual = tokenizer.encode(text, parseSpecial, false);
      int at = Arrays.mismatch(ids, actual);
      return at < 0
          ? null
          : category
              + " '"
              + new String(text, StandardCharsets.UTF_8)
              + "' differs from token "
              + at
              + " on: expected "
              + Arrays.toString(ids)
              + ", got "
              + Arrays.toString(actual);
    }
  }

  private static List<Vector> read(Reader source) throws IOException {
    List<Vector> vectors = new ArrayList<>();
    try (BufferedReader lines = new BufferedReader(source)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        vectors.add(Vector.of(line));
      }
    }
    return vectors;
  }

  private static void assertAllAgree(Tokenizer tokenizer, List<Vector> vectors) {
    List<String> wrong =
        vectors.stream().map(v -> v.mismatch(tokenizer)).filter(m -> m != null).toList();
    assertEquals(
        0,
        wrong.size(),
        () -> wrong.size() + " of " + vectors.size() + ":\n" + String.join("\n", wrong));
  }

  @Test
  void theShippedModelsTokenizerAgreesWithItsVectors() throws IOException {
    try (Reader source =
        new InputStreamReader(
            VectorsTest.class.getResourceAsStream("tiny-stories.jsonl"), StandardCharsets.UTF_8)) {
      List<Vector> vectors = read(source);
      assertTrue(vectors.size() > 500);
      assertAllAgree(Vocabularies.shipped(), vectors);
    }
  }

  @Test
  void theShippedModelHasTheVocabularyItWasTrainedWith() throws IOException {
    Tokenizer shipped = Vocabularies.shipped();
    Tokenizer trained = Vocabularies.shared("tiny-stories-vocab.gguf");
    assertEquals(trained.vocabularySize(), shipped.vocabularySize());
    for (int id = 0; id < trained.vocabularySize(); id++) {
      assertArrayEquals(trained.bytes(id), shipped.bytes(id));
      assertEquals(trained.type(id), shipped.type(id));
    }
    assertEquals(trained.bos(), shipped.bos());
    assertEquals(trained.endTokens(), shipped.endTokens());
  }

  @ParameterizedTest
  @CsvSource({
    "bitnet-2b-4t-vocab-as-official.gguf, vectors/llama-bpe.jsonl",
    "ggml-vocab-qwen2.gguf, vectors/qwen2.jsonl",
    "ggml-vocab-gpt-2.gguf, vectors/gpt-2.jsonl",
    "ggml-vocab-llama-spm.gguf, vectors/llama-spm.jsonl",
  })
  void agreesWithLlamaCppOnWellFormedText(String vocabulary, String vectors) throws IOException {
    List<Vector> all = read(Files.newBufferedReader(Vocabularies.sharedFile(vectors)));
    Tokenizer tokenizer = Vocabularies.shared(vocabulary);
    List<Vector> wellFormed =
        all.stream().filter(v -> !v.category().equals("invalid_utf8")).toList();
    assertTrue(wellFormed.size() > 900);
    assertAllAgree(tokenizer, wellFormed);

    // Malformed text is advisory: llama.cpp also reads overlong forms and encoded surrogates.
    List<Vector> malformed = all.stream().filter(v -> v.category().equals("invalid_utf8")).toList();
    long agreeing = malformed.stream().filter(v -> v.mismatch(tokenizer) == null).count();
    assertTrue(agreeing > 0.85 * malformed.size(), () -> agreeing + " of " + malformed.size());
  }

  /** llama.cpp's own cases: texts apart by a marker line, a line of ids for each. */
  @ParameterizedTest
  @CsvSource({
    "bitnet-2b-4t-vocab-as-official.gguf, llama-bpe",
    "ggml-vocab-qwen2.gguf, qwen2",
    "ggml-vocab-gpt-2.gguf, gpt-2",
    "ggml-vocab-llama-spm.gguf, llama-spm",
  })
  void agreesWithLlamaCppsOwnCases(String vocabulary, String cases) throws IOException {
    Path inputs = Vocabularies.sharedFile("llama.cpp-vectors/ggml-vocab-" + cases + ".gguf.inp");
    Path outputs = Vocabularies.sharedFile("llama.cpp-vectors/ggml-vocab-" + cases + ".gguf.out");
    Tokenizer tokenizer = Vocabularies.shared(vocabulary);
    String[] texts = Files.readString(inputs).split("\n__ggml_vocab_test__\n", -1);
    List<String> lines = Files.readAllLines(outputs);
    Map<String, String> wrong = new TreeMap<>();
    assertTrue(lines.size() > 40);
    for (int i = 0; i < lines.size(); i++) {
      int[] expected =
          Arrays.stream(lines.get(i).trim().split(" "))
              .filter(id -> !id.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      int[] actual = tokenizer.encode(texts[i], false, false);
      if (!Arrays.equals(expected, actual)) {
        wrong.put(texts[i], lines.get(i) + " but got " + Arrays.toString(actual));
      }
    }
    assertTrue(wrong.isEmpty(), wrong::toString);
    assertTrue(texts.length == lines.size() || texts.length == lines.size() + 1);
  }
}
