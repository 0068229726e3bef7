package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Once it is compiled, a step of decoding, of one sequence or of several, and the choice of tokens
 * take nothing from the Java heap, on any thread.
 */
class DecodeAllocationTest {
  private static final int STEPS = 200;

  /** Past the first 256 positions, for which there are tables from the start. */
  private static final int CONTEXT = 300;

  /** A few views of the new memory; an object for each entry would be 500,000 bytes. */
  private static final long MOST_FOR_LARGER_TABLES = 1024;

  private static final int VOCABULARY = 4096;
  private static final int[] TOKEN = new int[1];
  private static final com.sun.management.ThreadMXBean BEAN =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** A busy machine takes its time to compile. */
  private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;

  @ParameterizedTest
  @CsvSource({
    "1, FULL, 1",
    "2, FULL, 1",
    "1, SCREENED, 1",
    "2, SCREENED, 1",
    "2, FULL, 3",
    "1, SCREENED, 3",
    "2, SCREENED, 5"
  })
  void aStepAllocatesNothing(int threads, HeadMode head, int sequences) throws Exception {
    Kernels kernels = Tiers.best();
    assumeTrue(kernels.tier().isNative(), "there are no native kernels");
    allocatesNothing(kernels, threads, head, sequences);
  }

  @Test
  void aStepOfTheVectorKernelsAllocatesNothing() throws Exception {
    allocatesNothing(Tiers.orSkip(KernelTier.VECTOR), 1, HeadMode.FULL, 1);
  }

  private static void allocatesNothing(Kernels kernels, int threads, HeadMode head, int sequences)
      throws Exception {
    Sampler greedy = new Sampler(SamplingOptions.greedy(), VOCABULARY);
    Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(threads);
        Weights weights = Weights.load(file, kernels, team, head, true);
        Transformer transformer = new Transformer(weights, kernels, team, 8, 5);
        TextInSteps text = new TextInSteps(transformer, STEPS)) {
      BlockTable[] tables = new BlockTable[sequences];
      Arrays.setAll(tables, i -> i == 0 ? text.table() : text.pool().newTable(STEPS));
      assertEquals(
          head == HeadMode.SCREENED, weights.lowBitHead() != null, "a low-bit copy of the head");
      long[] workers =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> !before.contains(thread))
              .mapToLong(Thread::threadId)
              .toArray();
      assertEquals(threads - 1, workers.length, "workers");
      long allocated = -1;
      long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
      while (allocated != 0 && System.nanoTime() < deadline) {
        for (BlockTable table : tables) {
          table.truncate(0);
        }
        long others = allocatedBy(workers);
        long mine = BEAN.getCurrentThreadAllocatedBytes();
        decode(transformer, tables, greedy, 0, STEPS);
        mine = BEAN.getCurrentThreadAllocatedBytes() - mine; // before this thread asks for others
        allocated = mine + allocatedBy(workers) - others;
      }
      assertEquals(0, allocated, "bytes in " + STEPS + " steps, at last");
    }
  }

  /** The tables of the rotary embedding grow and are filled on. */
  @Test
  void stepsToPositionsNeverUsedAllocateTheObjectsOfLargerTablesOnly() throws Exception {
    Kernels kernels = Tiers.best();
    assumeTrue(kernels.tier().isNative(), "there are no native kernels");
    Sampler greedy = new Sampler(SamplingOptions.greedy(), VOCABULARY);
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team, HeadMode.FULL, true)) {
      long allocated = Long.MAX_VALUE;
      long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
      while (allocated > MOST_FOR_LARGER_TABLES && System.nanoTime() < deadline) {
        try (Transformer transformer = new Transformer(weights, kernels, team, 8, 1);
            TextInSteps text = new TextInSteps(transformer, CONTEXT)) {
          BlockTable[] table = {text.table()};
          decode(transformer, table, greedy, 0, STEPS);
          long before = BEAN.getCurrentThreadAllocatedBytes();
          decode(transformer, table, greedy, STEPS, CONTEXT);
          allocated = BEAN.getCurrentThreadAllocatedBytes() - before;
        }
      }
      assertTrue(allocated <= MOST_FOR_LARGER_TABLES, allocated + " bytes, at last");
    }
  }

  /** Positions {@code begin} to {@code end} of every sequence, one step each. */
  private static void decode(
      Transformer transformer, BlockTable[] tables, Sampler greedy, int begin, int end) {
    for (int position = begin; position < end; position++) {
      Step step = transformer.step();
      step.clear();
      for (int i = 0; i < tables.length; i++) {
        TOKEN[0] = 300 + 7 * i + position;
        step.add(tables[i], TOKEN, 0, 1, 0, greedy.need());
      }
      transformer.forward();
      step.commit();
      for (int i = 0; i < tables.length; i++) {
        greedy.accept(greedy.sample(transformer.logits(), i, transformer.computed(i)));
      }
    }
  }

  private static long allocatedBy(long[] threads) {
    return Arrays.stream(BEAN.getThreadAllocatedBytes(threads)).sum();
  }
}
