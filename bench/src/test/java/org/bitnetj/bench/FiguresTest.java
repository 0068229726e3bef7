package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void numbersHaveThreeDigits() {
    assertEquals("0", Figures.number(0));
    assertEquals("0.0123", Figures.number(0.0123));
    assertEquals("0.000400", Figures.number(0.0004));
    assertEquals("0.00000100", Figures.number(1e-6));
    assertEquals("1.23e-07", Figures.number(1.234e-7));
    assertEquals("0.100", Figures.number(0.09996));
    assertEquals("0.500", Figures.number(0.5));
    assertEquals("9.99", Figures.number(9.994));
    assertEquals("10.0", Figures.number(9.995));
    assertEquals("100", Figures.number(99.95));
    assertEquals("-0.0123", Figures.number(-0.0123));
    assertEquals("∞", Figures.number(Double.POSITIVE_INFINITY));
    assertEquals("1.23", Figures.number(1.234));
    assertEquals("12.3", Figures.number(12.34));
    assertEquals("1234", Figures.number(1234.4));
    assertEquals("–", Figures.number(Double.NaN));
  }

  @Test
  void bigOnesHaveAPrefix() {
    assertEquals("999", Figures.scaled(999));
    assertEquals("1.00 k", Figures.scaled(999.6));
    assertEquals("2.08 G", Figures.scaled(2_084_000_000L));
    assertEquals("–", Figures.scaled(Double.NaN));
  }

  @Test
  void ticksAreRound() {
    assertEquals(2000, Bars.tick(8000));
    assertEquals(5, Bars.tick(12));
    assertEquals(0.01, Bars.tick(0.04), 1e-15);
    assertEquals("0.03", Figures.plain(3 * Bars.tick(0.04)));
    assertEquals("20000", Figures.plain(20000));
  }
}
