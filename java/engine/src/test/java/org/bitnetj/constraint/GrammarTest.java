package org.bitnetj.constraint;

import static org.bitnetj.constraint.TestVocabulary.CALL;
import static org.bitnetj.constraint.TestVocabulary.CALL_END;
import static org.bitnetj.constraint.TestVocabulary.END;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrammarTest {
  private Tokenizer tokenizer;
  private ConstraintCompiler compiler;

  @BeforeAll
  void open() throws Exception {
    tokenizer = TestVocabulary.tokenizer();
    compiler = new ConstraintCompiler(tokenizer);
  }

  private boolean accepts(Grammar grammar, String text) {
    return TestVocabulary.accepts(compiler.compile(grammar), text);
  }

  private static void accept(ConstraintState state, String text) {
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      state.accept(b & 0xFF);
    }
  }

  private static BitSet allowed(ConstraintState state) {
    return BitSet.valueOf(state.allowed());
  }

  private static BitSet only(int... tokens) {
    BitSet set = new BitSet();
    for (int token : tokens) {
      set.set(token);
    }
    return set;
  }

  @Test
  void textIsThatText() {
    Grammar grammar = Grammar.text("año");
    assertTrue(accepts(grammar, "año"));
    assertFalse(accepts(grammar, "añ"));
    assertFalse(accepts(grammar, "años"));
    assertTrue(accepts(Grammar.text(""), ""));
  }

  @Test
  void partsAreCombined() {
    Grammar word = Grammar.regex("[a-z]+");
    Grammar list =
        Grammar.sequence(word, Grammar.repeat(Grammar.sequence(Grammar.text(","), word), 1, 2));
    assertFalse(accepts(list, "a"));
    assertTrue(accepts(list, "a,b"));
    assertTrue(accepts(list, "a,b,c"));
    assertFalse(accepts(list, "a,b,c,d"));
    Grammar either = Grammar.choice(Grammar.text("yes"), Grammar.text("yesterday"), list);
    for (String text : List.of("yes", "yesterday", "yes,no")) {
      assertTrue(accepts(either, text), text);
    }
    assertFalse(accepts(either, "yest"));
    assertTrue(accepts(Grammar.sequence(Grammar.optional(word), Grammar.text("1")), "1"));
    assertTrue(accepts(Grammar.repeat(Grammar.text("ab"), 0, Grammar.UNBOUNDED), "ab".repeat(99)));
    assertTrue(accepts(Grammar.sequence(), ""));
  }

  @Test
  void partsThatMayBeEmptyAreRepeatedWithoutEnd() {
    Grammar blank = Grammar.choice(Grammar.optional(Grammar.text("a")), Grammar.regex("b*"));
    for (int max : new int[] {1000, Grammar.UNBOUNDED}) {
      Grammar many = Grammar.repeat(blank, 500, max);
      assertTrue(accepts(many, ""));
      assertTrue(accepts(many, "abbaab"));
      assertFalse(accepts(many, "abc"));
    }
    Grammar nested = blank;
    for (int i = 0; i < 40; i++) {
      nested = Grammar.sequence(nested, blank);
    }
    assertTrue(accepts(nested, "a".repeat(41)));
    assertFalse(accepts(nested, "a".repeat(42)));
  }

  @Test
  void callsOfToolsAreMarkedByTokens() {
    Grammar call =
        Grammar.sequence(
            Grammar.token(CALL),
            Grammar.text("{\"name\": \"add\", \"arguments\": "),
            Grammar.jsonSchema(
                """
                {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"],
                 "additionalProperties": false}\
                """),
            Grammar.text("}"),
            Grammar.token(CALL_END));
    ConstraintState state = compiler.compile(Grammar.repeat(call, 1, 2)).start();
    for (int i = 0; i < 2; i++) {
      BitSet first = only(CALL);
      first.set(END, i == 1);
      assertEquals(first, allowed(state));
      assertThrows(IllegalArgumentException.class, () -> state.accept('<'));
      state.accept(CALL);
      assertEquals("{\"name\": \"add\", \"arguments\": {", state.forced());
      accept(state, state.forced());
      accept(state, "\"x\": 12}}");
      assertEquals(only(CALL_END), allowed(state));
      assertFalse(state.mayEnd());
      state.accept(CALL_END);
      assertTrue(state.mayEnd());
    }
    assertTrue(state.isOver());
    assertEquals(only(END), allowed(state));
    state.accept(END);
    assertTrue(state.isOver());
    assertEquals(only(END), allowed(state));
  }

  /** A user-defined mark is not text, even where its bytes would be. */
  @Test
  void specialTokensAreNeverText() {
    ConstraintState state = compiler.compile(Grammar.json()).start();
    accept(state, "\"<");
    for (int token : new int[] {END, CALL, CALL_END}) {
      assertFalse(allowed(state).get(token));
      assertFalse(state.allows(token));
      assertThrows(IllegalArgumentException.class, () -> state.accept(token));
    }
    accept(state, "/call>\"");
    assertEquals(only(END), allowed(state));
  }

  @Test
  void aTokenMayBeOneOfTheGrammarAndTextAsWell() {
    Grammar grammar =
        Grammar.choice(
            Grammar.sequence(Grammar.token('h'), Grammar.text("1")), Grammar.text("hello"));
    ConstraintState state = compiler.compile(grammar).start();
    state.accept('h');
    assertEquals(only('1', 'e'), allowed(state));
    state.accept('1');
    assertTrue(state.isOver());
  }

  @Test
  void copiesGoTheirOwnWay() {
    ConstraintState state = compiler.compile(Grammar.regex("a(b|c)")).start();
    state.accept('a');
    ConstraintState copy = state.copy();
    copy.accept('b');
    assertTrue(copy.isOver());
    assertEquals(only('b', 'c'), allowed(state));
  }

  @Test
  void refusedTokensLeaveTheStateAsItIs() {
    ConstraintState state = compiler.compile(Grammar.regex("a*")).start();
    assertThrows(IllegalArgumentException.class, () -> state.accept('b'));
    assertThrows(IllegalArgumentException.class, () -> state.accept(-1));
    assertThrows(IllegalArgumentException.class, () -> state.accept(tokenizer.vocabularySize()));
    state.accept('a');
    state.accept(END);
    assertThrows(IllegalArgumentException.class, () -> state.accept('a'));
  }

  @Test
  void whatIsForcedEndsWithAWholeCharacter() {
    ConstraintState state = compiler.compile(Grammar.regex("x日(本|木)?y")).start();
    assertEquals("x日", state.forced());
    accept(state, "x日本");
    assertEquals("y", state.forced());
    accept(state, "y");
    assertEquals("", state.forced());
    assertEquals("", compiler.compile(Grammar.json()).start().forced());
  }

  @Test
  void anyJsonValueIsAllowed() {
    for (String text :
        List.of(
            "null",
            "-0.5e-3",
            "\"\\ud83d\\ude00 \\u0041\\/é\"",
            "[]",
            "[1, [2, {}], \"\"]",
            "{\"a\": {\"b\": [true, false]}, \"c\": null}",
            "{\n  \"a\": [\n    1,\n    2\n  ]\n}")) {
      assertTrue(accepts(Grammar.json(), text), text);
      NaiveJson.parse(text);
    }
    for (String text :
        List.of(
            "",
            "01",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\ude00\"",
            "\"\\x\"",
            "\"\n\"",
            "[1,]",
            "{\"a\":1,\"a\":2}",
            "{\"\\u0061\":1}",
            "{a:1}",
            "1  ",
            "[1" + " ".repeat(40) + "]")) {
      assertFalse(accepts(Grammar.json(), text), text);
    }
    assertFalse(accepts(Grammar.jsonObject(), "[]"));
    assertTrue(accepts(Grammar.jsonObject(), "{ }"));
  }

  /** Overlong forms, surrogates and what is above U+10FFFF. */
  @Test
  void onlyWellFormedUtf8IsAllowed() {
    for (Grammar grammar :
        List.of(Grammar.json(), Grammar.jsonSchema("{\"pattern\": \"^[^a]\"}"))) {
      for (int[] bytes :
          new int[][] {
            {0xC0},
            {0xC1},
            {0xE0, 0x9F},
            {0xED, 0xA0},
            {0xF0, 0x8F},
            {0xF4, 0x90},
            {0xF5},
            {0x80},
            {0xC3, 0x28},
            {0xE2, 0x82, 0xC0},
          }) {
        ConstraintState state = compiler.compile(grammar).start();
        state.accept('"');
        for (int i = 0; i < bytes.length - 1; i++) {
          state.accept(bytes[i]);
        }
        assertFalse(state.allows(bytes[bytes.length - 1]));
      }
      for (String text :
          List.of("\u0080", "\u07FF", "\uD7FF", "\uE000", "\uFFFF", "😀", "\uDBFF\uDFFF")) {
        assertTrue(accepts(grammar, "\"" + text + "\""), text);
      }
    }
  }

  /** Deep inside, only the way out is left: readers have limits. */
  @Test
  void nestingIsLimited() {
    assertTrue(accepts(Grammar.json(), "[".repeat(100) + "]".repeat(100)));
    assertFalse(accepts(Grammar.json(), "[".repeat(110) + "]".repeat(110)));
    Grammar list =
        Grammar.jsonSchema(
            """
            {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
             "required": ["next"], "additionalProperties": false}\
            """);
    assertTrue(accepts(list, "{\"next\":".repeat(99) + "null" + "}".repeat(99)));
    ConstraintState state = compiler.compile(list).start();
    int depth = 0;
    for (; state.allows('{'); depth++) {
      accept(state, "{\"next\":");
    }
    assertTrue(depth >= 100 && depth < 110, "depth " + depth);
    assertTrue(state.allows('n'));
  }

  @Test
  void constraintsOfEqualGrammarsAreOne() {
    Grammar first = Grammar.sequence(Grammar.text("a"), Grammar.jsonSchema("{}"));
    Grammar second = Grammar.sequence(Grammar.text("a"), Grammar.jsonSchema("{}"));
    assertEquals(first, second);
    assertNotEquals(first, Grammar.sequence(Grammar.text("b"), Grammar.jsonSchema("{}")));
    assertSame(compiler.compile(first), compiler.compile(second));
    assertSame(first, compiler.compile(second).grammar());
  }

  @Test
  void grammarsThatCannotBeUsedAreRefused() {
    assertThrows(GrammarException.class, () -> Grammar.text("\ud800"));
    assertThrows(GrammarException.class, () -> Grammar.text("a".repeat(1 << 20)));
    assertThrows(GrammarException.class, () -> Grammar.token(-1));
    assertThrows(GrammarException.class, () -> Grammar.regex("("));
    assertThrows(GrammarException.class, () -> Grammar.regex("a$b"));
    assertThrows(GrammarException.class, () -> Grammar.choice());
    assertThrows(GrammarException.class, () -> Grammar.repeat(Grammar.text("a"), 2, 1));
    assertThrows(GrammarException.class, () -> Grammar.repeat(Grammar.text("a"), -1, 1));
    assertThrows(GrammarException.class, () -> Grammar.repeat(Grammar.text("a"), 0, 2_000_000));
    assertThrows(
        GrammarException.class, () -> compiler.compile(Grammar.token(tokenizer.vocabularySize())));
  }

  @Test
  void masksAreSharedAndStayTheSame() {
    Constraint constraint = compiler.compile(Grammar.jsonObject());
    long[] mask = constraint.start().allowed();
    long[] before = mask.clone();
    ConstraintState state = constraint.start();
    accept(state, "{\"a\": [1, 2, \"x\"]}");
    assertArrayEquals(before, mask);
    assertSame(mask, constraint.start().allowed());
  }
}
