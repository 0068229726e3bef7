package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergerTest {
  /** A merge as tests write it down. */
  private record Rule(int priority, int result) {}

  private static final class TableMerger extends Merger {
    private final Map<Long, Rule> rules;

    TableMerger(Map<Long, Rule> rules) {
      this.rules = rules;
    }

    @Override
    long pair(int leftId, int rightId, int start, int end) {
      Rule rule = rules.get((long) leftId << 32 | rightId);
      return rule == null ? NONE : (long) rule.priority() << 32 | rule.result();
    }

    List<Integer> merged(List<Integer> symbols) {
      reserve(symbols.size());
      for (int i = 0; i < symbols.size(); i++) {
        ids[i] = symbols.get(i);
        starts[i] = i;
      }
      starts[symbols.size()] = symbols.size();
      int count = merge(symbols.size());
      List<Integer> left = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        left.add(ids[i]);
      }
      assertEquals(symbols.size(), starts[count]);
      return left;
    }
  }

  /** The definition: the best pair, the leftmost of equals, until there is none. */
  private static List<Integer> byDefinition(Map<Long, Rule> rules, List<Integer> symbols) {
    List<Integer> left = new ArrayList<>(symbols);
    while (true) {
      int best = -1;
      Rule bestRule = null;
      for (int i = 0; i + 1 < left.size(); i++) {
        Rule rule = rules.get((long) left.get(i) << 32 | left.get(i + 1));
        if (rule != null && (bestRule == null || rule.priority() < bestRule.priority())) {
          best = i;
          bestRule = rule;
        }
      }
      if (bestRule == null) {
        return left;
      }
      left.set(best, bestRule.result());
      left.remove(best + 1);
    }
  }

  @Test
  void mergesByDefinitionWhateverTheLength() {
    Random random = new Random(3);
    for (int round = 0; round < 400; round++) {
      int letters = 1 + random.nextInt(4);
      int ids = letters + 1 + random.nextInt(30);
      boolean equalPriorities = random.nextBoolean();
      Map<Long, Rule> rules = new HashMap<>();
      for (int i = 0; i < ids; i++) {
        int result = letters + random.nextInt(ids);
        int priority = equalPriorities ? random.nextInt(4) : i;
        rules.put(
            (long) random.nextInt(ids) << 32 | random.nextInt(ids), new Rule(priority, result));
      }
      TableMerger merger = new TableMerger(rules);
      for (int length : new int[] {1, 2, 3, 7, 47, 48, 49, 50, 130, 300}) {
        List<Integer> symbols = random.ints(length, 0, letters).boxed().toList();
        assertEquals(
            byDefinition(rules, symbols),
            merger.merged(symbols),
            "length " + length + ", round " + round);
      }
    }
  }

  @Test
  void mergesLeftToRightAmongEquals() {
    Map<Long, Rule> rules = Map.of(0L, new Rule(0, 1));
    List<Integer> five = List.of(0, 0, 0, 0, 0);
    assertEquals(List.of(1, 1, 0), new TableMerger(rules).merged(five));
  }
}
