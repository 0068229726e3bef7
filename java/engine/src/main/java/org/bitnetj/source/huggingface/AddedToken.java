package org.bitnetj.source.huggingface;

import java.util.Collection;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.Surroundings;

/**
 * A token that is found in a text as it is, before the rest is cut: {@code AddedToken} of Hugging
 * Face's {@code tokenizers}.
 *
 * @param special whether it is a mark for the model and not text
 * @param normalized whether it is found in the text as the normalizer leaves it
 * @param stripsBefore whether it takes the white space before it
 * @param stripsAfter whether it takes the white space after it
 * @param singleWord whether it is found only where no character of a word is beside it
 */
record AddedToken(
    int id,
    String text,
    boolean special,
    boolean normalized,
    boolean stripsBefore,
    boolean stripsAfter,
    boolean singleWord) {
  /** One of which a file tells no more than its text. */
  static AddedToken plain(int id, String text, boolean special) {
    return new AddedToken(id, text, special, !special, false, false, false);
  }

  /**
   * @param token what a file says of it
   */
  static AddedToken of(Section token, int id) throws ModelFileException {
    String text = token.findText("content").orElseThrow(() -> token.missing("content"));
    return new AddedToken(
        id,
        text,
        token.findFlag("special").orElse(false),
        token.findFlag("normalized").orElse(true),
        token.findFlag("lstrip").orElse(false),
        token.findFlag("rstrip").orElse(false),
        token.findFlag("single_word").orElse(false));
  }

  AddedToken asSpecial() {
    return new AddedToken(id, text, true, normalized, stripsBefore, stripsAfter, singleWord);
  }

  /** GGUF's number for its type. */
  int type() {
    return special ? TokenizerTables.CONTROL : TokenizerTables.USER_DEFINED;
  }

  static Surroundings surroundings(Collection<AddedToken> tokens) {
    return new Surroundings(
        ids(tokens, AddedToken::stripsBefore),
        ids(tokens, AddedToken::stripsAfter),
        ids(tokens, AddedToken::singleWord));
  }

  private static Set<Integer> ids(Collection<AddedToken> tokens, Predicate<AddedToken> which) {
    return tokens.stream().filter(which).map(AddedToken::id).collect(Collectors.toSet());
  }
}
