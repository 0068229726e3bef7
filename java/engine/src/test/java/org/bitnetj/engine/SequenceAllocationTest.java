package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Once it is compiled, the way of a token takes nothing from the Java heap on any thread: through
 * the scheduler, the step, the block tables and the sampler back to the sequence, past the end of a
 * block of keys and values too. What texts of it cost is in {@code TextAllocationTest}.
 */
class SequenceAllocationTest {
  private static final int VOCABULARY = 4096;
  private static final int PROMPT = 12;
  private static final int TOKENS = 300;

  /** Rounds in a row that allocate nothing: one may do so by luck. */
  private static final int ROUNDS = 4;

  /** A busy machine takes its time to compile. */
  private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;

  private static final com.sun.management.ThreadMXBean BEAN =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private enum Choice {
    GREEDY(SamplingOptions.greedy()),
    SAMPLED(SamplingOptions.defaults().withSeed(3)),
    PENALIZED(SamplingOptions.defaults().withSeed(3).withRepetitionPenalty(1.1)),
    OF_ALL_TOKENS(SamplingOptions.defaults().withSeed(3).withTopK(0));

    final SamplingOptions options;

    Choice(SamplingOptions options) {
      this.options = options;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aTokenAllocatesNothing(Choice choice) throws Exception {
    Kernels kernels = Tiers.best();
    assumeTrue(kernels.tier().isNative(), "there are no native kernels");
    Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
    GgufFile file = GgufFile.open(Golden.MODEL);
    ThreadTeam team = new ThreadTeam(2);
    Weights weights = Weights.load(file, kernels, team, HeadMode.SCREENED, true);
    Transformer transformer = new Transformer(weights, kernels, team, 16, 4);
    try (Engine engine =
            new Engine(
                transformer,
                64 << 20,
                64 << 20,
                List.of(weights::close, team::close, file::close));
        SequenceState sequence = engine.open(AttentionLayer.Type.F16, PROMPT + TOKENS)) {
      long[] others =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> !before.contains(thread))
              .mapToLong(Thread::threadId)
              .toArray();
      assertEquals(1, others.length, "workers");
      Sampler sampler = new Sampler(choice.options, VOCABULARY);
      int[] prompt = new int[PROMPT];
      Arrays.setAll(prompt, i -> 300 + i);
      int[] token = new int[1];
      long allocated = -1;
      int rounds = 0;
      long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
      while (rounds < ROUNDS && System.nanoTime() < deadline) {
        sequence.adopt(prompt, 0);
        sequence.compute(prompt, 0, PROMPT, PROMPT - 1, sampler.need());
        token[0] = sampler.sample(sequence.logits(), 0, sequence.computed(0));
        long theirs = Arrays.stream(BEAN.getThreadAllocatedBytes(others)).sum();
        long mine = BEAN.getCurrentThreadAllocatedBytes();
        for (int i = 1; i < TOKENS; i++) {
          sampler.accept(token[0]);
          sequence.compute(token, 0, 1, 0, sampler.need());
          token[0] = sampler.sample(sequence.logits(), 0, sequence.computed(0));
        }
        mine = BEAN.getCurrentThreadAllocatedBytes() - mine; // before this thread asks for others
        allocated = mine + Arrays.stream(BEAN.getThreadAllocatedBytes(others)).sum() - theirs;
        rounds = allocated == 0 ? rounds + 1 : 0;
      }
      assertEquals(
          ROUNDS, rounds, "rounds without allocation, at last " + allocated + " bytes in one");
    }
  }
}
