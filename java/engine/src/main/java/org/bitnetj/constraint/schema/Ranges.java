package org.bitnetj.constraint.schema;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.bitnetj.constraint.automaton.NumberSpelling.Range;
import org.jspecify.annotations.Nullable;

/** What several ranges of numbers have in common. */
final class Ranges {
  /** Most digits of a number in a schema; a double has 309 before its point at most. */
  static final int MOST_DIGITS = 1100;

  private Ranges() {}

  static Range intersection(Range a, Range b) {
    int low = compare(a.low(), b.low(), -1);
    int high = compare(a.high(), b.high(), 1);
    return new Range(
        low >= 0 ? a.low() : b.low(),
        low == 0 ? a.aboveLow() || b.aboveLow() : low > 0 ? a.aboveLow() : b.aboveLow(),
        high <= 0 ? a.high() : b.high(),
        high == 0 ? a.belowHigh() || b.belowHigh() : high < 0 ? a.belowHigh() : b.belowHigh(),
        common(a.step(), b.step()));
  }

  /** Compares bounds; one that is missing is the least for sign −1, the greatest for 1. */
  private static int compare(@Nullable BigDecimal a, @Nullable BigDecimal b, int sign) {
    if (a == null || b == null) {
      return a == b ? 0 : a == null ? sign : -sign;
    }
    return a.compareTo(b);
  }

  /** The numbers that are multiples of both are those of this one. */
  private static @Nullable BigDecimal common(@Nullable BigDecimal a, @Nullable BigDecimal b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    int places = Math.max(0, Math.max(a.scale(), b.scale()));
    BigInteger x = a.movePointRight(places).toBigIntegerExact();
    BigInteger y = b.movePointRight(places).toBigIntegerExact();
    return new BigDecimal(x.divide(x.gcd(y)).multiply(y)).movePointLeft(places);
  }
}
