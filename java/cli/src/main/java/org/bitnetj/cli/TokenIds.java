package org.bitnetj.cli;

import java.util.Arrays;

/** Token ids as a person writes them: numbers separated by spaces or commas, brackets allowed. */
final class TokenIds {
  private TokenIds() {}

  /** The ids in {@code text}, each checked to be in the vocabulary. */
  static int[] parse(String text, int vocabularySize) {
    return Arrays.stream(text.split("[\\s,\\[\\]]+"))
        .filter(word -> !word.isEmpty())
        .mapToInt(word -> id(word, vocabularySize))
        .toArray();
  }

  private static int id(String word, int vocabularySize) {
    if (!word.matches("[+-]?[0-9]+")) {
      throw new Failures.Failure("'" + word + "' is not a token id; ids are whole numbers.");
    }
    int id;
    try {
      id = Integer.parseInt(word);
    } catch (NumberFormatException e) {
      id = -1; // more digits than a vocabulary has
    }
    if (id < 0 || id >= vocabularySize) {
      throw new Failures.Failure(
          "token "
              + word
              + " is not in the vocabulary, whose ids are 0 to "
              + (vocabularySize - 1)
              + ".");
    }
    return id;
  }
}
