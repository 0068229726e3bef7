package org.bitnetj.constraint.automaton;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.Random;
import org.bitnetj.constraint.automaton.NumberSpelling.Range;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NumberSpellingTest {
  private static boolean accepts(ByteDfa dfa, String text) {
    int state = dfa.start();
    for (int i = 0; i < text.length() && state >= 0; i++) {
      state = dfa.step(state, text.charAt(i));
    }
    return state >= 0 && dfa.label(state) >= 0;
  }

  private static @Nullable BigDecimal bound(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> null;
      case 1 -> BigDecimal.valueOf(random.nextInt(-12, 13));
      case 2 -> BigDecimal.valueOf(random.nextInt(-2000, 2000));
      default -> BigDecimal.valueOf(random.nextInt(-30000, 30000), random.nextInt(5));
    };
  }

  private static @Nullable BigDecimal step(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> BigDecimal.valueOf(random.nextInt(1, 15));
      case 1 -> BigDecimal.valueOf(random.nextInt(1, 300), random.nextInt(3));
      default -> null;
    };
  }

  @Test
  void numbersAreAcceptedExactlyIfTheyAreInTheRange() {
    Random random = new Random(1);
    int accepted = 0;
    for (int i = 0; i < 200; i++) {
      Range range =
          new Range(
              bound(random),
              random.nextBoolean(),
              bound(random),
              random.nextBoolean(),
              step(random));
      ByteDfa dfa = NumberSpelling.of(range);
      for (int j = 0; j < 300; j++) {
        BigDecimal near = j % 2 == 0 ? range.low() : range.high();
        int places = random.nextInt(5);
        BigDecimal number = BigDecimal.valueOf(random.nextInt(-20000, 20000), places);
        if (near != null && j % 3 != 0) {
          number = near.add(BigDecimal.valueOf(random.nextInt(-12, 13), places));
        }
        boolean inside = range.contains(number);
        BigDecimal plain = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
        assertEquals(inside, accepts(dfa, plain.toPlainString()), number + " in " + range);
        accepted += inside ? 1 : 0;
        String written = number.toPlainString();
        if (accepts(dfa, written)) {
          assertTrue(inside, written + " in " + range);
        }
        if (range.low() != null || range.high() != null || range.step() != null) {
          assertFalse(accepts(dfa, "0" + plain.abs().toPlainString()), "a leading zero");
          assertFalse(accepts(dfa, plain.toPlainString() + "."), "a point at the end");
          assertFalse(accepts(dfa, "-0"), "a zero with a sign");
        }
      }
    }
    assertTrue(accepted > 3_000);
  }

  @Test
  void anyNumberIsSpelledAsJsonDoes() {
    ByteDfa any = NumberSpelling.of(Range.ALL);
    for (String text :
        "0 -0 1 10 -1.5 0.001 1e5 1E-7 2.5e+10 -0.0e0 123456789012345678".split(" ")) {
      assertTrue(accepts(any, text), text);
    }
    for (String text : "00 01 +1 .5 1. - 1e 1e+ -.1 1e1234 0x1 NaN".split(" ")) {
      assertFalse(accepts(any, text), text);
    }
  }

  @Test
  void wholeNumbersHaveNoPoint() {
    ByteDfa integers = NumberSpelling.of(new Range(null, false, null, false, BigDecimal.ONE));
    assertTrue(accepts(integers, "-120"));
    assertFalse(accepts(integers, "1.0"));
    assertFalse(accepts(integers, "1e2"));
  }

  @Test
  void boundsOfHundredsOfDigitsAreExact() {
    BigDecimal bound = new BigDecimal("1e308").add(new BigDecimal("0.5"));
    ByteDfa below = NumberSpelling.of(new Range(BigDecimal.ZERO, false, bound, true, null));
    String whole = "1" + "0".repeat(308);
    assertTrue(accepts(below, whole + ".4999999"));
    assertFalse(accepts(below, whole + ".5"));
    assertFalse(accepts(below, whole + "0"));
  }

  @Test
  void stepsWithTooManyRemaindersAreRefused() {
    Range range = new Range(null, false, null, false, new BigDecimal("0.123456789"));
    assertThrows(TooManyStatesException.class, () -> NumberSpelling.of(range));
  }
}
