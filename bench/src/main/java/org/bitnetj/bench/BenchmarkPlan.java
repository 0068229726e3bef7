package org.bitnetj.bench;

import java.util.List;
import java.util.Locale;
import org.bitnetj.option.HeadMode;
import org.bitnetj.tensor.AttentionLayer;

/**
 * What of a model is to be measured: every combination. Constructors refuse what makes no sense
 * with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param prompt tokens of a prefill; 0 for none
 * @param generated tokens of a decode, for each sequence; 0 for none
 * @param depths tokens that are in the cache before
 * @param batches how many sequences are decoded together
 * @param threads how many threads compute
 * @param kernels labels of tiers, or {@code auto}; none for what the user's settings say
 * @param repetitions how often each is timed
 * @param stepRows most prompt tokens in a step
 * @param cacheType how keys and values are kept
 * @param sparse whether decoding may skip weights that are multiplied by 0
 * @param head how the output head is read for one sequence at a time; for several, all of it is
 * @param fromDisk whether the model may be larger than the memory
 */
public record BenchmarkPlan(
    int prompt,
    int generated,
    List<Integer> depths,
    List<Integer> batches,
    List<Integer> threads,
    List<String> kernels,
    int repetitions,
    int stepRows,
    AttentionLayer.Type cacheType,
    boolean sparse,
    HeadMode head,
    boolean fromDisk) {
  private static final int MOST_TOKENS = 1 << 24;
  private static final int MOST_ROWS = 4096;
  private static final int MOST_THREADS = 1024;
  private static final int MOST_REPETITIONS = 10_000;
  private static final int MOST_SEQUENCES = 1024;

  public BenchmarkPlan {
    depths = List.copyOf(depths);
    batches = List.copyOf(batches);
    threads = List.copyOf(threads);
    kernels = List.copyOf(kernels);
    within("The prompt's length (-p)", prompt, 0, MOST_TOKENS);
    within("The number of generated tokens (-n)", generated, 0, MOST_TOKENS);
    depths.forEach(d -> within("A depth (-d)", d, 0, MOST_TOKENS));
    batches.forEach(b -> within("A number of sequences (-b)", b, 1, MOST_SEQUENCES));
    threads.forEach(t -> within("A number of threads (-t)", t, 1, MOST_THREADS));
    within("The number of repetitions (-r)", repetitions, 1, MOST_REPETITIONS);
    within("The number of tokens in a step (--step)", stepRows, 1, MOST_ROWS);
    if (prompt == 0 && generated == 0) {
      throw new IllegalArgumentException(
          "With -p 0 and -n 0 there is nothing to measure; give one of them.");
    }
    distinct("-d", depths);
    distinct("-b", batches);
    distinct("-t", threads);
    if (kernels.stream().map(k -> k.toLowerCase(Locale.ROOT)).distinct().count() < kernels.size()) {
      throw new IllegalArgumentException("Give each value of --kernels once.");
    }
  }

  /** Positions that a sequence needs. */
  public int context() {
    return most(depths) + Math.max(prompt, generated);
  }

  static int most(List<Integer> numbers) {
    return numbers.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  private static void within(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          what + " must be from " + least + " to " + most + ", not " + value + ".");
    }
  }

  private static void distinct(String option, List<Integer> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("Give at least one value to " + option + ".");
    }
    if (values.stream().distinct().count() < values.size()) {
      throw new IllegalArgumentException("Give each value of " + option + " once.");
    }
  }
}
