package org.bitnetj.synth;

/**
 * Random 64-bit words that can be asked for in any order: word {@code n} of a stream is
 * SplitMix64's output after {@code n + 1} steps from the state {@code key}. So a file can be filled
 * by any number of threads in pieces of any size and comes out the same.
 *
 * <p>Source of the constants: Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014 (variant 13 of Stafford's mixers, as in {@code java.util.SplittableRandom}).
 */
record CounterRandom(long key) {
  private static final long STEP = 0x9E3779B97F4A7C15L;

  /** The stream of that number under a seed; streams of different numbers are unrelated. */
  static CounterRandom of(long seed, long stream) {
    return new CounterRandom(mix(mix(seed + STEP) ^ (stream + 1) * STEP));
  }

  long word(long n) {
    return mix(key + (n + 1) * STEP);
  }

  /** Uniform in [0, 1), in steps of 2^-24: exact as a float. */
  float unit(long n) {
    return (word(n) >>> 40) * 0x1p-24f;
  }

  private static long mix(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }
}
