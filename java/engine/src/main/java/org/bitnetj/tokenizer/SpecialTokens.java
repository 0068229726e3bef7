package org.bitnetj.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;
import org.bitnetj.source.ModelFileException;

/**
 * Finds special tokens by their spelling. The longest ones claim their places first, each length
 * from left to right, as llama.cpp does it; what remains is ordinary text. Immutable.
 *
 * <p>Which tokens count depends on whose text it is, see {@link Trust}.
 */
final class SpecialTokens {
  /** Whose text it is, and so what may be recognised in it. */
  enum Trust {
    /** A template's: every special token. */
    TEMPLATE,
    /** Plain text, the way llama.cpp reads it: user-defined tokens only. */
    TEXT,
    /** A chat participant's: user-defined tokens unless they look like a mark ({@code <think>}). */
    STRANGER
  }

  /** A special token and its spelling in text. */
  record Entry(int id, byte[] spelling, boolean userDefined) {
    /** Looks like something a chat template would write, in angle or square brackets. */
    boolean isMark() {
      int first = spelling[0];
      int last = spelling[spelling.length - 1];
      return !userDefined || (first == '<' && last == '>') || (first == '[' && last == ']');
    }
  }

  private final Entry[] entries;
  private final SpanTable table;
  private final int[] lengths;
  private final boolean anyUserDefined;

  /** Bit (first byte, second byte) is set where some spelling starts so. */
  private final BitSet starts = new BitSet(1 << 16);

  /**
   * @param entries with spellings that are not empty
   * @param duplicates hears of two entries with the same spelling
   */
  SpecialTokens(Entry[] entries, TokenTable.Duplicates duplicates) throws ModelFileException {
    this.entries = entries;
    int[] offsets = new int[entries.length + 1];
    for (int i = 0; i < entries.length; i++) {
      offsets[i + 1] = offsets[i] + entries[i].spelling().length;
    }
    byte[] blob = new byte[offsets[entries.length]];
    table = new SpanTable(blob, offsets, entries.length);
    for (int i = 0; i < entries.length; i++) {
      byte[] spelling = entries[i].spelling();
      System.arraycopy(spelling, 0, blob, offsets[i], spelling.length);
      int same = table.add(i);
      if (same >= 0) {
        duplicates.found(entries[same].id(), entries[i].id());
      }
      int row = (spelling[0] & 0xFF) << 8;
      if (spelling.length == 1) {
        starts.set(row, row + 256);
      } else {
        starts.set(row | (spelling[1] & 0xFF));
      }
    }
    lengths = Arrays.stream(entries).mapToInt(e -> e.spelling().length).distinct().toArray();
    Arrays.sort(lengths);
    anyUserDefined = Arrays.stream(entries).anyMatch(Entry::userDefined);
  }

  /** The token of exactly that spelling. */
  OptionalInt named(byte[] spelling) {
    int entry = table.find(spelling, 0, spelling.length);
    return entry < 0 ? OptionalInt.empty() : OptionalInt.of(entries[entry].id());
  }

  /** Where special tokens are in a text, in order. */
  record Matches(int count, int[] positions, int[] ids, int[] ends) {
    static final Matches NONE = new Matches(0, new int[0], new int[0], new int[0]);
  }

  Matches find(byte[] text, Ranges ranges) {
    if (!anyUserDefined && !Arrays.asList(ranges.trusts()).contains(Trust.TEMPLATE)) {
      return Matches.NONE;
    }
    int[] candidates = candidates(text);
    if (candidates.length == 0) {
      return Matches.NONE;
    }
    int[] found = new int[candidates.length];
    Arrays.fill(found, SpanTable.NONE);
    BitSet claimed = new BitSet();
    int count = 0;
    for (int l = lengths.length - 1; l >= 0; l--) {
      int length = lengths[l];
      for (int c = 0; c < candidates.length; c++) {
        int at = candidates[c];
        // Earlier claims are at least this long, so one that overlaps covers an end of this one.
        if (at + length > text.length || claimed.get(at) || claimed.get(at + length - 1)) {
          continue;
        }
        int entry = table.find(text, at, at + length);
        if (entry >= 0 && allowed(entries[entry], ranges, at, at + length)) {
          claimed.set(at, at + length);
          found[c] = entry;
          count++;
        }
      }
    }
    int[] positions = new int[count];
    int[] ids = new int[count];
    int[] ends = new int[count];
    int n = 0;
    for (int c = 0; c < candidates.length; c++) {
      if (found[c] >= 0) {
        Entry entry = entries[found[c]];
        positions[n] = candidates[c];
        ids[n] = entry.id();
        ends[n++] = candidates[c] + entry.spelling().length;
      }
    }
    return new Matches(count, positions, ids, ends);
  }

  /** Positions whose first two bytes start some spelling. */
  private int[] candidates(byte[] text) {
    int[] candidates = new int[0];
    int count = 0;
    if (entries.length == 0) {
      return candidates;
    }
    for (int i = 0; i < text.length; i++) {
      int row = (text[i] & 0xFF) << 8;
      boolean start =
          i + 1 < text.length
              ? starts.get(row | (text[i + 1] & 0xFF))
              : table.find(text, i, i + 1) >= 0;
      if (start) {
        if (count == candidates.length) {
          candidates = Arrays.copyOf(candidates, Math.max(16, 2 * count));
        }
        candidates[count++] = i;
      }
    }
    return Arrays.copyOf(candidates, count);
  }

  private static boolean allowed(Entry entry, Ranges ranges, int from, int to) {
    int range = ranges.containing(from);
    return switch (ranges.trust(range)) {
      case TEMPLATE -> to <= ranges.end(range) || !entry.isMark();
      case TEXT -> entry.userDefined();
      case STRANGER -> !entry.isMark();
    };
  }

  /** Who wrote which bytes of a text: consecutive ranges that cover it, neighbours different. */
  record Ranges(int[] ends, Trust[] trusts) {
    static Ranges whole(int length, Trust trust) {
      return new Ranges(new int[] {length}, new Trust[] {trust});
    }

    int containing(int position) {
      int found = Arrays.binarySearch(ends, position);
      return found >= 0 ? found + 1 : -found - 1;
    }

    int end(int range) {
      return ends[range];
    }

    Trust trust(int range) {
      return trusts[range];
    }
  }
}
