package org.bitnetj.constraint;

import java.nio.charset.StandardCharsets;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.bitnetj.tokenizer.SmallVocabulary;
import org.bitnetj.tokenizer.TokenType;
import org.bitnetj.tokenizer.Tokenizer;

/** A vocabulary of the 256 bytes (ids 0 to 255), some longer tokens and some special ones. */
final class TestVocabulary {
  static final int END = 256;
  static final int CALL = 257;
  static final int CALL_END = 258;

  private static final String[] PIECES = {
    "\"a",
    "a\"",
    "\":",
    "\": ",
    "\": \"",
    "\", \"",
    "\",\"",
    "\"}",
    "\"}]",
    "},{\"",
    "{\"",
    "[[",
    "]]",
    "]}",
    "}}",
    ", ",
    ": ",
    "{}",
    "[]",
    "null",
    "true",
    "false",
    "nu",
    "ll,",
    " \"",
    "  ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "ab",
    "abc",
    "bc",
    "hello",
    " world",
    "kind",
    "\"kind\"",
    "name",
    "\"name\":",
    "\"b\":",
    "b\":",
    "\"a\":\"a\"",
    "12",
    "123",
    "-1",
    "1,",
    "0.",
    ".5",
    "1e",
    "e5",
    "\\n",
    "\\u",
    "\\ud",
    "00",
    "\\\"",
    "\\\\",
    "é",
    "日本",
    "日",
    "😀",
    "\u00e9\"",
    "ü",
    "x1",
    "1}",
    "10]",
    "\"0\"",
    "aa",
    "aaa",
    "aaaaaaaa",
    "\"aa\":1,\"aa\":",
    "value",
    "\"},",
    "[{\"",
    "1.0",
  };

  private TestVocabulary() {}

  static Tokenizer tokenizer() throws ModelFileException {
    SmallVocabulary vocabulary = SmallVocabulary.byteLevel();
    vocabulary.token("<|end|>", TokenType.CONTROL);
    vocabulary.token("<call>", TokenType.CONTROL);
    vocabulary.token("</call>", TokenType.USER_DEFINED);
    for (String piece : PIECES) {
      if (vocabulary.id(spelled(piece.getBytes(StandardCharsets.UTF_8))) < 0) {
        vocabulary.token(spelled(piece.getBytes(StandardCharsets.UTF_8)), TokenType.NORMAL);
      }
    }
    // Halves of characters.
    vocabulary.token(spelled(new byte[] {(byte) 0xE6, (byte) 0x97}), TokenType.NORMAL);
    vocabulary.token(spelled(new byte[] {(byte) 0xA5, '"'}), TokenType.NORMAL);
    vocabulary.token(spelled(new byte[] {'a', (byte) 0xC3}), TokenType.NORMAL);
    vocabulary.token(spelled(new byte[] {(byte) 0xED, (byte) 0xA0}), TokenType.NORMAL);
    vocabulary.token("unused", TokenType.UNUSED);
    return Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
  }

  /** Bytes in GPT-2's spelling. */
  private static String spelled(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte signed : bytes) {
      int b = signed & 0xFF;
      int next = 256;
      for (int other = 0; other < b; other++) {
        next += isPrintable(other) ? 0 : 1;
      }
      out.append((char) (isPrintable(b) ? b : next));
    }
    return out.toString();
  }

  private static boolean isPrintable(int b) {
    return (b > 32 && b < 127) || (b > 160 && b != 173);
  }

  /** Whether a text, spelled byte by byte, is allowed as a whole. */
  static boolean accepts(Constraint constraint, String text) {
    ConstraintState state = constraint.start();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (!state.allows(b & 0xFF)) {
        return false;
      }
      state.accept(b & 0xFF);
    }
    return state.mayEnd();
  }

  /** Whether a value is allowed as it is usually written. */
  static boolean accepts(Constraint constraint, Object value) {
    for (NaiveJson.Style style : NaiveJson.Style.values()) {
      if (accepts(constraint, NaiveJson.write(value, style))) {
        return true;
      }
    }
    return false;
  }
}
