package org.bitnetj.chat.jinja;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** Writes and reads numbers as Python does. */
final class Numbers {
  private Numbers() {}

  /** As {@code repr}: the fewest digits that identify the number; an exponent if far from 1. */
  static String print(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    String sign = Double.doubleToRawLongBits(value) < 0 ? "-" : "";
    if (Double.isInfinite(value)) {
      return sign + "inf";
    }
    BigDecimal number = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    int exponent = number.precision() - number.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      return sign + number.toPlainString() + (number.scale() > 0 ? "" : ".0");
    }
    String digits = number.unscaledValue().toString();
    String fraction = digits.length() == 1 ? "" : "." + digits.substring(1);
    String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    return sign + digits.charAt(0) + fraction + (exponent < 0 ? "e-" : "e+") + power;
  }

  /** As {@code int}; null unless the text is a whole number of 64 bits. */
  static @Nullable Long integer(String text) {
    int from = afterSign(text, 0);
    if (from == text.length() || afterDigits(text, from) < text.length()) {
      return null;
    }
    long negative = 0;
    for (int i = from; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (text.charAt(i) != '_') {
        if (negative < (Long.MIN_VALUE + digit) / 10) {
          return null;
        }
        negative = 10 * negative - digit;
      }
    }
    if (text.startsWith("-")) {
      return negative;
    }
    return negative == Long.MIN_VALUE ? null : -negative;
  }

  /** As {@code float}; null unless the text is a number. */
  static @Nullable Double real(String text) {
    int from = afterSign(text, 0);
    String unsigned = text.substring(from);
    if (unsigned.equalsIgnoreCase("nan")) {
      return Double.NaN;
    }
    if (unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity")) {
      return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    int end = afterDigits(text, from);
    int digits = end - from;
    if (text.startsWith(".", end)) {
      int fraction = end + 1;
      end = afterDigits(text, fraction);
      digits += end - fraction;
    }
    if (text.startsWith("e", end) || text.startsWith("E", end)) {
      int exponent = afterSign(text, end + 1);
      end = afterDigits(text, exponent);
      digits = end == exponent ? 0 : digits;
    }
    return digits > 0 && end == text.length() ? Double.valueOf(text.replace("_", "")) : null;
  }

  private static int afterSign(String text, int at) {
    return text.startsWith("-", at) || text.startsWith("+", at) ? at + 1 : at;
  }

  /** The end of the digits at {@code from}, with single underscores between them. */
  private static int afterDigits(String text, int from) {
    int at = from;
    while (isDigit(text, at)) {
      at++;
      if (at < text.length() && text.charAt(at) == '_' && isDigit(text, at + 1)) {
        at++;
      }
    }
    return at;
  }

  private static boolean isDigit(String text, int at) {
    return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }
}
