package org.bitnetj.tokenizer;

import java.util.Arrays;

/**
 * Byte-level BPE (Sennrich et al. 2016 as in GPT-2): words from a {@link PreTokenizer}, each merged
 * from its bytes up by rank.
 *
 * <p>A word that is itself a token skips the merges: always where the vocabulary says so ({@code
 * ignore_merges}, Llama-3), else once merging it has been seen to give that token. That knowledge
 * is kept per token and shared by all calls; racing writers write the same value.
 */
final class ByteLevelBpe implements TextEncoder {
  private static final byte UNSEEN = 0;
  private static final byte WHOLE = 1;
  private static final byte NOT_WHOLE = 2;

  private final Vocabulary vocabulary;
  private final MergeTable merges;
  private final PreTokenizer preTokenizer;
  private final int[] byteIds;
  private final byte[] reachable;

  /**
   * @param byteIds the token of each byte value, 256 of them
   * @param ignoreMerges whether a word that is a token becomes it even where no merges lead there
   */
  ByteLevelBpe(
      Vocabulary vocabulary,
      MergeTable merges,
      PreTokenizer preTokenizer,
      int[] byteIds,
      boolean ignoreMerges) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.preTokenizer = preTokenizer;
    this.byteIds = byteIds;
    this.reachable = new byte[vocabulary.size()];
    if (ignoreMerges) {
      Arrays.fill(reachable, WHOLE);
    }
  }

  @Override
  public Call newCall() {
    return new Words();
  }

  private final class Words extends Merger implements Call {
    @Override
    public void encode(byte[] text, int from, int to, TokenBuffer out) {
      for (int at = from; at < to; ) {
        int end = preTokenizer.next(text, at, to);
        while (at < end) {
          int part = preTokenizer.nextPart(text, at, end);
          word(text, at, part, out);
          at = part;
        }
      }
    }

    private void word(byte[] text, int from, int to, TokenBuffer out) {
      int length = to - from;
      if (length == 1) {
        out.add(byteIds[text[from] & 0xFF]);
        return;
      }
      int whole = vocabulary.find(text, from, to);
      if (whole >= 0 && reachable[whole] == WHOLE) {
        out.add(whole);
        return;
      }
      reserve(length);
      for (int i = 0; i < length; i++) {
        ids[i] = byteIds[text[from + i] & 0xFF];
        starts[i] = from + i;
      }
      starts[length] = to;
      int count = merge(length);
      for (int i = 0; i < count; i++) {
        out.add(ids[i]);
      }
      if (whole >= 0 && reachable[whole] == UNSEEN) {
        reachable[whole] = count == 1 && ids[0] == whole ? WHOLE : NOT_WHOLE;
      }
    }

    @Override
    long pair(int leftId, int rightId, int start, int end) {
      return merges.find(leftId, rightId);
    }
  }
}
