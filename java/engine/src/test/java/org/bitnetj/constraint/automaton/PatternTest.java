package org.bitnetj.constraint.automaton;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatternTest {
  private static boolean finds(String pattern, String text) {
    return PatternNfa.compile(pattern, true).label(text) >= 0;
  }

  private static String random(Random random, int depth) {
    int kind = random.nextInt(depth > 0 ? 12 : 6);
    return switch (kind) {
      case 0, 1 -> "a";
      case 2 -> "b";
      case 3 -> "[^a]";
      case 4 -> ".";
      case 5 -> random.nextInt(4) == 0 ? random.nextBoolean() ? "^" : "$" : "[a-b]";
      case 6, 7 -> random(random, depth - 1) + random(random, depth - 1);
      case 8 -> "(" + random(random, depth - 1) + "|" + random(random, depth - 1) + ")";
      default -> {
        String[] quantifiers = {"*", "+", "?", "{2}", "{1,}", "{0,2}", "*?"};
        yield "(?:" + random(random, depth - 1) + ")" + quantifiers[random.nextInt(7)];
      }
    };
  }

  /** All strings of up to five letters against another implementation. */
  @Test
  void randomPatternsFindWhatTheJdkFinds() {
    List<String> texts = new ArrayList<>(List.of(""));
    for (int i = 0; texts.get(i).length() < 5; i++) {
      for (String letter : new String[] {"a", "b", "c"}) {
        texts.add(texts.get(i) + letter);
      }
    }
    Random random = new Random(3);
    for (int i = 0; i < 1000; i++) {
      String pattern = random(random, 5);
      CharDfa search = PatternNfa.compile(pattern, true);
      CharDfa whole = PatternNfa.compile(pattern, false);
      java.util.regex.Pattern jdk = java.util.regex.Pattern.compile(pattern.replace("$", "\\z"));
      for (String text : texts) {
        assertEquals(jdk.matcher(text).find(), search.label(text) >= 0, pattern + " in " + text);
        assertEquals(jdk.matcher(text).matches(), whole.label(text) >= 0, pattern + " is " + text);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'^\\d{3}-\\d{4}$', '555-1234', true",
    "'^\\d{3}-\\d{4}$', '555-12345', false",
    "'^\\w+\\s\\S$', 'ab_1 x', true",
    "'^[\\w.-]+@[a-z]+\\.[a-z]{2,}$', 'a.b-c@host.org', true",
    "'^\\u00e9\\x41\\u{1F600}$', 'éA😀', true",
    "'^\\uD83D\\uDE00$', '😀', true",
    "'^[😀-😂]$', '😁', true",
    "'^.$', '😁', true",
    "'^\\p{Lu}\\p{Letter}*$', 'Élan', true",
    "'^\\p{Lu}\\p{Letter}*$', 'élan', false",
    "'^\\p{Script=Greek}+$', 'λόγος', true",
    "'^\\P{L}$', 'a', false",
    "'^[^\\d\\s]$', '5', false",
    "'^a{,2}$', 'a{,2}', true",
    "'^[]$', 'a', false",
    "'^[^]$', 'a', true",
    "'^(?<year>\\d{4})$', '1999', true",
    "'^a\\/b\\-c$', 'a/b-c', true",
    "'^[\\b\\-a]$', '-', true",
    "'^\\cJ$', '\n', true",
    "'[', '', malformed",
    "'(a', '', malformed",
    "'a)', '', malformed",
    "'*a', '', malformed",
    "'a{2,1}', '', malformed",
    "'[b-a]', '', malformed",
    "'\\', '', malformed",
    "'\\a', '', malformed",
    "'(?=a)', '', malformed",
    "'(?<!a)b', '', malformed",
    "'(a)\\1', '', malformed",
    "'\\bword', '', malformed",
    "'\\p{Nonsense}', '', malformed",
    "'^*', '', malformed",
  })
  void escapesAndClassesAreThoseOfEcmaScript(String pattern, String text, String expected) {
    if (expected.equals("malformed")) {
      PatternException e = assertThrows(PatternException.class, () -> finds(pattern, text));
      assertTrue(e.getMessage().contains(" at character "), e.getMessage());
    } else {
      assertEquals(Boolean.valueOf(expected), finds(pattern, text), pattern);
    }
  }

  @Test
  void hugeRepetitionsAreRefused() {
    for (String pattern :
        new String[] {
          "a{1000000000}",
          "(a{1000}){1000}",
          "((a{1,100}){1,100}b){1,100}",
          "(a|b)*a(a|b){30}",
          "(".repeat(200) + ")".repeat(200),
        }) {
      assertThrows(RuntimeException.class, () -> finds(pattern, ""), pattern);
    }
  }
}
