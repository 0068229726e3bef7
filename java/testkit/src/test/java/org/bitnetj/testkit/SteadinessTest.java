package org.bitnetj.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.ModelStatus;
import org.bitnetj.generate.Session;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.Test;

/**
 * Memory stays as it is while many sessions of two threads, of several lengths and ways to choose
 * tokens, come and go. {@code -Dbitnet.steady.tokens} says how many tokens they generate; the JVM
 * warms up during the first fifth.
 */
class SteadinessTest {
  private static final int TOKENS = Integer.getInteger("bitnet.steady.tokens", 5_000);
  private static final int THREADS = 2;
  private static final int MARKS = 5;

  /** Files and threads that the JVM and the test's runner may open once, at any time. */
  private static final int FEW = 4;

  private static final long KEPT_BYTES = 8 << 20;

  private static final List<GenerationOptions> CHOICES =
      List.of(
          GenerationOptions.greedy(),
          GenerationOptions.defaults(),
          GenerationOptions.defaults().withStopStrings("the end", ". Then"),
          GenerationOptions.defaults().withTopLogprobs(3),
          GenerationOptions.defaults()
              .withSampling(SamplingOptions.defaults().withTopK(0).withRepetitionPenalty(1.1)));

  private final AtomicLong generated = new AtomicLong();
  private final AtomicLong sessions = new AtomicLong();

  /**
   * What there is when nothing is generated.
   *
   * @param heap bytes in use after a collection
   * @param beside resident bytes outside the heap
   * @param used bytes of keys and values that sessions hold
   * @param kept bytes of those of texts that ended
   */
  private record Mark(
      long tokens, long heap, long beside, long used, long kept, long files, int threads) {
    @Override
    public String toString() {
      return "%d tokens: %.1f MB of heap, %.1f MB beside it, %.1f MB of keys and values, %d files,"
              .formatted(tokens, heap * 1e-6, beside * 1e-6, (used + kept) * 1e-6, files)
          + " %d threads".formatted(threads);
    }
  }

  @Test
  void memoryFilesAndThreadsStayAsTheyAre() throws Exception {
    LoadOptions options =
        LoadOptions.defaults().withThreads(2).withBatchSize(16).withKeptCacheBytes(KEPT_BYTES);
    List<Mark> marks = new ArrayList<>();
    try (LanguageModel model = LanguageModel.load(ShippedModel.path(), options);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int i = 1; i <= MARKS; i++) {
        long until = (long) TOKENS * i / MARKS;
        List<Future<?>> users = new ArrayList<>();
        for (int user = 0; user < THREADS; user++) {
          Random random = new Random(THREADS * i + user);
          users.add(threads.submit(() -> generate(model, random, until)));
        }
        for (Future<?> user : users) {
          user.get();
        }
        marks.add(mark(model));
      }
    }
    System.out.println(sessions + " sessions");
    marks.forEach(System.out::println);
    Mark early = marks.getFirst();
    Mark late = marks.getLast();
    for (Mark mark : marks) {
      assertEquals(0, mark.used, "bytes of keys and values that no session holds");
      assertTrue(mark.kept <= KEPT_BYTES, mark.toString());
      assertTrue(mark.files <= early.files + FEW, mark + " after " + early);
      assertTrue(mark.threads <= early.threads + FEW, mark + " after " + early);
    }
    assertTrue(late.heap < early.heap + (4 << 20), late + " after " + early);
    long growth = TOKENS >= 100_000 ? 32 << 20 : 48 << 20; // the JVM compiles during a short run
    assertTrue(late.beside < early.beside + growth, late + " after " + early);
  }

  private void generate(LanguageModel model, Random random, long until) {
    while (generated.get() < until) {
      sessions.incrementAndGet();
      try (Session session = model.openSession()) {
        GenerationOptions options = CHOICES.get(random.nextInt(CHOICES.size()));
        String prompt = "Story " + random.nextInt(50) + ": once upon a time";
        int length = 20 + random.nextInt(200);
        if (random.nextInt(4) == 0) { // given up halfway
          try (Stream<String> pieces =
              session.stream(prompt, options.withMaxTokens(length).withSeed(random.nextLong()))) {
            generated.addAndGet(pieces.limit(length / 2).count());
          }
        } else {
          GenerationResult result =
              session.generate(
                  prompt,
                  options.withMaxTokens(length).withSeed(random.nextLong()),
                  GenerationListener.NONE);
          generated.addAndGet(result.tokens().length);
        }
      }
    }
  }

  private Mark mark(LanguageModel model) throws Exception {
    System.gc();
    ModelStatus status = model.status();
    return new Mark(
        generated.get(),
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        BesideHeap.residentBytes(),
        status.usedCacheBytes(),
        status.keptCacheBytes(),
        files(),
        ManagementFactory.getThreadMXBean().getThreadCount());
  }

  private static long files() {
    String[] files = new File("/proc/self/fd").list();
    return files == null ? 0 : files.length;
  }
}
