package org.bitnetj.bench;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers for reading. */
final class Figures {
  /** In place of what is not known. */
  static final String UNKNOWN = "–";

  private static final int DIGITS = 3;

  /** Those of a millionth. */
  private static final int MOST_DECIMALS = 6 + DIGITS - 1;

  private static final String SCALES = " kMGTPE";

  private Figures() {}

  static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /**
   * Three significant digits, more where there are more before the point, so that nanoseconds and
   * seconds fit one column; with an exponent below a millionth.
   */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return UNKNOWN;
    }
    if (value == 0) {
      return "0";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "-∞";
    }
    BigDecimal exact = BigDecimal.valueOf(value);
    BigDecimal rounded = exact.round(new MathContext(DIGITS, RoundingMode.HALF_UP));
    int decimals = DIGITS - rounded.precision() + rounded.scale();
    return decimals > MOST_DECIMALS
        ? format("%." + (DIGITS - 1) + "e", value)
        : exact.setScale(Math.max(0, decimals), RoundingMode.HALF_UP).toPlainString();
  }

  static String percent(double share) {
    return Double.isNaN(share) ? UNKNOWN : format("%.1f %%", 100 * share);
  }

  static String times(double factor) {
    return number(factor) + (Double.isNaN(factor) ? "" : " ×");
  }

  static String threads(int count) {
    return count == 1 ? "1 thread" : count + " threads";
  }

  static String megabytes(double bytes) {
    return format("%.1f MB", bytes * 1e-6);
  }

  /** Six digits at most, without an exponent and without zeros at the end. */
  static String plain(double value) {
    return new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros().toPlainString();
  }

  /** Three significant digits and a prefix of SI: {@code 2.08 G}. */
  static String scaled(double value) {
    int scale = 0;
    double rest = value;
    while (rest >= 999.5 && scale < SCALES.length() - 1) {
      rest /= 1000;
      scale++;
    }
    return scale == 0 ? number(value) : number(rest) + " " + SCALES.charAt(scale);
  }
}
