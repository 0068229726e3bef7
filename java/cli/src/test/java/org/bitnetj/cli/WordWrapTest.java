package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WordWrapTest {
  private static String wrapped(int columns, String... pieces) {
    StringBuilder text = new StringBuilder();
    WordWrap wrap = new WordWrap(() -> columns, text::append);
    for (String piece : pieces) {
      wrap.accept(piece);
    }
    wrap.flush();
    return text.toString();
  }

  @Test
  void linesBreakBetweenWordsWhateverThePieces() {
    String expected = "Once upon \na time\nthere was ";
    assertEquals(expected, wrapped(10, "Once upon a time\nthere was "));
    assertEquals(expected, wrapped(10, "On", "ce up", "on", " a ti", "me\nthere w", "as "));
  }

  @Test
  void aLineIsAsLongAsTheTerminalIsWideAtTheTime() {
    StringBuilder text = new StringBuilder();
    AtomicInteger columns = new AtomicInteger(20);
    WordWrap wrap = new WordWrap(columns::get, text::append);
    wrap.accept("Once upon a time there was ");
    columns.set(10);
    wrap.accept("a king who had a cat.");
    wrap.flush();
    assertEquals("Once upon a time \nthere was \na king who\nhad a cat.", text.toString());
  }

  @Test
  void aLineMayBeFull() {
    assertEquals("12345 7890\nabc", wrapped(10, "12345 7890 abc"));
    assertEquals("1234567890\nabc", wrapped(10, "1234567890 abc"));
  }

  @Test
  void aWordLongerThanALineIsLeftToTheTerminal() {
    assertEquals("a \n123456789012 b", wrapped(10, "a 123456789012 b"));
  }

  @Test
  void wideCharactersTakeTwoColumnsAndMayEndALine() {
    assertEquals("a 日本\n語 b", wrapped(6, "a 日本語 b"));
  }
}
