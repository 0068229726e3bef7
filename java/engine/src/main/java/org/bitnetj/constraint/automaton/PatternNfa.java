package org.bitnetj.constraint.automaton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The nondeterministic automaton of a regular expression (Thompson's construction), and the
 * deterministic one by the construction of subsets.
 */
public final class PatternNfa {
  /** Most nodes: {@code (a{1000}){1000}} is small as a text only. */
  private static final int MOST_NODES = 20_000;

  /** Most nodes of all subsets together. */
  private static final int MOST_WORK = 4_000_000;

  private static final int MATCH = 0;

  /** A node that consumes a character of a set, or tests an anchor, or (both null) is a fork. */
  private record Node(@Nullable CharSet set, Pattern.@Nullable Anchor anchor, List<Integer> next) {}

  /** Where a run may be. In a search, {@code anywhere} after a match: whatever follows matches. */
  private record Subset(int[] nodes, boolean atStart, boolean anywhere) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Subset subset
          && atStart == subset.atStart
          && anywhere == subset.anywhere
          && Arrays.equals(nodes, subset.nodes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(nodes);
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  private int work;

  private PatternNfa() {
    nodes.add(new Node(null, null, List.of()));
  }

  /**
   * The strings in which a regular expression finds a match ({@code search}), or that it matches as
   * a whole.
   *
   * @throws PatternException if it is malformed or not supported
   * @throws TooManyStatesException if it takes too large an automaton
   */
  public static CharDfa compile(String pattern, boolean search) {
    Pattern parsed = PatternParser.parse(pattern);
    PatternNfa nfa = new PatternNfa();
    return nfa.deterministic(nfa.add(parsed, MATCH), search);
  }

  private int add(Node node) {
    if (nodes.size() >= MOST_NODES) {
      throw new TooManyStatesException(MOST_NODES);
    }
    nodes.add(node);
    return nodes.size() - 1;
  }

  /** Adds a part before a node; returns where it starts. */
  private int add(Pattern pattern, int next) {
    return switch (pattern) {
      case Pattern.Characters(CharSet set) -> add(new Node(set, null, List.of(next)));
      case Pattern.Anchor anchor -> add(new Node(null, anchor, List.of(next)));
      case Pattern.Sequence(List<Pattern> parts) -> {
        int start = next;
        for (Pattern part : parts.reversed()) {
          start = add(part, start);
        }
        yield start;
      }
      case Pattern.Choice(List<Pattern> parts) ->
          add(new Node(null, null, parts.stream().map(part -> add(part, next)).toList()));
      case Pattern.Repeat(Pattern part, int min, int max) -> {
        int start = next;
        if (max == Pattern.UNBOUNDED) {
          List<Integer> ways = new ArrayList<>();
          start = add(new Node(null, null, ways));
          ways.add(add(part, start));
          ways.add(next);
        } else {
          for (int i = min; i < max; i++) {
            start = add(new Node(null, null, List.of(add(part, start), next)));
          }
        }
        for (int i = 0; i < min; i++) {
          int before = start;
          start = add(part, start);
          if (start == before) {
            break; // an empty part, however often
          }
        }
        yield start;
      }
    };
  }

  private CharDfa deterministic(int entry, boolean search) {
    int[] again = search ? closure(false, false, entry) : new int[0];
    int[] first = closure(true, false, entry);
    CharClasses classes =
        CharClasses.of(nodes.stream().map(Node::set).filter(set -> set != null).toList());
    return CharDfa.explore(
        classes,
        subset(first, true, search),
        (subset, c) -> {
          if (subset.anywhere) {
            return subset;
          }
          int[] targets =
              Arrays.stream(subset.nodes)
                  .filter(n -> consumes(n, c))
                  .flatMap(n -> nodes.get(n).next.stream().mapToInt(Integer::intValue))
                  .toArray();
          int[] reached = closure(false, false, targets);
          int[] all = IntStream.concat(IntStream.of(reached), IntStream.of(again)).toArray();
          return subset(Arrays.stream(all).sorted().distinct().toArray(), false, search);
        },
        subset -> accepts(subset) ? 0 : -1);
  }

  private Subset subset(int[] reached, boolean atStart, boolean search) {
    work += reached.length + 16;
    if (work > MOST_WORK) {
      throw new TooManyStatesException(CharDfa.MOST_STATES);
    }
    boolean anywhere = search && Arrays.stream(reached).anyMatch(n -> n == MATCH);
    return anywhere ? new Subset(new int[0], false, true) : new Subset(reached, atStart, false);
  }

  private boolean consumes(int node, int character) {
    CharSet set = nodes.get(node).set;
    return set != null && set.contains(character);
  }

  private boolean accepts(Subset subset) {
    return subset.anywhere
        || Arrays.stream(closure(subset.atStart, true, subset.nodes)).anyMatch(n -> n == MATCH);
  }

  /** What is reached without a character; nodes that are passed through are left out. */
  private int[] closure(boolean atStart, boolean atEnd, int... from) {
    BitSet seen = new BitSet();
    int[] stack = new int[nodes.size() + from.length];
    int depth = 0;
    for (int node : from) {
      if (!seen.get(node)) {
        seen.set(node);
        stack[depth++] = node;
      }
    }
    BitSet kept = new BitSet();
    while (depth > 0) {
      int at = stack[--depth];
      Node node = nodes.get(at);
      boolean passes =
          node.anchor == null
              ? node.set == null && at != MATCH
              : node.anchor == Pattern.Anchor.START ? atStart : atEnd;
      if (!passes) {
        if (node.anchor != Pattern.Anchor.START) {
          kept.set(at);
        }
        continue;
      }
      for (int next : node.next) {
        if (!seen.get(next)) {
          seen.set(next);
          stack[depth++] = next;
        }
      }
    }
    return kept.stream().toArray();
  }
}
