package org.bitnetj.cli;

import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jline.utils.WCWidth;
import org.jspecify.annotations.Nullable;

/**
 * Breaks the lines of a text that comes piece by piece between words, where a terminal would break
 * them anywhere. A word is passed on when it is whole; one that is longer than a line is left to
 * the terminal. For one thread.
 */
final class WordWrap {
  private final IntSupplier columns;
  private final Consumer<String> out;
  private final StringBuilder word = new StringBuilder();
  private int wordWidth;
  private int column;

  /**
   * @param columns of a line, 1 at least; asked at each word, since a terminal may be resized
   * @param out receives the text
   */
  WordWrap(IntSupplier columns, Consumer<String> out) {
    this.columns = columns;
    this.out = out;
  }

  /**
   * Wraps at what the terminal's columns are at the time; null if they are not known now.
   *
   * @param columns of a line; empty to leave lines as they are
   */
  static @Nullable WordWrap where(Supplier<OptionalInt> columns, Consumer<String> out) {
    return columns.get().isPresent()
        ? new WordWrap(() -> columns.get().orElse(Integer.MAX_VALUE), out)
        : null;
  }

  /** A whole text in lines of at most so many columns. */
  static String wrapped(String text, int columns) {
    StringBuilder lines = new StringBuilder();
    WordWrap wrap = new WordWrap(() -> columns, lines::append);
    wrap.accept(text);
    wrap.flush();
    return lines.toString();
  }

  /** The next piece, which may end within a word. */
  void accept(String piece) {
    piece.codePoints().forEach(this::accept);
  }

  private void accept(int character) {
    if (character == '\n') {
      flush();
      out.accept("\n");
      column = 0;
    } else if (Character.isWhitespace(character)) {
      flush();
      if (column < columns.getAsInt()) { // at the end of a line it would be the next one's first
        out.accept(Character.toString(character));
        column++;
      }
    } else {
      int width = Math.max(0, WCWidth.wcwidth(character));
      if (width > 1) { // scripts of wide characters have no spaces: a line may break anywhere
        flush();
      }
      word.appendCodePoint(character);
      wordWidth += width;
      if (width > 1) {
        flush();
      }
    }
  }

  /** Passes on a word that may not be whole, as at the end. */
  void flush() {
    if (word.isEmpty()) {
      return;
    }
    int width = columns.getAsInt();
    if (column > 0 && column + wordWidth > width) {
      out.accept("\n");
      column = 0;
    }
    out.accept(word.toString());
    column = column + wordWidth <= width ? column + wordWidth : wordWidth % width;
    word.setLength(0);
    wordWidth = 0;
  }
}
