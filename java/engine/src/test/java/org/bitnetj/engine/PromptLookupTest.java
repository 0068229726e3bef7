package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PromptLookupTest {
  @Test
  void aTextOfWhichNothingComesAgainHasNoDraft() {
    assertFalse(new PromptLookup(new int[0]).hasDraft());
    assertFalse(new PromptLookup(new int[] {1, 2, 3, 4, 1}).hasDraft(), "one token is too few");
  }

  @Test
  void aTextIsThoughtToGoOnAsItDidAfterItsLastTwoTokens() {
    assertArrayEquals(
        new int[] {3, 4, 5}, draft(new PromptLookup(new int[] {1, 2, 3, 4, 5, 1, 2}), 3));
  }

  @Test
  void fourTokensTellMoreThanTwoAndTheLastPlaceMoreThanTheFirst() {
    int[] text = {9, 8, 1, 2, 30, 1, 2, 31, 7, 9, 8, 1, 2};
    assertArrayEquals(new int[] {30}, draft(new PromptLookup(text), 1));
    int[] shorter = {1, 2, 30, 1, 2, 31, 7, 1, 2};
    assertArrayEquals(new int[] {31}, draft(new PromptLookup(shorter), 1));
  }

  @Test
  void aSourceThatEndsTooSoonRepeatsItself() {
    assertArrayEquals(
        new int[] {1, 2, 1, 2, 1, 2, 1}, draft(new PromptLookup(new int[] {1, 2, 1, 2}), 7));
  }

  @Test
  void acceptedTokensMoveTheDraftOn() {
    PromptLookup lookup = new PromptLookup(new int[] {1, 2, 3, 4, 5, 6, 1, 2});
    lookup.accept(3);
    lookup.accept(4);
    assertArrayEquals(new int[] {5, 6}, draft(lookup, 2));
    lookup.accept(50);
    assertFalse(lookup.hasDraft(), "4 50 is new");
  }

  @Test
  void whatHappensTeachesHowOftenDraftsAreRight() {
    PromptLookup lookup = new PromptLookup(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2});
    double first = lookup.firstRight();
    double next = lookup.nextRight();
    lookup.accept(3);
    assertEquals(next, lookup.nextRight());
    assertEquals(next, lookup.firstRight(), "it goes on from a token that was right");
    lookup.accept(4);
    assertTrue(lookup.nextRight() > next);
    lookup.accept(70);
    lookup.accept(1);
    lookup.accept(2);
    assertTrue(lookup.hasDraft());
    assertTrue(lookup.firstRight() > first, "two tokens found a right one before");
    double learned = lookup.firstRight();
    lookup.accept(80);
    lookup.accept(1);
    lookup.accept(2);
    assertTrue(lookup.firstRight() < learned);
  }

  @Test
  void everyPlaceOfALongTextIsFoundAgain() {
    Random random = new Random(5);
    int[] text = random.ints(20_000, 0, 1 << 17).toArray();
    PromptLookup lookup = new PromptLookup(text);
    for (int at = 4; at < text.length - 3; at += 97) {
      for (int i = at - 4; i < at; i++) {
        lookup.accept(text[i]);
      }
      assertArrayEquals(new int[] {text[at], text[at + 1]}, draft(lookup, 2), "at " + at);
    }
  }

  private static int[] draft(PromptLookup lookup, int count) {
    assertTrue(lookup.hasDraft());
    int[] draft = new int[count + 1];
    lookup.draft(draft, 1, count);
    return Arrays.copyOfRange(draft, 1, count + 1);
  }
}
