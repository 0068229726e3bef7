package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.node.NumericNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * A number of JSON that is written as it was read: {@code 1e400} is no double, {@code 1.50} has
 * digits that a double does not keep, and {@code -0} a sign that an integer does not. As a double
 * it is the nearest one, perhaps an infinite one, so that exponents of any size cost nothing. Only
 * {@code -0} is an integer. Immutable.
 */
final class WrittenNumber extends NumericNode {
  private static final long serialVersionUID = 1;
  private static final int MOST_DIGITS = 100_000;

  private final String text;

  /**
   * @param text a number as JSON spells it
   */
  WrittenNumber(String text) {
    this.text = text;
  }

  @Override
  public String asText() {
    return text;
  }

  @Override
  public void serialize(JsonGenerator to, SerializerProvider provider) throws IOException {
    to.writeNumber(text);
  }

  @Override
  public JsonToken asToken() {
    return isInt() ? JsonToken.VALUE_NUMBER_INT : JsonToken.VALUE_NUMBER_FLOAT;
  }

  @Override
  public JsonParser.NumberType numberType() {
    return isInt() ? JsonParser.NumberType.INT : JsonParser.NumberType.DOUBLE;
  }

  @Override
  public boolean isInt() {
    return text.equals("-0");
  }

  @Override
  public boolean isIntegralNumber() {
    return isInt();
  }

  @Override
  public boolean isFloatingPointNumber() {
    return !isInt();
  }

  @Override
  public double doubleValue() {
    return Double.parseDouble(text);
  }

  @Override
  public Number numberValue() {
    if (isInt()) {
      return 0;
    }
    return doubleValue();
  }

  @Override
  public int intValue() {
    return canConvertToInt() ? decimalValue().intValueExact() : (int) doubleValue();
  }

  @Override
  public long longValue() {
    return canConvertToLong() ? decimalValue().longValueExact() : (long) doubleValue();
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if the exponent takes more than 32 bits, which no decimal has
   */
  @Override
  public BigDecimal decimalValue() {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new ArithmeticException("The exponent of " + text + " takes more than 32 bits.");
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws ArithmeticException if it has more than {@value #MOST_DIGITS} digits
   */
  @Override
  public BigInteger bigIntegerValue() {
    BigDecimal value = decimalValue();
    long digits = (long) value.precision() - value.scale(); // before the point
    if (digits <= 0 || value.signum() == 0) {
      return BigInteger.ZERO; // without the power of ten that the exponent stands for
    }
    if (digits > MOST_DIGITS) {
      throw new ArithmeticException(text + " has too many digits for a BigInteger.");
    }
    return value.toBigInteger();
  }

  /** Whether {@link #intValue()} loses nothing: of 1.5 it would lose the half. */
  @Override
  public boolean canConvertToInt() {
    return isWholeWithin(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Whether {@link #longValue()} loses nothing. */
  @Override
  public boolean canConvertToLong() {
    return isWholeWithin(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  @Override
  public boolean canConvertToExactIntegral() {
    if (Double.isInfinite(doubleValue())) {
      return false;
    }
    try {
      return decimalValue().stripTrailingZeros().scale() <= 0;
    } catch (ArithmeticException e) {
      return false; // of an exponent that no decimal has
    }
  }

  private boolean isWholeWithin(long least, long most) {
    return canConvertToExactIntegral()
        && decimalValue().compareTo(BigDecimal.valueOf(least)) >= 0
        && decimalValue().compareTo(BigDecimal.valueOf(most)) <= 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WrittenNumber number && number.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }
}
