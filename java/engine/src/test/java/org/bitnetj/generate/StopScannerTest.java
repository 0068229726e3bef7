package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StopScannerTest {

  private static String feed(StopScanner scanner, String piece, boolean stops) {
    StringBuilder out = new StringBuilder();
    assertEquals(stops, scanner.feed(piece, out), piece);
    return out.toString();
  }

  private static String finish(StopScanner scanner) {
    StringBuilder out = new StringBuilder();
    scanner.finish(out);
    return out.toString();
  }

  @Test
  void withoutStopStringsEverythingPasses() {
    StopScanner scanner = new StopScanner(List.of());
    assertEquals("any", feed(scanner, "any", false));
    assertEquals("thing", feed(scanner, "thing", false));
    assertEquals("", finish(scanner));
  }

  @Test
  void aStopStringInsideAPieceEndsTheTextBeforeIt() {
    assertEquals("one ", feed(new StopScanner(List.of("stop")), "one stop two", true));
  }

  @Test
  void aStopStringAcrossPiecesNeverPassesInPart() {
    StopScanner scanner = new StopScanner(List.of("\nUser:"));
    assertEquals("Hello", feed(scanner, "Hello\n", false));
    assertEquals("", feed(scanner, "Us", false));
    assertEquals("", feed(scanner, "er", false));
    assertEquals("", feed(scanner, ": more", true));
  }

  @Test
  void whatTurnsOutToBeNoneIsReleased() {
    StopScanner scanner = new StopScanner(List.of("abc"));
    assertEquals("x", feed(scanner, "xab", false));
    assertEquals("ab", feed(scanner, "ab", false));
    assertEquals("abd", feed(scanner, "d", false));
    assertEquals("", feed(scanner, "ab", false));
    assertEquals("ab", finish(scanner));
  }

  @Test
  void theStopStringThatCameIsNamed() {
    StopScanner scanner = new StopScanner(List.of("bc", "xabc", "q"));
    feed(scanner, "xab", false);
    assertEquals(Optional.empty(), scanner.found());
    feed(scanner, "cq", true);
    assertEquals(Optional.of("xabc"), scanner.found());
  }

  @Test
  void theOneThatIsCompleteFirstCounts() {
    assertEquals("xa", feed(new StopScanner(List.of("abcd", "bc")), "xabcd", true));
    assertEquals("x", feed(new StopScanner(List.of("bc", "abc")), "xabcd", true));
  }

  @Test
  void overlappingBeginningsAreHeldBackAtTheirLongest() {
    StopScanner scanner = new StopScanner(List.of("aab"));
    assertEquals("a", feed(scanner, "aaa", false));
    assertEquals("", feed(scanner, "b", true));
  }

  /** The definition: character by character, the first place where some stop string ends. */
  private static String expected(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String seen = text.substring(0, end);
      int longest = stops.stream().filter(seen::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return seen.substring(0, end - longest) + "|";
      }
    }
    return text;
  }

  @Test
  void howTheTextIsCutHasNoInfluence() {
    SplittableRandom random = new SplittableRandom(11);
    int stopped = 0;
    for (int round = 0; round < 20_000; round++) {
      List<String> stops = new ArrayList<>();
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        stops.add(letters(random, random.nextInt(1, 6)));
      }
      String text = letters(random, random.nextInt(0, 20));
      StopScanner scanner = new StopScanner(stops);
      StringBuilder out = new StringBuilder();
      boolean found = false;
      for (int at = 0; at < text.length() && !found; ) {
        int to = Math.min(text.length(), at + random.nextInt(1, 5));
        found = scanner.feed(text.substring(at, to), out);
        at = to;
        for (String stop : stops) {
          assertFalse(out.toString().contains(stop));
        }
        assertTrue(expected(text, stops).startsWith(out.toString()), text + " without " + stops);
      }
      if (found) {
        out.append('|');
        stopped++;
      } else {
        scanner.finish(out);
      }
      assertEquals(expected(text, stops), out.toString(), text + " without " + stops);
    }
    assertTrue(stopped > 5000 && stopped < 15_000, stopped + " of 20000 stopped");
  }

  private static String letters(SplittableRandom random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
