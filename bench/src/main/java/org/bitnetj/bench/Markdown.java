package org.bitnetj.bench;

import java.util.regex.Pattern;
import org.bitnetj.source.Printable;

/** Words in Markdown. */
final class Markdown {
  /**
   * What may begin or end emphasis, code, a link, HTML, an entity or a cell. An underscore within a
   * word and a backslash before a letter are only text, so that most names stay as they are.
   */
  private static final Pattern MARKUP =
      Pattern.compile(
          "[|`*\\[]|<(?=[A-Za-z/!?])|&(?=#?[A-Za-z0-9]+;)|~(?=\\S)|\\\\(?=\\p{Punct}|$)"
              + "|(?<![\\p{L}\\p{N}])_|_(?![\\p{L}\\p{N}])");

  private Markdown() {}

  /**
   * Words that are shown as they are, with what is hidden as an escape; where Markdown makes bare
   * addresses links, these still become ones.
   */
  static String escaped(String words) {
    return MARKUP.matcher(Printable.of(words, Integer.MAX_VALUE)).replaceAll("\\\\$0");
  }
}
