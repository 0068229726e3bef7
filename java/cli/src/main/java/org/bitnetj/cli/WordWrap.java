package org.bitnetj.cli;

import java.util.function.Consumer;
import org.jline.utils.WCWidth;

/**
 * Breaks the lines of a text that comes piece by piece between words, where a terminal would break
 * them anywhere. A word is passed on when it is whole; one that is longer than a line is left to
 * the terminal. For one thread.
 */
final class WordWrap {
  private final int columns;
  private final Consumer<String> out;
  private final StringBuilder word = new StringBuilder();
  private int wordWidth;
  private int column;

  /**
   * @param columns of a line, 1 at least
   * @param out receives the text
   */
  WordWrap(int columns, Consumer<String> out) {
    this.columns = columns;
    this.out = out;
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
      if (column < columns) { // at the end of a line it would be the next one's first
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
    if (column > 0 && column + wordWidth > columns) {
      out.accept("\n");
      column = 0;
    }
    out.accept(word.toString());
    column = column + wordWidth <= columns ? column + wordWidth : wordWidth % columns;
    word.setLength(0);
    wordWidth = 0;
  }
}
