package org.bitnetj.constraint.mask;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bitnetj.constraint.automaton.ByteAutomaton;
import org.bitnetj.tokenizer.TokenType;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * A vocabulary as text is spelled by it. Special tokens, unused ones and marks that users defined
 * are not text. Safe to share between threads.
 */
public final class TokenBytes {
  /** Tokens of more characters count among those that are looked at one by one. */
  private static final int MOST_PLAIN = 256;

  private static final byte[] NO_TEXT = new byte[0];

  private final byte[][] bytes;
  private final int[] ends;
  private final Trie all;
  private final Trie marked;
  private final int longest;
  private final boolean[] single = new boolean[256];
  private final Map<ByteAutomaton.Key, Reach> common = new ConcurrentHashMap<>();

  /** By count of characters: the tokens of at most so many that may stand anywhere in a string. */
  private final long[][] plain;

  public TokenBytes(Tokenizer tokenizer) {
    bytes = new byte[tokenizer.vocabularySize()][];
    ends = tokenizer.endTokens().stream().mapToInt(Integer::intValue).toArray();
    List<Integer> text = new ArrayList<>();
    List<Integer> others = new ArrayList<>();
    int[] characters = new int[bytes.length];
    int most = 0;
    int longestBytes = 1;
    for (int id = 0; id < bytes.length; id++) {
      byte[] spelled = isText(tokenizer, id) ? tokenizer.bytes(id) : NO_TEXT;
      bytes[id] = spelled;
      if (spelled.length == 0) {
        continue;
      }
      text.add(id);
      longestBytes = Math.max(longestBytes, spelled.length);
      if (spelled.length == 1) {
        single[spelled[0] & 0xFF] = true;
      }
      characters[id] = plainCharacters(spelled);
      if (characters[id] == 0) {
        others.add(id);
      }
      most = Math.max(most, characters[id]);
    }
    longest = longestBytes;
    all = new Trie(text, bytes);
    marked = new Trie(others, bytes);
    plain = new long[most + 1][];
    plain[0] = new long[words()];
    for (int count = 1; count <= most; count++) {
      plain[count] = plain[count - 1].clone();
      for (int id = 0; id < bytes.length; id++) {
        if (characters[id] == count) {
          plain[count][id >> 6] |= 1L << id;
        }
      }
    }
  }

  private static boolean isText(Tokenizer tokenizer, int id) {
    TokenType type = tokenizer.type(id);
    if (type == TokenType.USER_DEFINED) {
      byte[] name = tokenizer.bytes(id);
      int first = name.length == 0 ? '<' : name[0];
      int last = name.length == 0 ? '>' : name[name.length - 1];
      return !((first == '<' && last == '>') || (first == '[' && last == ']'));
    }
    return type == TokenType.NORMAL || type == TokenType.BYTE;
  }

  /** How many characters there are if a JSON string may have them as they are, else 0. */
  private static int plainCharacters(byte[] spelled) {
    for (byte b : spelled) {
      if ((b >= 0 && b < 0x20) || b == '"' || b == '\\') {
        return 0;
      }
    }
    String text = new String(spelled, StandardCharsets.UTF_8);
    int count = text.codePointCount(0, text.length());
    boolean wellFormed = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), spelled);
    return wellFormed && count <= MOST_PLAIN ? count : 0;
  }

  public int size() {
    return bytes.length;
  }

  /** The length of a mask. */
  public int words() {
    return (bytes.length + 63) >> 6;
  }

  /** The bytes of a token, empty if it is not text. */
  public byte[] bytes(int token) {
    return bytes[token];
  }

  /** The tokens that end a text. */
  public int[] ends() {
    return ends;
  }

  /** Whether a token is that byte and nothing else. */
  public boolean hasByte(int b) {
    return single[b];
  }

  /** The most bytes of a token. */
  int longest() {
    return longest;
  }

  /** All tokens that are text. */
  Trie all() {
    return all;
  }

  /** The tokens that are text, but for those that {@link #plain} knows. */
  Trie marked() {
    return marked;
  }

  /** The mask of the tokens that are up to so many characters of a JSON string, as they are. */
  long[] plain(int characters) {
    return plain[Math.min(characters, plain.length - 1)];
  }

  /** What was found out about the states that most grammars have; a few hundred. */
  Map<ByteAutomaton.Key, Reach> common() {
    return common;
  }
}
