package org.bitnetj.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Random schemas against {@link NaiveSchema}, which reads the specification literally. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RandomSchemasTest {
  private static final int SCHEMAS = Integer.getInteger("bitnet.randomSchemas", 600);

  private Tokenizer tokenizer;
  private ConstraintCompiler compiler;

  @BeforeAll
  void open() throws Exception {
    tokenizer = TestVocabulary.tokenizer();
    compiler = new ConstraintCompiler(tokenizer);
  }

  /** The constraint of a schema; null if it is refused, in a sentence. */
  private @Nullable Constraint compile(Map<String, Object> schema) {
    try {
      return compiler.compile(Grammar.jsonSchema(NaiveJson.write(schema, NaiveJson.Style.SPACED)));
    } catch (GrammarException e) {
      assertTrue(e.getMessage().startsWith("The JSON Schema"), e.getMessage());
      return null;
    }
  }

  /** Null where the specification does not say. */
  private static @Nullable Boolean isValid(Map<String, Object> schema, Object value) {
    try {
      return NaiveSchema.isValid(schema, value);
    } catch (NaiveSchema.Endless e) {
      return null;
    }
  }

  @Test
  void valuesAreAllowedExactlyIfTheyAreValid() {
    int supported = 0;
    int valid = 0;
    for (int seed = 0; seed < SCHEMAS; seed++) {
      RandomSchemas random = new RandomSchemas(seed);
      Map<String, Object> schema = random.root();
      Constraint constraint = compile(schema);
      supported += constraint == null ? 0 : 1;
      for (int i = 0; constraint != null && i < 60; i++) {
        Object value = i % 3 == 0 ? random.value(2) : random.valueFor(schema, schema, 6);
        Boolean expected = isValid(schema, value);
        if (expected == null) {
          continue;
        }
        valid += expected ? 1 : 0;
        String text = NaiveJson.write(value, NaiveJson.Style.SPACED);
        String message =
            "seed " + seed + ": " + text + " of " + NaiveJson.write(schema, NaiveJson.Style.SPACED);
        assertEquals(expected, TestVocabulary.accepts(constraint, value), message);
        if (!expected) {
          assertFalse(TestVocabulary.accepts(constraint, text), message);
        }
      }
    }
    System.out.printf(
        "random schemas: %d of %d supported, %d valid values%n", supported, SCHEMAS, valid);
    assertTrue(supported > SCHEMAS / 2, "most schemas are supported");
    assertTrue(valid > 5 * supported, "many values are valid");
  }

  /** "Allows no value" is said of schemas that no value is valid for. */
  @Test
  void schemasWithoutValuesAreRefused() {
    for (int seed = 0; seed < SCHEMAS; seed++) {
      RandomSchemas random = new RandomSchemas(seed);
      Map<String, Object> schema = random.root();
      try {
        Grammar.jsonSchema(NaiveJson.write(schema, NaiveJson.Style.SPACED));
      } catch (GrammarException e) {
        for (int i = 0; i < 60 && e.getMessage().contains("allows no value"); i++) {
          Object value = random.valueFor(schema, schema, 6);
          assertFalse(
              Boolean.TRUE.equals(isValid(schema, value)),
              () ->
                  NaiveJson.write(value, NaiveJson.Style.SPACED)
                      + " of "
                      + NaiveJson.write(schema, NaiveJson.Style.SPACED));
        }
      }
    }
  }

  /** A walk may take any allowed token, always finds one, and ends with a valid value. */
  @Test
  void whateverIsAllowedIsValidAndComesToAnEnd() {
    int ended = 0;
    for (int seed = 0; seed < SCHEMAS; seed++) {
      Map<String, Object> schema = new RandomSchemas(seed).root();
      Constraint constraint = compile(schema);
      if (constraint == null) {
        continue;
      }
      Random random = new Random(seed);
      ConstraintState state = constraint.start();
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int step = 0; !(state.mayEnd() && (state.isOver() || random.nextInt(3) == 0)); step++) {
        String soFar =
            "seed " + seed + ": " + bytes.toString(StandardCharsets.UTF_8) + " of " + schema;
        byte[] next = choose(state, random, step > 60);
        assertTrue(next.length > 0, "no token is allowed after " + soFar);
        assertTrue(step < 3000, "no end is found after " + soFar);
        bytes.writeBytes(next);
        accept(state, next);
      }
      Object value = NaiveJson.parse(bytes.toString(StandardCharsets.UTF_8));
      assertNotEquals(
          false,
          isValid(schema, value),
          () -> bytes.toString(StandardCharsets.UTF_8) + " of " + schema);
      state.accept(TestVocabulary.END);
      assertTrue(state.isOver());
      ended++;
    }
    assertTrue(ended > SCHEMAS / 2);
  }

  /** The bytes of a random token that is allowed, or none; in a hurry mostly a way to the end. */
  private byte[] choose(ConstraintState state, Random random, boolean hurry) {
    long[] mask = state.allowed();
    if (hurry && random.nextInt(10) < 8) {
      boolean inString = (mask['~' >> 6] >>> '~' & 1) != 0;
      List<String> ways =
          new ArrayList<>(List.of("null", "0", "[", "{", "\"", "1", ",", ":", "a", "b", "é"));
      RandomSchemas.names().forEach(name -> ways.add(name + ":"));
      Collections.shuffle(ways, random);
      ways.addAll(0, inString ? List.of("\"") : List.of("}", "]"));
      for (String way : ways) {
        ConstraintState copy = state.copy();
        byte[] bytes = way.getBytes(StandardCharsets.UTF_8);
        int at = 0;
        while (at < bytes.length && copy.allows(bytes[at] & 0xFF)) {
          copy.accept(bytes[at++] & 0xFF);
        }
        if (at == bytes.length) {
          return bytes;
        }
      }
    }
    int start = random.nextInt(tokenizer.vocabularySize());
    int range = hurry ? 256 : tokenizer.vocabularySize();
    for (int i = 0; i < range; i++) {
      int token = (start + i) % range;
      if (token != TestVocabulary.END && (mask[token >> 6] >>> token & 1) != 0) {
        return tokenizer.bytes(token);
      }
    }
    return new byte[0];
  }

  /** A token is in the mask if its bytes are allowed one after the other. */
  @Test
  void masksAreThoseFoundByteForByte() {
    for (int seed = 0; seed < SCHEMAS / 5; seed++) {
      Map<String, Object> schema = new RandomSchemas(seed).root();
      Constraint constraint = compile(schema);
      if (constraint == null) {
        continue;
      }
      Random random = new Random(seed);
      ConstraintState state = constraint.start();
      StringBuilder soFar = new StringBuilder();
      for (int step = 0; step < 40 && !state.isOver(); step++) {
        long[] mask = state.allowed();
        for (int token = 0; token < tokenizer.vocabularySize(); token++) {
          boolean expected = token == TestVocabulary.END ? state.mayEnd() : isAllowed(state, token);
          int id = token;
          assertEquals(
              expected,
              (mask[token >> 6] >>> token & 1) != 0,
              () -> tokenizer.decode(id) + " (" + id + ") after " + soFar + " of " + schema);
          assertEquals(expected, state.allows(token));
        }
        byte[] next = choose(state, random, false);
        assertTrue(next.length > 0, () -> "no token is allowed after " + soFar + " of " + schema);
        soFar.append(new String(next, StandardCharsets.UTF_8));
        accept(state, next);
      }
    }
  }

  private static void accept(ConstraintState state, byte[] bytes) {
    for (byte b : bytes) {
      state.accept(b & 0xFF);
    }
  }

  private boolean isAllowed(ConstraintState state, int token) {
    boolean text =
        switch (tokenizer.type(token)) {
          case NORMAL, BYTE -> true;
          default -> false;
        };
    ConstraintState copy = state.copy();
    for (byte b : tokenizer.bytes(token)) {
      if (!text || !copy.allows(b & 0xFF)) {
        return false;
      }
      copy.accept(b & 0xFF);
    }
    return text;
  }
}
