package org.bitnetj.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;
import org.bitnetj.error.ModelFileException;

/**
 * Finds special tokens by their spelling. The longest ones claim their places first, each length
 * from left to right, as llama.cpp does it; what remains is ordinary text. So is a single word that
 * is a part of a longer one: it claims its place and is no match, as in Hugging Face's {@code
 * tokenizers} ({@code AddedVocabulary}). Takes O(n log n) time in the length of the text whatever
 * the vocabulary. Immutable.
 *
 * <p>Which tokens count depends on who wrote the text, see {@link Trust}.
 */
final class SpecialTokens {
  /** Who wrote a text, and so which special tokens may be recognised in it. */
  enum Trust {
    /** A template: every special token. */
    TEMPLATE,
    /** Plain text, as llama.cpp reads it: user-defined tokens only. */
    TEXT,
    /** A chat participant: user-defined tokens unless they look like a mark ({@code <think>}). */
    UNTRUSTED
  }

  /**
   * A special token and its spelling in text.
   *
   * @param singleWord whether it counts only where no character of a word is beside it
   */
  record Entry(int id, byte[] spelling, boolean userDefined, boolean singleWord)
      implements Comparable<Entry> {
    /** The order of the spellings, byte by byte. */
    @Override
    public int compareTo(Entry other) {
      return Arrays.compareUnsigned(spelling, other.spelling);
    }

    /** Looks like something a chat template would write, in angle or square brackets. */
    boolean isMark() {
      int first = spelling[0];
      int last = spelling[spelling.length - 1];
      return !userDefined || (first == '<' && last == '>') || (first == '[' && last == ']');
    }

    boolean isAllowedIn(Trust trust) {
      return switch (trust) {
        case TEMPLATE -> true;
        case TEXT -> userDefined;
        case UNTRUSTED -> !isMark();
      };
    }
  }

  private static final int NONE = SpellingAutomaton.NONE;

  private final SpellingAutomaton automaton;

  /** Token of each spelling. */
  private final int[] ids;

  /** By trust: of each spelling the longest suffix that is allowed there, the spelling included. */
  private final int[][] allowed = new int[Trust.values().length][];

  /** The spellings of single words. */
  private final BitSet singleWords = new BitSet();

  private final boolean anyUserDefined;

  /**
   * @param entries with spellings that are not empty; put into another order
   * @param duplicates called for two entries with the same spelling
   */
  SpecialTokens(Entry[] entries, TokenTable.Duplicates duplicates) throws ModelFileException {
    Arrays.sort(entries);
    byte[][] spellings = new byte[entries.length][];
    for (int i = 0; i < entries.length; i++) {
      spellings[i] = entries[i].spelling();
      if (i > 0 && Arrays.equals(spellings[i - 1], spellings[i])) {
        duplicates.found(entries[i - 1].id(), entries[i].id());
      }
    }
    automaton = new SpellingAutomaton(spellings);
    ids = new int[entries.length + 1];
    for (Trust trust : Trust.values()) {
      allowed[trust.ordinal()] = new int[entries.length + 1];
    }
    boolean anyUserDefined = false;
    for (int spelling = 1; spelling <= entries.length; spelling++) {
      Entry entry = entries[automaton.index(spelling)];
      ids[spelling] = entry.id();
      singleWords.set(spelling, entry.singleWord());
      anyUserDefined |= entry.userDefined();
      for (Trust trust : Trust.values()) {
        int[] longest = allowed[trust.ordinal()];
        longest[spelling] =
            entry.isAllowedIn(trust) ? spelling : longest[automaton.shorter(spelling)];
      }
    }
    this.anyUserDefined = anyUserDefined;
  }

  /** The token of exactly that spelling. */
  OptionalInt named(byte[] spelling) {
    int found = automaton.find(spelling);
    return found == NONE ? OptionalInt.empty() : OptionalInt.of(ids[found]);
  }

  /** Where special tokens are in a text, in order. */
  record Matches(int count, int[] positions, int[] ids, int[] ends) {
    static final Matches NONE = new Matches(0, new int[0], new int[0], new int[0]);
  }

  /**
   * The special tokens of {@code text}.
   *
   * <p>Each byte where spellings end has one candidate, the longest. Candidates claim their bytes
   * in turn; one that meets an earlier claim tries again, shortened to the bytes free before its
   * end. A claim in its way is at least as long as it is, so each further try has at most half the
   * room of the one before: a byte has O(log n) candidates.
   */
  Matches find(byte[] text, Ranges ranges) {
    if (!anyUserDefined && !Arrays.asList(ranges.trusts()).contains(Trust.TEMPLATE)) {
      return Matches.NONE;
    }
    LongHeap candidates = candidates(text, ranges);
    if (candidates.size() == 0) {
      return Matches.NONE;
    }
    BitSet claimed = new BitSet(text.length);
    LongHeap matches = new LongHeap();
    while (candidates.size() > 0) {
      long candidate = candidates.pop();
      int spelling = Candidate.spelling(candidate);
      int end = Candidate.end(candidate);
      int start = end - automaton.length(spelling);
      // Earlier claims are at least this long, so one that overlaps covers an end of this one.
      if (claimed.get(end - 1)) {
        continue;
      }
      if (claimed.get(start)) {
        int free = end - claimed.nextClearBit(start);
        int next = longest(spelling, free, end, ranges, ranges.containing(end - 1));
        if (next != NONE) {
          candidates.push(Candidate.of(automaton.length(next), end, next));
        }
        continue;
      }
      claimed.set(start, end);
      if (!singleWords.get(spelling) || Utf8.isApart(text, start, end)) {
        matches.append((long) start << 32 | spelling);
      }
    }
    return inOrder(matches);
  }

  /** The longest token that ends at each byte. */
  private LongHeap candidates(byte[] text, Ranges ranges) {
    LongHeap candidates = new LongHeap();
    int state = SpellingAutomaton.START;
    int range = 0;
    for (int end = 1; end <= text.length; end++) {
      state = automaton.next(state, text[end - 1]);
      int spelling = automaton.longest(state);
      if (spelling == NONE) {
        continue;
      }
      while (ranges.end(range) < end) {
        range++;
      }
      int longest = longest(spelling, end, end, ranges, range);
      if (longest != NONE) {
        candidates.append(Candidate.of(automaton.length(longest), end, longest));
      }
    }
    candidates.build();
    return candidates;
  }

  /**
   * The longest of {@code spelling} and its suffixes that may be recognised.
   *
   * @param room most bytes it may have
   * @param end where in the text it ends
   * @param range the range of its last byte
   */
  private int longest(int spelling, int room, int end, Ranges ranges, int range) {
    int inside = automaton.within(Math.min(room, end - ranges.start(range)), spelling);
    int across = automaton.within(room, spelling);
    // Of two suffixes of one spelling the longer one has the higher number.
    return Math.max(
        allowed[ranges.trust(range).ordinal()][inside], allowed[Trust.UNTRUSTED.ordinal()][across]);
  }

  private Matches inOrder(LongHeap found) {
    found.build();
    int count = found.size();
    int[] positions = new int[count];
    int[] tokens = new int[count];
    int[] ends = new int[count];
    for (int i = 0; i < count; i++) {
      long match = found.pop();
      positions[i] = (int) (match >>> 32);
      tokens[i] = ids[(int) match];
      ends[i] = positions[i] + automaton.length((int) match);
    }
    return new Matches(count, positions, tokens, ends);
  }

  /**
   * A spelling and where it ends, in 63 bits that order candidates: the longest first, then the
   * leftmost. {@link TokenTable} limits spellings to what fits.
   */
  private static final class Candidate {
    private static final int SPELLING_BITS = 20;
    private static final int END_BITS = 31;

    private Candidate() {}

    static long of(int length, int end, int spelling) {
      long shortness = TokenTable.MOST_TOKEN_BYTES - length;
      return (shortness << END_BITS | end) << SPELLING_BITS | (spelling - 1);
    }

    static int end(long candidate) {
      return (int) (candidate >>> SPELLING_BITS) & Integer.MAX_VALUE;
    }

    static int spelling(long candidate) {
      return ((int) candidate & (1 << SPELLING_BITS) - 1) + 1;
    }
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

    int start(int range) {
      return range == 0 ? 0 : ends[range - 1];
    }

    int end(int range) {
      return ends[range];
    }

    Trust trust(int range) {
      return trusts[range];
    }
  }
}
