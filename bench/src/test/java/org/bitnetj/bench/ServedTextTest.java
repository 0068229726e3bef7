package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.bitnetj.bench.ServedText.Gap;
import org.junit.jupiter.api.Test;

class ServedTextTest {
  private static final long MILLIS = 1_000_000;

  /** Times in milliseconds. */
  private static ServedText text(int tokens, long sent, long... arrivals) {
    return new ServedText(
        sent * MILLIS,
        Arrays.stream(arrivals).map(at -> at * MILLIS).toArray(),
        tokens,
        ServedText.UNKNOWN,
        0);
  }

  private static Gap gap(long start, long end) {
    return new Gap(start * MILLIS, end * MILLIS);
  }

  @Test
  void tokensCountOnlyWhileAllTextsDecode() {
    ServedText early = text(5, 0, 100, 200, 300, 400, 500);
    ServedText late = text(4, 0, 250, 350, 450, 700);
    assertEquals(gap(250, 500), ServedText.allDecode(List.of(early, late)));
    // 300, 400 and 500 of one, 350 and 450 of the other, in a quarter of a second
    assertEquals(20, ServedText.decodedPerSecond(List.of(early, late)), 1e-12);
    assertEquals(10, ServedText.decodedPerSecond(List.of(early)), 1e-12);
  }

  @Test
  void textsThatNeverDecodeAtOnceHaveNoRate() {
    ServedText first = text(3, 0, 100, 200, 300);
    assertTrue(Double.isNaN(ServedText.decodedPerSecond(List.of(first, text(2, 0, 300, 400)))));
    assertTrue(Double.isNaN(ServedText.decodedPerSecond(List.of(first, text(2, 0, 350, 400)))));
    assertTrue(Double.isNaN(ServedText.decodedPerSecond(List.of(text(1, 0, 100)))));
  }

  @Test
  void tokensWithoutEventsOfTheirOwnCountToo() {
    // 9 tokens in 3 events: 2 of these come after the first one
    assertEquals(60, ServedText.decodedPerSecond(List.of(text(9, 0, 100, 150, 200))), 1e-12);
    ServedText uncounted = text(ServedText.UNKNOWN, 0, 100, 150, 200);
    assertEquals(3, uncounted.count());
    assertEquals(20, ServedText.decodedPerSecond(List.of(uncounted)), 1e-12);
  }

  @Test
  void whatWasServedIsFromTheFirstRequestToTheLastToken() {
    List<ServedText> texts = List.of(text(7, 100, 200), text(5, 50, 300, 550), text(8, 120, 130));
    assertEquals(40, ServedText.servedPerSecond(texts), 1e-12);
  }

  @Test
  void aGapLiesBetweenTwoTokens() {
    ServedText text = text(3, 5, 100, 130, 200);
    assertEquals(gap(5, 100), text.untilFirst());
    assertEquals(List.of(gap(100, 130), gap(130, 200)), text.gaps().toList());
    assertEquals(0.07, gap(130, 200).seconds(), 1e-12);
    assertEquals(List.of(), text(1, 0, 100).gaps().toList());
  }

  @Test
  void aStallThatSpansATimeOverlapsItAndIsNotWithin() {
    Gap time = gap(100, 200);
    assertTrue(gap(50, 250).overlaps(time));
    assertTrue(gap(50, 101).overlaps(time));
    assertTrue(gap(199, 250).overlaps(time));
    assertFalse(gap(50, 100).overlaps(time));
    assertFalse(gap(200, 250).overlaps(time));
    assertTrue(gap(100, 200).isWithin(time));
    assertFalse(gap(99, 200).isWithin(time));
    assertFalse(gap(100, 201).isWithin(time));
  }
}
