package org.bitnetj.bench;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.model.WeightReads;
import org.jspecify.annotations.Nullable;

/** The timings of one combination of a {@link BenchmarkPlan}. */
public final class ModelResult {
  /** What was timed. */
  public enum Kind {
    /** A prompt in steps of many tokens; llama-bench's pp. */
    PREFILL("pp"),
    /** One token of each sequence after the other; llama-bench's tg. */
    DECODE("tg");

    private final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  private final Kind kind;
  private final int tokens;
  private final int depth;
  private final int batch;
  private final KernelTier tier;
  private final int threads;
  private final long cacheBytes;
  private final long productsPerToken;
  private final Series tokensPerSecond = new Series();
  private final Series firstTokenSeconds = new Series();
  private final Series allocatedPerToken = new Series();
  private final Series readRates = new Series();
  private final Series productRates = new Series();
  private final WeightReads reads = new WeightReads();
  private @Nullable Energy energy;

  /**
   * @param cacheBytes bytes of keys and values that one repetition reads
   */
  ModelResult(
      Kind kind,
      int tokens,
      int depth,
      int batch,
      KernelTier tier,
      int threads,
      long cacheBytes,
      long productsPerToken) {
    this.kind = kind;
    this.tokens = tokens;
    this.depth = depth;
    this.batch = batch;
    this.tier = tier;
    this.threads = threads;
    this.cacheBytes = cacheBytes;
    this.productsPerToken = productsPerToken;
  }

  /** What the steps of all repetitions read of the weights. */
  WeightReads reads() {
    return reads;
  }

  /**
   * Adds a repetition.
   *
   * @param seconds how long its steps took
   * @param secondsToToken the same, until a next token was chosen
   * @param allocated bytes of Java heap that all threads took meanwhile; empty if not known
   * @param around the machine's own speed right before and after; no samples if not known
   */
  void add(double seconds, double secondsToToken, OptionalLong allocated, MachineRates around) {
    double all = (double) tokens * batch;
    tokensPerSecond.add(all / seconds);
    firstTokenSeconds.add(secondsToToken);
    allocated.ifPresent(bytes -> allocatedPerToken.add(bytes / all));
    if (around.bytes().count() > 0) {
      readRates.add(around.bytes().median());
      productRates.add(around.products().median());
    }
  }

  /** Adds what the machine took in a repetition. */
  void add(Energy more) {
    energy = energy == null ? more : energy.plus(more);
  }

  public Kind kind() {
    return kind;
  }

  /** {@code pp512}, {@code tg128}. */
  public String test() {
    return kind.label + tokens;
  }

  /** llama-bench's name, with the number of sequences before it: {@code 4×tg128 @ d512}. */
  String name() {
    return (batch > 1 ? batch + "×" : "") + test() + (depth > 0 ? " @ d" + depth : "");
  }

  /** Int8 multiply-adds for each byte read, of weights and the cache. */
  double intensity() {
    return productsPerToken / bytesPerToken();
  }

  /** Int8 multiply-adds per nanosecond, by the median. */
  double gigaMacsPerSecond() {
    return tokensPerSecond.median() * productsPerToken * 1e-9;
  }

  String label() {
    return test() + ", depth " + depth + ", batch " + batch + ", " + tier + ", threads " + threads;
  }

  /** Tokens timed, for each sequence. */
  public int tokens() {
    return tokens;
  }

  /** Tokens in the cache before. */
  public int depth() {
    return depth;
  }

  /** Sequences computed together. */
  public int batch() {
    return batch;
  }

  public KernelTier tier() {
    return tier;
  }

  public int threads() {
    return threads;
  }

  /** Of all sequences together. */
  public Series tokensPerSecond() {
    return tokensPerSecond;
  }

  /** From the prompt's tokens to the first new one; empty for a decode. */
  public OptionalDouble firstTokenSeconds() {
    return kind == Kind.PREFILL
        ? OptionalDouble.of(firstTokenSeconds.median())
        : OptionalDouble.empty();
  }

  /** Bytes of Java heap that all threads took; empty if this JVM does not count them. */
  public OptionalDouble allocatedPerToken() {
    return allocatedPerToken.count() > 0
        ? OptionalDouble.of(allocatedPerToken.median())
        : OptionalDouble.empty();
  }

  /** What the machine took, idle or not, for each token; empty if it was not counted. */
  public Optional<Energy> energyPerToken() {
    double all = (double) tokensPerSecond.count() * tokens * batch;
    return Optional.ofNullable(energy).map(sum -> sum.each(all));
  }

  /** Weights and cached values that were read. */
  public double bytesPerToken() {
    long repetitions = tokensPerSecond.count();
    double bytes = repetitions * cacheBytes + reads.bytes();
    return bytes / (repetitions * tokens * batch);
  }

  /** The share of active rows of the up matrix, where the others' weights were not read. */
  public OptionalDouble activeRows() {
    return reads.activeRows();
  }

  /** The share of hidden units that were not 0 in int8, where the others' weights were not read. */
  public OptionalDouble nonzeroUnits() {
    return reads.nonzeroUnits();
  }

  /** Int8 products that must be summed. */
  public long productsPerToken() {
    return productsPerToken;
  }

  /**
   * The share of the machine's read bandwidth that it used: the median of the repetitions, each by
   * the samples around it; NaN if that is not known.
   */
  public double bandwidthShare() {
    return tokensPerSecond.over(readRates).median() * bytesPerToken();
  }

  /** Like bandwidthShare(), for the int8 peak. */
  public double peakShare() {
    return tokensPerSecond.over(productRates).median() * productsPerToken;
  }
}
