package org.bitnetj.sampling;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.bitnetj.error.UnusableLogitsException;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.tensor.FloatRows;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the next token of one sequence from its logits. The steps and their order are llama.cpp's
 * default ones:
 *
 * <ol>
 *   <li><b>Bias.</b> Given numbers are added to the logits of given tokens, in double, rounded to
 *       float. Tokens that are not {@link #allow allowed} get −∞.
 *   <li><b>Penalties.</b> The logit l of a token that occurs n > 0 times in the window becomes
 *       {@code (l > 0 ? l / repetition : l * repetition) - (n * frequency + presence)}, in double,
 *       rounded to float. A token with logit −∞ is not a candidate.
 *   <li>At temperature 0 the token with the highest logit is taken, and that is all. Otherwise the
 *       candidates are put in falling order of logit; here and everywhere a tie is won by the lower
 *       id, and −0 equals +0.
 *   <li><b>top-k</b> keeps the first k.
 *   <li><b>top-p</b> keeps the shortest prefix whose weights {@code exp(l - l0)}, l0 the highest
 *       logit, sum to at least top-p times the sum of all candidates' weights.
 *   <li><b>min-p</b> keeps those with a weight of at least min-p.
 *   <li><b>temperature.</b> The weights become {@code exp((l - l0) / temperature)}.
 *   <li><b>Draw.</b> With u the next 53-bit number in [0, 1) of L64X128MixRandom, the first
 *       candidate at which the running sum of the weights exceeds {@code u * sum} is taken.
 * </ol>
 *
 * <p>Weights and sums are doubles, exp is {@link StrictMath}'s and sums run in the candidates'
 * order: the same bits of logits, the same settings and the same seed choose the same tokens on
 * every machine. For one thread at a time. Nothing is allocated per token, except that the list of
 * recent tokens grows until its window is full.
 */
public final class Sampler {
  private static final int CHUNK = 2048;
  private static final RandomGeneratorFactory<RandomGenerator> GENERATOR =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final SamplingOptions options;
  private final int vocabulary;
  private final long seed;
  private final RandomGenerator random;
  private final RecentTokens recent;
  private final int[] biased; // in rising order
  private final double[] biases; // of these
  private final SamplerNeed need;
  private final Candidates candidates;
  private final double[] weights;
  private final float[] chunk;
  private long @Nullable [] allowed;

  /**
   * @param vocabulary how many tokens there are to choose from, at least 1
   */
  public Sampler(SamplingOptions options, int vocabulary) {
    if (vocabulary < 1) {
      throw new IllegalArgumentException("A vocabulary has at least one token, not " + vocabulary);
    }
    this.options = options;
    this.vocabulary = vocabulary;
    // A new seed has at most ten digits, so that a person can type it again.
    this.seed =
        options.seed().orElseGet(() -> RandomGenerator.getDefault().nextInt() & 0xFFFFFFFFL);
    this.random = GENERATOR.create(seed);
    this.recent = new RecentTokens(options.penalizes() ? options.penaltyWindow() : 0);
    this.biased = options.logitBias().keySet().stream().mapToInt(t -> t).sorted().toArray();
    this.biases = IntStream.of(biased).mapToDouble(t -> options.logitBias().get(t)).toArray();
    if (biased.length > 0 && biased[biased.length - 1] >= vocabulary) {
      throw unknown(biased[biased.length - 1]);
    }
    int kept = options.topK() == 0 ? vocabulary : Math.min(options.topK(), vocabulary);
    kept = options.isGreedy() ? 1 : kept;
    this.need =
        new SamplerNeed(
            kept < vocabulary ? kept : 0,
            vocabulary,
            recent,
            biased,
            reach(options, kept),
            this::isDecided);
    this.candidates = new Candidates(vocabulary, kept);
    this.weights = new double[kept];
    this.chunk = new float[Math.min(CHUNK, vocabulary)];
  }

  public SamplingOptions options() {
    return options;
  }

  /** The seed of the draws: with it, the same settings and the same logits the text comes again. */
  public long seed() {
    return seed;
  }

  /**
   * Which logits the next choice depends on. The same object each time; it follows the sampler's
   * state.
   */
  public LogitsNeed need() {
    return need;
  }

  /**
   * Records that the sequence continues with {@code token}, drawn or given: penalties look back.
   */
  public void accept(int token) {
    if (token < 0 || token >= vocabulary) {
      throw unknown(token);
    }
    recent.add(token);
  }

  /**
   * How far below the best logit tokens hardly change what top-p and min-p keep. Any value is
   * right; a factor of e below min-p was enough for nearly every draw, and with less more are
   * undecided.
   */
  private static float reach(SamplingOptions options, int kept) {
    double byTopP = options.topP() < 1 ? (1 - options.topP()) / kept : 0;
    double least = Math.max(byTopP, options.minP() / Math.E);
    return kept == 1 ? Float.POSITIVE_INFINITY : (float) -Math.log(least);
  }

  private IllegalArgumentException unknown(int token) {
    return new IllegalArgumentException(
        "Token " + token + " is not in the vocabulary of " + vocabulary + ".");
  }

  /**
   * Restricts the choices from now on.
   *
   * @param tokens the tokens that may be chosen, bit {@code i % 64} of element {@code i / 64} for
   *     token i; it is read until the next call and must not change meanwhile. Null for all
   */
  public void allow(long @Nullable [] tokens) {
    allowed = tokens;
    need.allow(tokens);
  }

  /**
   * The next token after one row of logits. It is not {@link #accept accepted} by this.
   *
   * @param logits at least as wide as the vocabulary, wider where a model pads it; left as it is
   * @throws UnusableLogitsException if a logit is NaN or +∞, or all are −∞; the message is a
   *     sentence
   */
  public int sample(FloatRows logits, int row) {
    requireWidth(logits);
    if (options.isGreedy()) {
      return best(logits, row);
    }
    gather(logits, row);
    candidates.sort();
    return candidates.token(draw(cut()));
  }

  /**
   * The same where only some logits of the row may be computed: as if the others were −∞.
   *
   * @throws UnusableLogitsException as {@link #sample(FloatRows, int)} does
   */
  public int sample(FloatRows logits, int row, ComputedLogits computed) {
    if (computed.areAll()) {
      return sample(logits, row);
    }
    requireWidth(logits);
    if (options.isGreedy()) {
      return best(logits, row, computed);
    }
    gather(logits, row, computed);
    candidates.sort();
    return candidates.token(draw(cut()));
  }

  private void requireWidth(FloatRows logits) {
    if (logits.columns() < vocabulary) {
      throw new IllegalArgumentException(
          "A row of " + logits.columns() + " logits is too short for " + vocabulary + " tokens.");
    }
  }

  private int best(FloatRows logits, int row, ComputedLogits computed) {
    float best = Float.NEGATIVE_INFINITY;
    int bestToken = -1;
    int count = computed.before(vocabulary);
    for (int i = 0; i < count; i++) {
      int token = computed.token(i);
      float logit = adjusted(logits.get(row, token), token);
      if (!(logit <= best)) {
        best = checked(logit, token);
        bestToken = token;
      }
    }
    return some(bestToken);
  }

  private void gather(FloatRows logits, int row, ComputedLogits computed) {
    collect(logits, row, computed);
    some(candidates.size() - 1);
  }

  private void collect(FloatRows logits, int row, ComputedLogits computed) {
    candidates.clear();
    float threshold = candidates.threshold();
    int count = computed.before(vocabulary);
    for (int i = 0; i < count; i++) {
      int token = computed.token(i);
      float logit = adjusted(logits.get(row, token), token);
      if (!(logit <= threshold)) {
        candidates.add(token, checked(logit, token));
        threshold = candidates.threshold();
      }
    }
  }

  /** A logit with its bias and penalty; −∞ if the token is not allowed. */
  private float adjusted(float logit, int token) {
    long[] bits = allowed;
    if (bits != null && (token / 64 >= bits.length || (bits[token / 64] >>> token & 1) == 0)) {
      return Float.NEGATIVE_INFINITY;
    }
    int at = Arrays.binarySearch(biased, token);
    float sum = at < 0 ? logit : (float) (logit + biases[at]);
    int times = recent.count(token);
    return times == 0 ? sum : penalized(sum, times);
  }

  /** Greedy: one pass, no candidates. */
  private int best(FloatRows logits, int row) {
    float best = Float.NEGATIVE_INFINITY;
    int token = -1;
    int penalized = 0;
    for (int begin = 0; begin < vocabulary; begin += chunk.length) {
      int count = read(logits, row, begin);
      bias(begin, count);
      penalized = penalize(begin, count, penalized);
      for (int i = above(best, 0, count); i < count; i = above(best, i + 1, count)) {
        best = checked(chunk[i], begin + i);
        token = begin + i;
      }
    }
    return some(token);
  }

  /** Collects the candidates and applies top-k on the way. */
  private void gather(FloatRows logits, int row) {
    candidates.clear();
    float threshold = candidates.threshold();
    int penalized = 0;
    for (int begin = 0; begin < vocabulary; begin += chunk.length) {
      int count = read(logits, row, begin);
      bias(begin, count);
      penalized = penalize(begin, count, penalized);
      for (int i = above(threshold, 0, count); i < count; i = above(threshold, i + 1, count)) {
        candidates.add(begin + i, checked(chunk[i], begin + i));
        threshold = candidates.threshold();
      }
    }
    some(candidates.size() - 1);
  }

  /** Copies logits from {@code begin} on to the chunk, and says how many. */
  private int read(FloatRows logits, int row, int begin) {
    int count = Math.min(chunk.length, vocabulary - begin);
    long at = (row * logits.stride() + begin) * Float.BYTES;
    MemorySegment.copy(logits.data(), ValueLayout.JAVA_FLOAT, at, chunk, 0, count);
    return count;
  }

  /** The first place from {@code i} on with a logit above the threshold or NaN, else the count. */
  private int above(float threshold, int i, int count) {
    float[] logits = chunk;
    // One comparison that is false for NaN too finds both.
    while (i < count && logits[i] <= threshold) {
      i++;
    }
    return i;
  }

  /** Adds the chunk's biases, and takes out what is not allowed. */
  private void bias(int begin, int count) {
    if (biased.length > 0) {
      int at = Arrays.binarySearch(biased, begin);
      for (int i = at < 0 ? -at - 1 : at; i < biased.length && biased[i] < begin + count; i++) {
        int token = biased[i];
        chunk[token - begin] = (float) (chunk[token - begin] + biases[i]);
      }
    }
    long[] bits = allowed;
    if (bits != null) {
      for (int i = 0; i < count; i += Long.SIZE) { // a chunk begins with a whole element
        int word = (begin + i) / Long.SIZE;
        long refused = word < bits.length ? ~bits[word] : -1;
        for (; refused != 0; refused &= refused - 1) {
          int token = i + Long.numberOfTrailingZeros(refused);
          if (token >= count) {
            break;
          }
          chunk[token] = Float.NEGATIVE_INFINITY;
        }
      }
    }
  }

  /** Penalizes the chunk, given and returning how far the sorted recent tokens are used up. */
  private int penalize(int begin, int count, int next) {
    while (next < recent.size() && recent.sorted(next) < begin + count) {
      int token = recent.sorted(next);
      int first = next;
      while (next < recent.size() && recent.sorted(next) == token) {
        next++;
      }
      chunk[token - begin] = penalized(chunk[token - begin], next - first);
    }
    return next;
  }

  /** The logit of a token that occurs so many times. */
  private float penalized(float value, int times) {
    double logit = value;
    logit = logit > 0 ? logit / options.repetitionPenalty() : logit * options.repetitionPenalty();
    logit -= times * options.frequencyPenalty() + options.presencePenalty();
    return (float) logit;
  }

  /** How many of the sorted candidates top-p and min-p keep; at least one. */
  private int cut() {
    int count = candidates.size();
    boolean topP = options.topP() < 1;
    if (!topP && options.minP() == 0) {
      return count;
    }
    double best = candidates.logit(0);
    double sum = 0;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      double weight = StrictMath.exp(candidates.logit(i) - best);
      weights[i] = weight;
      sum += weight;
      if (weight >= options.minP()) {
        kept++;
      } else if (!topP) {
        break;
      }
    }
    if (topP) {
      kept = shortest(options.topP() * sum, kept, count);
    }
    return kept;
  }

  /**
   * Whether top-p and min-p keep the same candidates whatever the logits below {@code least} are
   * that are not computed. Then they keep none of these, and the draw does not depend on them.
   *
   * <p>Top-p depends on the sum of all candidates' weights. Those that are known sum to the least
   * that it can be; each other one adds at most the weight of {@code least}. Rounded sums of what
   * is not negative never fall as terms are added, and are off by much less than a share of 2^-30.
   */
  private boolean isDecided(FloatRows logits, int row, ComputedLogits computed, float least) {
    collect(logits, row, computed);
    candidates.sort();
    double best = candidates.size() > 0 ? candidates.logit(0) : Double.NEGATIVE_INFINITY;
    if (best < least) {
      return false;
    }
    int known = 0; // of the candidates, the first ones in any case
    int kept = 0; // of these, by min-p
    double sum = 0;
    for (; known < candidates.size() && candidates.logit(known) >= least; known++) {
      weights[known] = StrictMath.exp(candidates.logit(known) - best);
      sum += weights[known];
      kept += weights[known] >= options.minP() ? 1 : 0;
    }
    if (known == weights.length) {
      return true;
    }
    double other = StrictMath.exp(least - best);
    boolean moreMayBeKept = kept == known && other >= options.minP();
    if (options.topP() == 1) {
      return !moreMayBeKept;
    }
    int most = moreMayBeKept ? Integer.MAX_VALUE : kept;
    double largestSum = (sum + (weights.length - known) * other) * (1 + 0x1p-30);
    int shortest = shortest(options.topP() * sum, most, known);
    return shortest > 0 && shortest == shortest(options.topP() * largestSum, most, known);
  }

  /**
   * The length of the shortest prefix of candidates whose weights sum to {@code enough}, or {@code
   * most}; 0 if more than the known ones decide that.
   */
  private int shortest(double enough, int most, int known) {
    double running = weights[0];
    int shortest = 1;
    while (running < enough && shortest < most) {
      if (shortest == known) {
        return 0;
      }
      running += weights[shortest++];
    }
    return shortest;
  }

  /** Which of the first {@code count} candidates comes next. */
  private int draw(int count) {
    double best = candidates.logit(0);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += StrictMath.exp((candidates.logit(i) - best) / options.temperature());
      weights[i] = sum;
    }
    double u = (random.nextLong() >>> 11) * 0x1p-53;
    int i = 0;
    while (weights[i] <= u * sum) {
      i++;
    }
    return i;
  }

  private static float checked(float logit, int token) {
    if (!(logit < Float.POSITIVE_INFINITY)) {
      throw new UnusableLogitsException(
          "The logit of token "
              + token
              + " is "
              + (logit != logit ? "not a number" : "infinite")
              + ": the model's weights are damaged or its arithmetic overflowed.");
    }
    return logit;
  }

  private static int some(int index) {
    if (index < 0) {
      throw new UnusableLogitsException(
          "Every logit is minus infinity, so no token can be chosen.");
    }
    return index;
  }
}
