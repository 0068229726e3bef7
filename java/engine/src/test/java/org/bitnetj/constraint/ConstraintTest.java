package org.bitnetj.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bitnetj.error.GrammarException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.bitnetj.tokenizer.SmallVocabulary;
import org.bitnetj.tokenizer.TokenType;
import org.bitnetj.tokenizer.Tokenizer;
import org.bitnetj.tokenizer.Vocabularies;
import org.junit.jupiter.api.Test;

/** Constraints for whole vocabularies. */
class ConstraintTest {
  private static final String SCHEMA =
      """
      {"type": "object", "properties": {
         "name": {"type": "string"}, "short": {"type": "string", "maxLength": 12},
         "code": {"type": "string", "pattern": "^[a-z]+-[0-9]{2}$"},
         "count": {"type": "integer", "minimum": -5, "maximum": 120},
         "list": {"type": "array", "items": {"enum": ["red", "green", "blue"]}}},
       "required": ["name", "count"]}\
      """;

  private static final String DOCUMENT =
      """
      {"name": "The \\"old\\" miller — 日本", "short": "twelve chars", "more": {"a": [1, 2.5e3]},
        "code": "abc-12", "count": 119, "list": ["red", "blue", "green"]}\
      """;

  private static List<Tokenizer> vocabularies() throws IOException {
    List<Tokenizer> all = new ArrayList<>(List.of(Vocabularies.shipped()));
    for (String name :
        new String[] {
          "bitnet-2b-4t-vocab-as-official.gguf",
          "ggml-vocab-qwen2.gguf",
          "ggml-vocab-llama-spm.gguf"
        }) {
      try {
        all.add(Vocabularies.shared(name));
      } catch (org.opentest4j.TestAbortedException e) {
        System.out.println(e.getMessage());
      }
    }
    return all;
  }

  /** Each token of real vocabularies, by its bytes one after the other. */
  @Test
  void masksOfRealVocabulariesAreThoseFoundByteForByte() throws IOException {
    for (Tokenizer tokenizer : vocabularies()) {
      int[] single = new int[256];
      for (int id = 0; id < tokenizer.vocabularySize(); id++) {
        TokenType type = tokenizer.type(id);
        boolean text = type == TokenType.NORMAL || type == TokenType.BYTE;
        if (text && tokenizer.bytes(id).length == 1) {
          single[tokenizer.bytes(id)[0] & 0xFF] = id;
        }
      }
      ConstraintState state =
          new ConstraintCompiler(tokenizer).compile(Grammar.jsonSchema(SCHEMA)).start();
      int[] encoded = tokenizer.encode(DOCUMENT, false, false);
      boolean spaced = tokenizer.bytes(encoded[0])[0] == ' '; // as some begin every text
      int[] document =
          spaced ? IntStream.concat(IntStream.of(single['{']), rest(tokenizer)).toArray() : encoded;
      for (int i = 0; i <= document.length; i++) {
        BitSet mask = BitSet.valueOf(state.allowed());
        boolean whole = i % 19 == 3; // each one takes a second of a large vocabulary
        for (int id = 0; id < tokenizer.vocabularySize(); id += whole ? 1 : 97) {
          assertEquals(
              isAllowed(state, id, tokenizer, single), mask.get(id), "token " + id + " at " + i);
        }
        if (i < document.length) {
          assertTrue(mask.get(document[i]), "the document at " + i);
          state.accept(document[i]);
        }
      }
      assertTrue(state.mayEnd());
    }
  }

  /** The document without its first character, in tokens that follow others. */
  private static IntStream rest(Tokenizer tokenizer) {
    int[] all = tokenizer.encode("\n" + DOCUMENT.substring(1), false, false);
    int start = 0;
    while (!tokenizer.decode(new int[] {all[start]}, false).startsWith("\n")) {
      start++;
    }
    return IntStream.of(all).skip(start + 1L);
  }

  private static boolean isAllowed(
      ConstraintState state, int id, Tokenizer tokenizer, int[] single) {
    TokenType type = tokenizer.type(id);
    if (type == TokenType.CONTROL || type == TokenType.UNKNOWN) {
      return tokenizer.endTokens().contains(id) && state.mayEnd();
    }
    byte[] bytes = tokenizer.bytes(id);
    if (type == TokenType.UNUSED || (type == TokenType.USER_DEFINED && isMark(bytes))) {
      return false;
    }
    if (bytes.length > 0 && !state.allows(single[bytes[0] & 0xFF])) {
      return false; // most tokens, without a copy of the state
    }
    ConstraintState copy = state.copy();
    for (byte b : bytes) {
      if (!copy.allows(single[b & 0xFF])) {
        return false;
      }
      copy.accept(single[b & 0xFF]);
    }
    return bytes.length > 0;
  }

  private static boolean isMark(byte[] bytes) {
    String name = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    return name.matches("(?s)<.*>|\\[.*\\]");
  }

  /** The same masks whichever thread meets a state first, and whenever tables begin anew. */
  @Test
  void threadsShareAConstraint() throws Exception {
    Tokenizer tokenizer = Vocabularies.shipped();
    Grammar grammar = Grammar.jsonSchema(SCHEMA);
    List<long[]> expected = walk(new ConstraintCompiler(tokenizer).compile(grammar), tokenizer, 1);
    Constraint shared = new ConstraintCompiler(tokenizer).compile(grammar);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<List<long[]>>> tasks = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int seed = i % 2 == 0 ? 1 : i;
        tasks.add(() -> walk(shared, tokenizer, seed));
      }
      List<Future<List<long[]>>> results = threads.invokeAll(tasks);
      for (int i = 0; i < 8; i += 2) {
        List<long[]> masks = results.get(i).get();
        assertEquals(expected.size(), masks.size());
        for (int step = 0; step < masks.size(); step++) {
          assertArrayEquals(expected.get(step), masks.get(step), "step " + step);
        }
      }
    }
  }

  private static List<long[]> walk(Constraint constraint, Tokenizer tokenizer, int seed) {
    Random random = new Random(seed);
    List<long[]> masks = new ArrayList<>();
    ConstraintState state = constraint.start();
    for (int step = 0; step < 1500; step++) {
      long[] mask = state.allowed();
      masks.add(mask);
      int token = BitSet.valueOf(mask).nextSetBit(random.nextInt(tokenizer.vocabularySize()));
      token = token < 0 ? BitSet.valueOf(mask).nextSetBit(0) : token;
      assertTrue(token >= 0, "step " + step);
      state.accept(token);
      if (state.isOver()) {
        state = constraint.start();
      }
    }
    return masks;
  }

  /** Names of any kind make new states without end; the table is given up in time. */
  @Test
  void memoryIsBounded() throws IOException {
    Tokenizer tokenizer = TestVocabulary.tokenizer();
    Constraint constraint = new ConstraintCompiler(tokenizer).compile(Grammar.jsonObject());
    long most = 0;
    ConstraintState state = constraint.start();
    state.accept('{');
    for (int i = 0; i < 8_000; i++) {
      String member = (i % 50 == 0 ? "\"" : ",\"") + i + "\":" + i;
      if (i > 0 && i % 50 == 0) {
        state = constraint.start();
        state.accept('{');
      }
      for (char c : member.toCharArray()) {
        state.allowed();
        state.accept(c);
      }
      most = Math.max(most, constraint.table().states().bytes());
    }
    assertTrue(most > 4 << 20, "this test fills a table: " + most);
    assertTrue(most < 20 << 20, "a table has " + most + " bytes");
  }

  @Test
  void vocabulariesOfPiecesWork() throws ModelFileException {
    Tokenizer tokenizer =
        Tokenizer.of(
            new GgufVocabulary(
                SmallVocabulary.sentencePiece()
                    .token("▁world", TokenType.NORMAL)
                    .token("{\"", TokenType.NORMAL)
                    .metadata()));
    int space = tokenizer.vocabularySize() - 2;
    ConstraintState state =
        new ConstraintCompiler(tokenizer).compile(Grammar.text("a world")).start();
    state.accept('a' + 3);
    BitSet allowed = BitSet.valueOf(state.allowed());
    assertEquals(2, allowed.cardinality());
    assertTrue(allowed.get(space) && allowed.get(' ' + 3));
    state.accept(space);
    assertTrue(state.isOver());
    assertTrue(state.allows(tokenizer.eos().orElse(2)));
  }

  @Test
  void vocabulariesThatLackABytesTokenAreRefused() throws ModelFileException {
    SmallVocabulary vocabulary = SmallVocabulary.sentencePiece();
    Tokenizer tokenizer =
        Tokenizer.of(
            new GgufVocabulary(
                vocabulary
                    .metadata()
                    .with(
                        "tokenizer.ggml.token_type",
                        IntStream.range(0, 259)
                            .map(id -> id == 'q' + 3 ? 5 : id < 3 ? id == 0 ? 2 : 3 : 6)
                            .toArray())));
    ConstraintCompiler compiler = new ConstraintCompiler(tokenizer);
    String sentence =
        assertThrows(GrammarException.class, () -> compiler.compile(Grammar.json())).getMessage();
    assertEquals(
        "The vocabulary has no token for the byte 0x71 alone, which the grammar needs.", sentence);
    assertFalse(compiler.compile(Grammar.text("abc")).start().isOver());
  }
}
