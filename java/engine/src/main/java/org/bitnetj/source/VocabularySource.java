package org.bitnetj.source;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;

/**
 * What a model file says of its tokenizer, unchecked but for types. Every method that returns a
 * value throws {@link ModelFileException} where the file holds another type in its place. Immutable
 * and safe to share; valid until its file is closed.
 */
public interface VocabularySource {
  /** Kinds of tokenizers. */
  enum Kind {
    /** Byte-level BPE: words split by a pre-tokenizer, pieces joined by the rank of merges. */
    BYTE_LEVEL,
    /** SentencePiece BPE: pieces joined by the scores of tokens. */
    SENTENCE_PIECE,
    /** The same pieces, joined by the rank of merges. */
    RANKED_PIECES
  }

  /** Where SentencePiece BPE puts a space before a text. */
  enum SpacePrefix {
    NEVER,
    /** At the start, and after each special token. */
    ALWAYS,
    /** As {@link #ALWAYS}, but not before a space. */
    UNLESS_SPACE,
    /** At the start only, unless a special token is there. */
    FIRST,
    /** As {@link #FIRST}, but not before a space or an added token. */
    FIRST_UNLESS_SPACE
  }

  /**
   * What special tokens ask of the text beside them.
   *
   * @param takesBefore ids of those that take the white space before them
   * @param takesAfter ids of those that take the white space after them
   * @param singleWords ids of those that are found where no character of a word is beside them
   */
  record Surroundings(Set<Integer> takesBefore, Set<Integer> takesAfter, Set<Integer> singleWords) {
    public static final Surroundings NONE = new Surroundings(Set.of(), Set.of(), Set.of());

    public Surroundings {
      takesBefore = Set.copyOf(takesBefore);
      takesAfter = Set.copyOf(takesAfter);
      singleWords = Set.copyOf(singleWords);
    }
  }

  /** A part of it, to ask for and to name in messages. */
  enum Part {
    PRE_TOKENIZER,
    /** The text of each token. */
    TOKENS,
    /** The type of each token: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
    TYPES,
    /** The score of each token. */
    SCORES,
    /** Two pieces with a space between, the first merge first. */
    MERGES,
    BOS,
    EOS,
    /** End of turn. */
    EOT,
    /** End of message. */
    EOM,
    UNKNOWN
  }

  /**
   * @throws ModelFileException also if the engine knows no such kind
   */
  Kind kind() throws ModelFileException;

  /** The name of what splits a text into words, as llama.cpp has them, for byte-level BPE. */
  String preTokenizer() throws ModelFileException;

  /** Whether texts are put into Unicode's normal form C, apart from special tokens. */
  default boolean normalizes() throws ModelFileException {
    return false;
  }

  /** How many entries a table has; cheap however many. Empty if there is no such table. */
  OptionalInt findLength(Part table) throws ModelFileException;

  /**
   * A table of texts.
   *
   * @throws ModelFileException also if there is none
   */
  StringArray texts(Part table) throws ModelFileException;

  Optional<int[]> findTypes() throws ModelFileException;

  /**
   * @throws ModelFileException also if there are none
   */
  float[] scores() throws ModelFileException;

  /** The id of a special token. */
  OptionalLong findToken(Part token) throws ModelFileException;

  /** Further tokens that end a generation, beside {@link Part#EOS}, EOT and EOM. */
  default List<Long> furtherEnds() throws ModelFileException {
    return List.of();
  }

  /** Whether a text begins with the begin token; empty if that is left to the kind. */
  Optional<Boolean> addsBos() throws ModelFileException;

  /** The token that a whole text ends with, as embedding models have it; empty if none does. */
  OptionalLong lastToken() throws ModelFileException;

  /** For the pieces of SentencePiece. */
  SpacePrefix spacePrefix() throws ModelFileException;

  default Surroundings surroundings() throws ModelFileException {
    return Surroundings.NONE;
  }

  /** What the file calls a part. */
  String name(Part part);

  /** An error about what the file says; the sentence gets the file's name before it. */
  ModelFileException failure(String sentence);
}
