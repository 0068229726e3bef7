package org.bitnetj.constraint.automaton;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/**
 * Spells the numbers that lie between two bounds and are multiples of a step, compared digit by
 * digit, so exactly. Numbers with a limit are spelled without an exponent, and multiples of a whole
 * number without a fraction; every number has such a spelling. Zero has no sign there.
 */
public final class NumberSpelling implements ByteDfa.Machine<NumberSpelling.State> {
  /** Most digits of a bound or step: a double has 309 before its point and 1074 behind it. */
  private static final int MOST_DIGITS = 1200;

  /** Most remainders that are told apart. */
  private static final BigInteger MOST_REMAINDERS = BigInteger.valueOf(1 << 16);

  /** RFC 8259's numbers, with at most three digits in the exponent: readers limit it. */
  private static final ByteDfa ANY =
      StringSpelling.utf8(
              PatternNfa.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", false))
          .common();

  private static final Range WHOLE = new Range(null, false, null, false, BigDecimal.ONE);
  private static final ByteDfa INTEGERS = ByteDfa.of(new NumberSpelling(WHOLE)).common();

  private enum Part {
    START,
    MINUS,
    /** After the integer part 0. */
    ZERO,
    INTEGER,
    POINT,
    FRACTION
  }

  /**
   * @param isZero whether a negative number has no digit but 0 so far
   * @param low how the digits so far compare with the lower bound of the magnitude
   * @param remainder of the digits so far, without a point
   * @param places digits after the point, as far as the step needs them counted
   */
  record State(
      Part part, boolean negative, boolean isZero, int low, int high, int remainder, int places) {}

  /** A range of numbers; a bound that is null is none. */
  public record Range(
      @Nullable BigDecimal low,
      boolean aboveLow,
      @Nullable BigDecimal high,
      boolean belowHigh,
      @Nullable BigDecimal step) {
    public static final Range ALL = new Range(null, false, null, false, null);

    public boolean contains(BigDecimal value) {
      return (low == null || value.compareTo(low) >= (aboveLow ? 1 : 0))
          && (high == null || value.compareTo(high) <= (belowHigh ? -1 : 0))
          && (step == null || value.remainder(step).signum() == 0);
    }
  }

  private final @Nullable Magnitude[] bounds = new Magnitude[4];
  private final boolean[] strict = new boolean[4];
  private final int step;
  private final int places;

  private NumberSpelling(Range range) {
    BigDecimal low = range.low();
    BigDecimal high = range.high();
    // Bounds of the magnitude: low and high of positive numbers, then of negative ones.
    if (low != null) {
      boolean matters = low.signum() >= 0;
      bounds[0] = matters ? new Magnitude(low) : null;
      strict[0] = range.aboveLow();
      bounds[3] = new Magnitude(low.signum() <= 0 ? low.negate() : BigDecimal.ZERO);
      strict[3] = low.signum() > 0 || range.aboveLow();
    }
    if (high != null) {
      boolean matters = high.signum() <= 0;
      bounds[2] = matters ? new Magnitude(high.negate()) : null;
      strict[2] = range.belowHigh();
      bounds[1] = new Magnitude(high.signum() >= 0 ? high : BigDecimal.ZERO);
      strict[1] = high.signum() < 0 || range.belowHigh();
    }
    BigDecimal every = range.step();
    if (every == null) {
      step = 0;
      places = Integer.MAX_VALUE;
    } else {
      BigDecimal plain = every.stripTrailingZeros();
      places = Math.max(plain.scale(), 0);
      if (places > MOST_DIGITS || (long) plain.precision() - plain.scale() > MOST_DIGITS) {
        throw new TooManyStatesException(MOST_DIGITS);
      }
      BigInteger multiple = plain.movePointRight(places).toBigIntegerExact();
      if (multiple.compareTo(MOST_REMAINDERS) > 0) {
        throw new TooManyStatesException(MOST_REMAINDERS.intValue());
      }
      step = multiple.intValue();
    }
  }

  /**
   * The numbers of a range.
   *
   * @throws TooManyStatesException if bounds or step have too many digits
   */
  public static ByteDfa of(Range range) {
    boolean any = range.low() == null && range.high() == null && range.step() == null;
    return any ? ANY : range.equals(WHOLE) ? INTEGERS : ByteDfa.of(new NumberSpelling(range));
  }

  @Override
  public State start() {
    return new State(Part.START, false, false, 0, 0, 0, 0);
  }

  @Override
  public @Nullable State next(State s, int b) {
    if (b == '-') {
      return s.part == Part.START ? new State(Part.MINUS, true, true, 0, 0, 0, 0) : null;
    }
    if (b == '.') {
      boolean whole = s.part == Part.ZERO || s.part == Part.INTEGER;
      return !whole || places == 0
          ? null
          : new State(
              Part.POINT,
              s.negative,
              s.isZero,
              low(s).afterInteger(s.low),
              high(s).afterInteger(s.high),
              s.remainder,
              0);
    }
    int digit = b - '0';
    if (digit < 0 || digit > 9 || s.part == Part.ZERO) {
      return null;
    }
    boolean fraction = s.part == Part.POINT || s.part == Part.FRACTION;
    boolean counted = places != Integer.MAX_VALUE;
    if (fraction && counted && s.places == places) {
      return null;
    }
    boolean first = s.part == Part.START || s.part == Part.MINUS;
    return new State(
        fraction ? Part.FRACTION : first && digit == 0 ? Part.ZERO : Part.INTEGER,
        s.negative,
        s.negative && s.isZero && digit == 0,
        fraction ? low(s).fraction(s.low, digit) : low(s).integer(s.low, digit),
        fraction ? high(s).fraction(s.high, digit) : high(s).integer(s.high, digit),
        step == 0 ? 0 : (int) ((s.remainder * 10L + digit) % step),
        fraction && counted ? s.places + 1 : 0);
  }

  @Override
  public int label(State s) {
    boolean ended = s.part == Part.ZERO || s.part == Part.INTEGER || s.part == Part.FRACTION;
    if (!ended || (s.negative && s.isZero) || !isMultiple(s)) {
      return -1;
    }
    boolean fraction = s.part == Part.FRACTION;
    int low = low(s).compare(s.low, fraction);
    int high = high(s).compare(s.high, fraction);
    int side = s.negative ? 2 : 0;
    boolean inside =
        (bounds[side] == null || low >= (strict[side] ? 1 : 0))
            && (bounds[side + 1] == null || high <= (strict[side + 1] ? -1 : 0));
    return inside ? 0 : -1;
  }

  private boolean isMultiple(State s) {
    if (step == 0) {
      return true;
    }
    long remainder = s.remainder;
    for (int i = s.places; i < places; i++) {
      remainder = remainder * 10 % step;
    }
    return remainder == 0;
  }

  private Magnitude low(State s) {
    Magnitude bound = bounds[s.negative ? 2 : 0];
    return bound == null ? Magnitude.NONE : bound;
  }

  private Magnitude high(State s) {
    Magnitude bound = bounds[s.negative ? 3 : 1];
    return bound == null ? Magnitude.NONE : bound;
  }

  /**
   * Compares the digits of a number with a bound's as they come. In the integer part the state is
   * three times the count of digits plus how they compare with as many of the bound's (0 less, 1
   * equal, 2 greater); behind the point the count is that of equal digits there.
   */
  private static final class Magnitude {
    /** Without a bound all states are alike. */
    static final Magnitude NONE = new Magnitude(null);

    private static final int EQUAL = 1;
    private static final int GREATER = 2;

    private final String integer;
    private final String fraction;

    Magnitude(@Nullable BigDecimal bound) {
      if (bound == null) {
        integer = "";
        fraction = "";
        return;
      }
      BigDecimal plain = bound.signum() == 0 ? BigDecimal.ZERO : bound.stripTrailingZeros();
      if (plain.scale() > MOST_DIGITS || (long) plain.precision() - plain.scale() > MOST_DIGITS) {
        throw new TooManyStatesException(MOST_DIGITS);
      }
      String text = plain.toPlainString();
      int point = text.indexOf('.');
      integer = point < 0 ? text : text.substring(0, point);
      fraction = point < 0 ? "" : text.substring(point + 1);
    }

    int integer(int state, int digit) {
      if (integer.isEmpty()) {
        return 0;
      }
      int count = Math.min(state / 3, integer.length()) + 1;
      if (count > integer.length()) {
        return 3 * count + GREATER;
      }
      int compared = count == 1 ? EQUAL : state % 3;
      return 3 * count
          + (compared == EQUAL ? order(digit, integer.charAt(count - 1) - '0') : compared);
    }

    int afterInteger(int state) {
      return integer.isEmpty() ? 0 : orderOfInteger(state);
    }

    private int orderOfInteger(int state) {
      int count = state / 3;
      return count == integer.length() ? state % 3 : order(count, integer.length());
    }

    int fraction(int state, int digit) {
      if (integer.isEmpty() || state % 3 != EQUAL) {
        return state % 3;
      }
      int count = state / 3;
      boolean more = count < fraction.length();
      int compared = order(digit, more ? fraction.charAt(count) - '0' : 0);
      return compared == EQUAL ? 3 * (more ? count + 1 : count) + EQUAL : compared;
    }

    /** How a number that ends here compares with the bound: negative if it is less. */
    int compare(int state, boolean inFraction) {
      if (integer.isEmpty()) {
        return 0;
      }
      int compared = inFraction ? state % 3 : orderOfInteger(state);
      boolean digitsLeft = (inFraction ? state / 3 : 0) < fraction.length();
      return compared == EQUAL && digitsLeft ? -1 : compared - EQUAL;
    }

    private static int order(int a, int b) {
      return Integer.compare(a, b) + EQUAL;
    }
  }
}
