package org.bitnetj.source.huggingface;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.Stripping;

/**
 * A token that is found in a text as it is, before the rest is cut: {@code AddedToken} of Hugging
 * Face's {@code tokenizers}.
 *
 * @param special whether it is a mark for the model and not text
 * @param normalized whether it is found in the text as the normalizer leaves it
 * @param stripsBefore whether it takes the white space before it
 * @param stripsAfter whether it takes the white space after it
 */
record AddedToken(
    int id,
    String text,
    boolean special,
    boolean normalized,
    boolean stripsBefore,
    boolean stripsAfter) {
  /** One of which a file tells no more than its text. */
  static AddedToken plain(int id, String text, boolean special) {
    return new AddedToken(id, text, special, !special, false, false);
  }

  /**
   * @param token what a file says of it
   * @throws ModelFileException if it is to be found in whole words only
   */
  static AddedToken of(Section token, int id) throws ModelFileException {
    String text = token.findText("content").orElseThrow(() -> token.missing("content"));
    if (token.findFlag("single_word").orElse(false)) {
      throw token.failure(
          "token '" + Section.shown(text) + "' has single_word, which this engine does not do.");
    }
    return new AddedToken(
        id,
        text,
        token.findFlag("special").orElse(false),
        token.findFlag("normalized").orElse(true),
        token.findFlag("lstrip").orElse(false),
        token.findFlag("rstrip").orElse(false));
  }

  AddedToken asSpecial() {
    return new AddedToken(id, text, true, normalized, stripsBefore, stripsAfter);
  }

  /** GGUF's number for its type. */
  int type() {
    return special ? TokenizerTables.CONTROL : TokenizerTables.USER_DEFINED;
  }

  static Stripping stripping(Collection<AddedToken> tokens) {
    Set<Integer> before = new HashSet<>();
    Set<Integer> after = new HashSet<>();
    for (AddedToken token : tokens) {
      if (token.stripsBefore) {
        before.add(token.id);
      }
      if (token.stripsAfter) {
        after.add(token.id);
      }
    }
    return new Stripping(before, after);
  }
}
