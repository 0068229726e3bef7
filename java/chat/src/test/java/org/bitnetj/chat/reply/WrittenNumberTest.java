package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class WrittenNumberTest {
  private static JsonNode number(String text) {
    try {
      JsonNode number = StrictJson.mapper().readTree(text);
      assertEquals(WrittenNumber.class, number.getClass());
      assertEquals(text, number.toString());
      return number;
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDecimalHasAllDigits() {
    for (String text : List.of("1e400", "-1E-400", "0.1234567890123456789", "1.50", "-0")) {
      assertEquals(new BigDecimal(text), number(text).decimalValue());
    }
    for (String text : List.of("1e99999999999", "-1e-99999999999", "1e-2147483648")) {
      ArithmeticException e =
          assertThrows(ArithmeticException.class, () -> number(text).decimalValue());
      assertEquals("The exponent of " + text + " takes more than 32 bits.", e.getMessage());
    }
  }

  /** A time limit, since the digits of some would fill a memory. */
  @Test
  void anIntegerIsCutAtThePointAndHasNotAnyLength() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          assertEquals(BigInteger.TEN.pow(400), number("1e400").bigIntegerValue());
          assertEquals(BigInteger.TWO.negate(), number("-2.9").bigIntegerValue());
          for (String text : List.of("1e-999999999", "0e999999999", "-0", "0.99")) {
            assertEquals(BigInteger.ZERO, number(text).bigIntegerValue(), text);
          }
          assertThrows(ArithmeticException.class, () -> number("1e999999999").bigIntegerValue());
        });
  }

  @Test
  void whatWouldLoseSomethingIsNotConverted() {
    for (String text : List.of("1.5", "-0.1", "1e400", "-1e400", "1e-1", "9223372036854775808.0")) {
      assertFalse(number(text).canConvertToInt(), text);
      assertFalse(number(text).canConvertToLong(), text);
    }
    for (String text : List.of("1.5", "1e400", "25e-1")) {
      assertFalse(number(text).canConvertToExactIntegral(), text);
    }
    assertTrue(number("1e300").canConvertToExactIntegral());
    assertFalse(number("2147483648.0").canConvertToInt());
    assertTrue(number("2147483648.0").canConvertToLong());
    for (String text : List.of("2.0", "1e3", "-2147483648.0", "-0")) {
      assertTrue(number(text).canConvertToInt(), text);
      assertTrue(number(text).canConvertToLong(), text);
      assertTrue(number(text).canConvertToExactIntegral(), text);
    }
  }

  @Test
  void theWrittenDigitsDecideWhatIsConverted() {
    for (String text :
        List.of(
            "9007199254740993.5",
            "4503599627370496.25",
            "1e-400",
            "1e-99999999999",
            "2.00000000000000000001")) {
      assertFalse(number(text).canConvertToInt(), text);
      assertFalse(number(text).canConvertToLong(), text);
      assertFalse(number(text).canConvertToExactIntegral(), text);
    }
    for (long value : List.of(9007199254740993L, Long.MAX_VALUE, Long.MIN_VALUE)) {
      JsonNode number = number(value + ".0");
      assertTrue(number.canConvertToLong() && !number.canConvertToInt());
      assertEquals(value, number.longValue());
    }
    assertEquals(Integer.MIN_VALUE, number("-214748364800e-2").intValue());
    assertEquals(0, number("0e999999999").longValue());
    assertEquals(1, number("1.5").intValue());
  }

  @Test
  void onlyZeroWithASignIsAnInteger() {
    JsonNode zero = number("-0");
    assertTrue(zero.isInt() && zero.isIntegralNumber() && !zero.isFloatingPointNumber());
    assertEquals(0, zero.numberValue());
    assertEquals(0, zero.intValue());
    assertEquals(JsonToken.VALUE_NUMBER_INT, zero.asToken());
    assertEquals(JsonParser.NumberType.INT, zero.numberType());
    for (String text : List.of("-0.0", "1.5", "2.0")) {
      JsonNode other = number(text);
      assertTrue(!other.isInt() && !other.isIntegralNumber() && other.isFloatingPointNumber());
      assertEquals(Double.parseDouble(text), other.numberValue());
      assertEquals(JsonToken.VALUE_NUMBER_FLOAT, other.asToken());
    }
  }
}
