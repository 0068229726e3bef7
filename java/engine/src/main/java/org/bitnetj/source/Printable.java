package org.bitnetj.source;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Text from a file made safe to show: a terminal or a log must not obey what a file contains.
 * Immutable and thread-safe.
 */
public final class Printable {
  private Printable() {}

  /** {@code text} with everything that is not visible or a space as an escape, cut after max. */
  public static String of(String text, int max) {
    StringBuilder out = new StringBuilder(Math.min(text.length(), max) + 2);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      String shown = escaped(c);
      if (out.length() + shown.length() > max) {
        return out.append('…').toString();
      }
      out.append(shown);
      i += Character.charCount(c);
    }
    return out.toString();
  }

  /**
   * All of {@code text}, which may have several lines, with everything else hidden as an escape.
   */
  public static String lines(String text) {
    if (!hides(text)) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\n' || c == '\t') {
                out.appendCodePoint(c);
              } else {
                out.append(escaped(c));
              }
            });
    return out.toString();
  }

  /** Whether the text has a character that {@link #of} would escape. */
  public static boolean hides(String text) {
    return text.codePoints().anyMatch(c -> escaped(c).length() > Character.charCount(c));
  }

  private static String escaped(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> {
        int type = Character.getType(c);
        boolean hidden =
            type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.SURROGATE
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
        yield hidden ? String.format("\\u{%x}", c) : Character.toString(c);
      }
    };
  }

  /** The text if the bytes are well-formed UTF-8, else null. */
  public static @Nullable String strictUtf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
