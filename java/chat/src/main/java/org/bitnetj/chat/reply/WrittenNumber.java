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
 * A number of JSON that is written as it was read: {@code 1e400} is no double, and {@code 1.50} has
 * digits that a double does not keep. As a number it is the double that is nearest, perhaps an
 * infinite one, so that exponents of any size cost nothing. Immutable.
 */
final class WrittenNumber extends NumericNode {
  private static final long serialVersionUID = 1;

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
    return JsonToken.VALUE_NUMBER_FLOAT;
  }

  @Override
  public JsonParser.NumberType numberType() {
    return JsonParser.NumberType.DOUBLE;
  }

  @Override
  public boolean isFloatingPointNumber() {
    return true;
  }

  @Override
  public double doubleValue() {
    return Double.parseDouble(text);
  }

  @Override
  public Number numberValue() {
    return doubleValue();
  }

  @Override
  public int intValue() {
    return (int) doubleValue();
  }

  @Override
  public long longValue() {
    return (long) doubleValue();
  }

  @Override
  public BigDecimal decimalValue() {
    return BigDecimal.valueOf(doubleValue());
  }

  @Override
  public BigInteger bigIntegerValue() {
    return decimalValue().toBigInteger();
  }

  @Override
  public boolean canConvertToInt() {
    double value = doubleValue();
    return value >= Integer.MIN_VALUE && value <= Integer.MAX_VALUE;
  }

  @Override
  public boolean canConvertToLong() {
    double value = doubleValue();
    return value >= Long.MIN_VALUE && value <= Long.MAX_VALUE;
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
