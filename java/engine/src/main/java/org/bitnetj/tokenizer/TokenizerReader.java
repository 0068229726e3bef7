package org.bitnetj.tokenizer;

import static org.bitnetj.tokenizer.TokenTable.NONE;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.VocabularySource.Part;
import org.bitnetj.source.VocabularySource.SpacePrefix;

/**
 * Builds a {@link Tokenizer} of what a file says. Everything is checked: a damaged table is an
 * error that names the table and the entry, never a wrong id later.
 */
final class TokenizerReader {
  /** Most merges of a vocabulary; published ones have two or three for each token. */
  private static final int MOST_MERGES = 1 << 22;

  /** A special token, which text becomes as a whole or not at all. */
  private static final int MARK = -2;

  private final VocabularySource source;

  TokenizerReader(VocabularySource source) {
    this.source = source;
  }

  Tokenizer read() throws ModelFileException {
    return switch (source.kind()) {
      case BYTE_LEVEL -> byteLevel();
      case SENTENCE_PIECE -> sentencePiece();
      case RANKED_PIECES -> rankedPieces();
    };
  }

  // Byte-level BPE

  private Tokenizer byteLevel() throws ModelFileException {
    String pre = source.preTokenizer();
    PreTokenizer preTokenizer =
        PreTokenizer.named(pre)
            .orElseThrow(
                () ->
                    source.failure(
                        source.name(Part.PRE_TOKENIZER)
                            + " is '"
                            + TokenTable.shown(pre)
                            + "', a pre-tokenizer this engine does not know;"
                            + " it knows "
                            + String.join(", ", PreTokenizer.NAMES.keySet())
                            + "."));
    TokenTable tokens = TokenTable.read(source, Spelling.BYTE_LEVEL);
    Vocabulary vocabulary = tokens.vocabulary();
    int unknown = tokenId(Part.UNKNOWN, vocabulary, NONE);
    int[] byteIds = new int[256];
    for (int b = 0; b < 256; b++) {
      int id = vocabulary.find(new byte[] {(byte) b}, 0, 1);
      byteIds[b] = TokenTable.requireByte(source, id >= 0 ? id : unknown, b);
    }
    // Llama-3 takes a word that is a token whole; Smaug shares only its scanner.
    boolean llama3 = preTokenizer == PreTokenizer.LLAMA3;
    boolean ignoreMerges = llama3 && !pre.equals("smaug-bpe");
    TextEncoder encoder =
        new ByteLevelBpe(
            vocabulary, merges(tokens, Spelling.BYTE_LEVEL), preTokenizer, byteIds, ignoreMerges);
    int bos = tokenId(Part.BOS, vocabulary, NONE);
    int eos = tokenId(Part.EOS, vocabulary, NONE);
    return new Tokenizer(
        tokens, encoder, settings(tokens, bos, eos, ignoreMerges, SpacePrefix.NEVER, false));
  }

  /** The merges; a token of n bytes is made by at most n − 1 of them, which bounds their number. */
  private MergeTable merges(TokenTable tokens, Spelling spelling) throws ModelFileException {
    Vocabulary vocabulary = tokens.vocabulary();
    int most = Math.min(MOST_MERGES, vocabulary.textBytes());
    StringArray merges =
        TokenTable.texts(source, Part.MERGES, most, 2 * TokenTable.MOST_TOKEN_BYTES + 1);
    MergeTable table = new MergeTable(merges.size());
    byte[] scratch = new byte[merges.longest()];
    merges.forEach(
        (rank, merge, from, to) -> {
          int space = from + 1;
          while (space < to && merge[space] != ' ') {
            space++;
          }
          if (space + 1 >= to) {
            throw source.failure(
                source.name(Part.MERGES)
                    + ": entry "
                    + rank
                    + " '"
                    + TokenTable.shown(merges.get(rank))
                    + "' is not two pieces with"
                    + " a space between.");
          }
          int middle = spelling.decode(merge, from, space, scratch, 0);
          int end = spelling.decode(merge, space + 1, to, scratch, Math.max(0, middle));
          boolean spelled = middle >= 0 && end >= 0;
          int left = spelled ? piece(tokens, scratch, 0, middle) : NONE;
          int right = spelled ? piece(tokens, scratch, middle, end) : NONE;
          int result = spelled ? piece(tokens, scratch, 0, end) : NONE;
          if (left == NONE || right == NONE || result == NONE) {
            throw source.failure(
                source.name(Part.MERGES)
                    + ": entry "
                    + rank
                    + " '"
                    + TokenTable.shown(merges.get(rank))
                    + "' needs a token that is"
                    + " not in the vocabulary.");
          }
          if (left != MARK && right != MARK && result != MARK) {
            table.add(left, right, rank, result);
          }
        });
    return table;
  }

  /** The token of these bytes, {@link #MARK} for a token that no merge may give, or NONE. */
  private static int piece(TokenTable tokens, byte[] bytes, int from, int to) {
    int id = tokens.vocabulary().find(bytes, from, to);
    boolean mark =
        id < 0 && tokens.specials().named(Arrays.copyOfRange(bytes, from, to)).isPresent();
    return mark ? MARK : id;
  }

  // SentencePiece BPE

  private Tokenizer sentencePiece() throws ModelFileException {
    TokenTable tokens = TokenTable.read(source, Spelling.SENTENCE_PIECE);
    Vocabulary vocabulary = tokens.vocabulary();
    int size = vocabulary.size();
    TokenTable.requireLength(source, Part.SCORES, size);
    float[] scores = source.scores();
    SpacePrefix prefix = source.spacePrefix();
    int unknown = tokenId(Part.UNKNOWN, vocabulary, 0);
    int otherwise = vocabulary.is(unknown, TokenType.UNKNOWN) ? unknown : NONE;
    TextEncoder encoder =
        SentencePieceBpe.byScores(
            vocabulary, priorities(scores), byteTokens(vocabulary, otherwise), prefix);
    // llama.cpp's defaults for files that name none
    int bos = tokenId(Part.BOS, vocabulary, size > 1 ? 1 : NONE);
    int eos = tokenId(Part.EOS, vocabulary, size > 2 ? 2 : NONE);
    return new Tokenizer(tokens, encoder, settings(tokens, bos, eos, true, prefix, true));
  }

  private Tokenizer rankedPieces() throws ModelFileException {
    TokenTable tokens = TokenTable.read(source, Spelling.SENTENCE_PIECE);
    Vocabulary vocabulary = tokens.vocabulary();
    MergeTable merges = merges(tokens, Spelling.SENTENCE_PIECE);
    SpacePrefix prefix = source.spacePrefix();
    TextEncoder encoder =
        SentencePieceBpe.byMerges(vocabulary, merges, byteTokens(vocabulary, NONE), prefix);
    int bos = tokenId(Part.BOS, vocabulary, NONE);
    int eos = tokenId(Part.EOS, vocabulary, NONE);
    return new Tokenizer(tokens, encoder, settings(tokens, bos, eos, false, prefix, true));
  }

  /**
   * The token that each byte falls back to.
   *
   * @param otherwise the token of bytes that have none
   */
  private int[] byteTokens(Vocabulary vocabulary, int otherwise) throws ModelFileException {
    int[] byteIds = new int[256];
    Arrays.fill(byteIds, otherwise);
    for (int id = vocabulary.size() - 1; id >= 0; id--) {
      if (vocabulary.is(id, TokenType.BYTE)) {
        byteIds[vocabulary.firstByte(id) & 0xFF] = id;
      }
    }
    for (int b = 0; b < 256; b++) {
      TokenTable.requireByte(source, byteIds[b], b);
    }
    return byteIds;
  }

  /** Ranks of the scores: the highest score has the lowest rank, equal scores the same. */
  private int[] priorities(float[] scores) throws ModelFileException {
    float[] sorted = new float[scores.length];
    for (int id = 0; id < scores.length; id++) {
      if (Float.isNaN(scores[id])) {
        throw source.failure(
            source.name(Part.SCORES) + ": the score of token " + id + " is not a number.");
      }
      sorted[id] = 0.0f - scores[id]; // never −0, which would sort apart from 0
    }
    Arrays.sort(sorted);
    int distinct = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[distinct - 1]) {
        sorted[distinct++] = sorted[i];
      }
    }
    int[] priorities = new int[scores.length];
    for (int id = 0; id < scores.length; id++) {
      priorities[id] = Arrays.binarySearch(sorted, 0, distinct, 0.0f - scores[id]);
    }
    return priorities;
  }

  // Both

  private int tokenId(Part token, Vocabulary vocabulary, int otherwise) throws ModelFileException {
    return TokenTable.tokenId(source, token, vocabulary.size(), otherwise);
  }

  private Tokenizer.Settings settings(
      TokenTable tokens,
      int bos,
      int eos,
      boolean addBosByDefault,
      SpacePrefix spacePrefix,
      boolean keepsMalformed)
      throws ModelFileException {
    Vocabulary vocabulary = tokens.vocabulary();
    int eot = tokenId(Part.EOT, vocabulary, EndTokens.ofTurn(tokens));
    int eom = tokenId(Part.EOM, vocabulary, NONE);
    List<Long> further = source.furtherEnds();
    int[] ends = Arrays.copyOf(new int[] {eos, eot, eom}, 3 + further.size());
    for (int i = 0; i < further.size(); i++) {
      ends[3 + i] = TokenTable.inVocabulary(source, Part.EOT, further.get(i), vocabulary.size());
    }
    boolean addBos = source.addsBos().orElse(addBosByDefault);
    OptionalLong last = source.lastToken();
    return new Tokenizer.Settings(
        bos,
        eos,
        eot,
        EndTokens.all(tokens, ends),
        addBos && bos >= 0,
        last.isPresent()
            ? TokenTable.inVocabulary(source, Part.EOS, last.getAsLong(), vocabulary.size())
            : NONE,
        spacePrefix,
        source.surroundings(),
        keepsMalformed,
        source.normalizes());
  }
}
