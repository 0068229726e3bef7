package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.bitnetj.tokenizer.SpecialTokens.Entry;
import org.bitnetj.tokenizer.SpecialTokens.Matches;
import org.bitnetj.tokenizer.SpecialTokens.Ranges;
import org.bitnetj.tokenizer.SpecialTokens.Trust;
import org.junit.jupiter.api.Test;

class SpecialTokensTest {
  /** Some files have them as control tokens, which texts do not show. */
  @Test
  void theMarksOfThinkingAreTextWhereverTheyComeFrom() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.byteLevel()
            .token("<think>", TokenType.CONTROL)
            .token("</think>", TokenType.USER_DEFINED);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    assertEquals("<think>a</think>", tokenizer.decode(256, 'a', 257));
    assertArrayEquals(new int[] {256, 'a', 257}, tokenizer.encode("<think>a</think>", true, false));
    assertEquals(8, tokenizer.encode(List.of(Segment.untrusted("</think>"))).length);
    assertEquals(7, tokenizer.encode(List.of(Segment.untrusted("<think>"))).length);
  }

  private static final TokenTable.Duplicates NO_DUPLICATES =
      (first, second) -> {
        throw new ModelFileException(first + " and " + second);
      };

  /** A token at a place. */
  private record Match(int start, int id, int end) {}

  /** The definition: the longest first, each length from left to right, where bytes are free. */
  private static List<Match> byDefinition(List<Entry> entries, byte[] text, Ranges ranges) {
    List<Match> matches = new ArrayList<>();
    boolean[] claimed = new boolean[text.length];
    for (int length = text.length; length > 0; length--) {
      for (int start = 0; start + length <= text.length; start++) {
        for (Entry entry : entries) {
          if (entry.spelling().length == length
              && Arrays.equals(entry.spelling(), Arrays.copyOfRange(text, start, start + length))
              && isAllowed(entry, ranges, start, start + length)
              && isFree(claimed, start, start + length)) {
            Arrays.fill(claimed, start, start + length, true);
            matches.add(new Match(start, entry.id(), start + length));
          }
        }
      }
    }
    matches.sort(Comparator.comparingInt(Match::start));
    return matches;
  }

  private static boolean isFree(boolean[] claimed, int start, int end) {
    for (int i = start; i < end; i++) {
      if (claimed[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAllowed(Entry entry, Ranges ranges, int start, int end) {
    int range = ranges.containing(start);
    return switch (ranges.trust(range)) {
      case TEMPLATE -> end <= ranges.end(range) || !entry.isMark();
      case TEXT -> entry.userDefined();
      case UNTRUSTED -> !entry.isMark();
    };
  }

  private static List<Match> found(SpecialTokens tokens, byte[] text, Ranges ranges) {
    Matches matches = tokens.find(text, ranges);
    List<Match> list = new ArrayList<>();
    for (int i = 0; i < matches.count(); i++) {
      list.add(new Match(matches.positions()[i], matches.ids()[i], matches.ends()[i]));
    }
    return list;
  }

  private static String randomText(Random random, String alphabet, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  private static Ranges randomRanges(Random random, int length) {
    int kind = random.nextInt(4);
    if (length == 0 || kind < 3) {
      return Ranges.whole(length, Trust.values()[kind % 3]);
    }
    int[] ends = random.ints(random.nextInt(6), 1, length + 1).sorted().distinct().toArray();
    if (ends.length == 0 || ends[ends.length - 1] != length) {
      ends = Arrays.copyOf(ends, ends.length + 1);
      ends[ends.length - 1] = length;
    }
    Trust[] trusts = new Trust[ends.length];
    boolean template = random.nextBoolean();
    for (int i = 0; i < trusts.length; i++) {
      trusts[i] = template ? Trust.TEMPLATE : Trust.UNTRUSTED;
      template = !template;
    }
    return new Ranges(ends, trusts);
  }

  private static List<Entry> randomEntries(Random random, String alphabet) {
    Map<String, Entry> entries = new HashMap<>();
    int longest = 1 + random.nextInt(20);
    for (int i = random.nextInt(40); i > 0; i--) {
      String spelling = randomText(random, alphabet, 1 + random.nextInt(longest));
      byte[] bytes = spelling.getBytes(StandardCharsets.ISO_8859_1);
      entries.put(spelling, new Entry(100 + i, bytes, random.nextBoolean(), false));
    }
    return List.copyOf(entries.values());
  }

  @Test
  void matchesAreThoseOfTheDefinition() throws ModelFileException {
    Random random = new Random(17);
    String[] alphabets = {"a", "ab", "ab<>", "[]\u00ff\u0080x"};
    for (int round = 0; round < 20_000; round++) {
      String alphabet = alphabets[random.nextInt(alphabets.length)];
      List<Entry> entries = randomEntries(random, alphabet);
      SpecialTokens tokens = new SpecialTokens(entries.toArray(Entry[]::new), NO_DUPLICATES);
      byte[] text =
          randomText(random, alphabet, random.nextInt(60)).getBytes(StandardCharsets.ISO_8859_1);
      Ranges ranges = randomRanges(random, text.length);
      assertEquals(
          byDefinition(entries, text, ranges), found(tokens, text, ranges), "round " + round);
    }
  }

  @Test
  void aTokenIsNamedByItsWholeSpellingOnly() throws ModelFileException {
    Entry[] entries = {
      new Entry(7, new byte[] {'a', 'b', 'c'}, false, false),
      new Entry(8, new byte[] {'b'}, true, false)
    };
    SpecialTokens tokens = new SpecialTokens(entries, NO_DUPLICATES);
    assertEquals(OptionalInt.of(7), tokens.named(new byte[] {'a', 'b', 'c'}));
    assertEquals(OptionalInt.of(8), tokens.named(new byte[] {'b'}));
    for (String other : List.of("", "a", "ab", "bc", "abcd", "c")) {
      assertEquals(
          OptionalInt.empty(), tokens.named(other.getBytes(StandardCharsets.US_ASCII)), other);
    }
  }

  @Test
  void equalSpellingsAreReportedInTheOrderGiven() {
    byte[] x = {'x'};
    Entry[] entries = {
      new Entry(3, x, false, false),
      new Entry(4, new byte[] {'a'}, false, false),
      new Entry(9, x, true, false)
    };
    assertEquals(
        "3 and 9",
        assertThrows(ModelFileException.class, () -> new SpecialTokens(entries, NO_DUPLICATES))
            .getMessage());
  }
}
