package org.bitnetj.tokenizer;

import java.util.Arrays;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.jspecify.annotations.Nullable;

/**
 * SentencePiece's BPE (Kudo and Richardson 2018) as Llama-2 and Gemma use it: characters merge to
 * pieces of the vocabulary, the highest score first, or where the file has merges, the first of
 * them; other text becomes one token a byte.
 *
 * <p>Pieces spell a space as U+2581; here both are a space, in the vocabulary and in the text. If
 * no piece has a space after another character, merges cannot cross such a place, so text is cut
 * there into words; a word already seen to merge into one piece is looked up whole.
 */
final class SentencePieceBpe implements TextEncoder {
  private static final byte UNSEEN = 0;
  private static final byte WHOLE = 1;
  private static final byte NOT_WHOLE = 2;

  private final Vocabulary vocabulary;
  private final int[] priorities; // of each piece, where there are no merges
  private final @Nullable MergeTable merges;
  private final int[] byteIds;
  private final SpacePrefix spacePrefix;
  private final boolean words;
  private final byte[] reachable;

  /**
   * @param priorities of each piece, lower merges first, never negative
   * @param byteIds the token of each byte value that text falls back to
   */
  static SentencePieceBpe byScores(
      Vocabulary vocabulary, int[] priorities, int[] byteIds, SpacePrefix spacePrefix) {
    return new SentencePieceBpe(vocabulary, priorities, null, byteIds, spacePrefix);
  }

  /** As {@link #byScores}, with merges. */
  static SentencePieceBpe byMerges(
      Vocabulary vocabulary, MergeTable merges, int[] byteIds, SpacePrefix spacePrefix) {
    return new SentencePieceBpe(vocabulary, new int[0], merges, byteIds, spacePrefix);
  }

  private SentencePieceBpe(
      Vocabulary vocabulary,
      int[] priorities,
      @Nullable MergeTable merges,
      int[] byteIds,
      SpacePrefix spacePrefix) {
    this.vocabulary = vocabulary;
    this.priorities = priorities;
    this.merges = merges;
    this.byteIds = byteIds;
    this.spacePrefix = spacePrefix;
    this.words = !anyPieceCrossesWords(vocabulary);
    this.reachable = new byte[vocabulary.size()];
  }

  private static boolean anyPieceCrossesWords(Vocabulary vocabulary) {
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.is(id, TokenType.CONTROL) || vocabulary.is(id, TokenType.UNKNOWN)) {
        continue;
      }
      byte[] piece = vocabulary.bytes(id);
      for (int i = 1; i < piece.length; i++) {
        if (piece[i] == ' ' && piece[i - 1] != ' ') {
          return true;
        }
      }
    }
    return false;
  }

  @Override
  public Call newCall() {
    return new Pieces();
  }

  private final class Pieces extends Merger implements Call {
    private byte[] text = {};

    /** Of the word being merged: where it starts, and the hashes of its beginnings. */
    private int origin;

    private long[] hashes = {};

    @Override
    public void encode(byte[] source, int from, int to, TokenBuffer out) {
      text = withPlainSpaces(source, from, to, hasPrefix(source, from, to));
      for (int at = 0; at < text.length; ) {
        int end = words ? wordEnd(at) : text.length;
        word(at, end, out);
        at = end;
      }
    }

    private boolean hasPrefix(byte[] source, int from, int to) {
      boolean space = from < to && (source[from] == ' ' || Spelling.isSpaceMark(source, from, to));
      return switch (spacePrefix) {
        case NEVER -> false;
        case ALWAYS -> true;
        case UNLESS_SPACE -> !space;
        case FIRST -> from == 0;
        case FIRST_UNLESS_SPACE -> !space && from == 0;
      };
    }

    /** A run of spaces and the run of other bytes after it. */
    private int wordEnd(int from) {
      int at = from;
      while (at < text.length && text[at] == ' ') {
        at++;
      }
      while (at < text.length && text[at] != ' ') {
        at++;
      }
      return at;
    }

    private void word(int from, int to, TokenBuffer out) {
      int whole = vocabulary.find(text, from, to);
      if (whole >= 0 && reachable[whole] == WHOLE) {
        out.add(whole);
        return;
      }
      reserve(to - from);
      if (merges == null) {
        hash(from, to);
      }
      int symbols = 0;
      for (int at = from; at < to; ) {
        int end = Math.min(to, at + characterLength(text[at]));
        ids[symbols] = vocabulary.find(text, at, end);
        starts[symbols++] = at;
        at = end;
      }
      starts[symbols] = to;
      int count = merge(symbols);
      for (int i = 0; i < count; i++) {
        if (ids[i] >= 0) {
          out.add(ids[i]);
        } else {
          for (int at = starts[i]; at < starts[i + 1]; at++) {
            out.add(byteIds[text[at] & 0xFF]);
          }
        }
      }
      if (whole >= 0 && reachable[whole] == UNSEEN) {
        reachable[whole] = count == 1 && ids[0] == whole ? WHOLE : NOT_WHOLE;
      }
    }

    private void hash(int from, int to) {
      if (hashes.length <= to - from) {
        hashes = new long[Math.max(64, to - from + 1)];
      }
      origin = from;
      vocabulary.textual().hashBeginnings(text, from, to, hashes);
    }

    @Override
    long pair(int leftId, int rightId, int start, int end) {
      if (merges != null) {
        return leftId < 0 || rightId < 0 ? NONE : merges.find(leftId, rightId);
      }
      long before = hashes[start - origin];
      long after = hashes[end - origin];
      int id = vocabulary.textual().find(text, start, end, before, after);
      return id < 0 ? NONE : (long) priorities[id] << 32 | id;
    }
  }

  /** Length by the lead byte alone: malformed text is cut as the reference does, then as bytes. */
  private static int characterLength(byte lead) {
    return switch ((lead & 0xFF) >>> 4) {
      case 0xC, 0xD -> 2;
      case 0xE -> 3;
      case 0xF -> 4;
      default -> 1;
    };
  }

  /** The text with U+2581 as a space, and one more space in front where {@code prefix}. */
  private static byte[] withPlainSpaces(byte[] source, int from, int to, boolean prefix) {
    byte[] text = new byte[to - from + 1];
    int length = 0;
    if (prefix) {
      text[length++] = ' ';
    }
    for (int i = from; i < to; i++) {
      if (Spelling.isSpaceMark(source, i, to)) {
        text[length++] = ' ';
        i += 2;
      } else {
        text[length++] = source[i];
      }
    }
    return length == text.length ? text : Arrays.copyOf(text, length);
  }
}
