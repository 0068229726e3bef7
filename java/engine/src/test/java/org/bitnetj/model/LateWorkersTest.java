package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps neither wait for workers that are stopped within a product, nor take what comes late. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LateWorkersTest {
  /** What nearly all of a step's time goes to. */
  private static final Set<String> PRODUCTS =
      Set.of(
          "ternaryProduct",
          "vectorsProduct",
          "gatedProduct",
          "sparseProduct",
          "boundLogits",
          "headProduct");

  private static final int[] TOKENS = new Random(3).ints(60, 0, 4096).toArray();

  /** The best kernels, which do something before each product. */
  private static Kernels with(Runnable before) {
    Kernels kernels = Tiers.best();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (PRODUCTS.contains(method.getName())) {
                before.run();
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static List<Integer> bits(
      Kernels kernels, int threads, boolean sparse, HeadMode head, int rows) throws Exception {
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(threads);
        Weights weights = Weights.load(file, Tiers.best(), team, head, sparse);
        Transformer transformer = new Transformer(weights, kernels, team, rows, 1);
        TextInSteps text = new TextInSteps(transformer, 512)) {
      return bits(transformer, text, rows);
    }
  }

  /** The tokens whose logits were computed, and their bits, after each of some steps. */
  private static List<Integer> bits(Transformer transformer, TextInSteps text, int rows) {
    List<Integer> bits = new ArrayList<>();
    for (int i = 0; i < TOKENS.length; i += rows) {
      text.compute(Arrays.copyOfRange(TOKENS, i, i + rows), rows - 1, LogitsNeed.best(10));
      ComputedLogits computed = transformer.computed(0);
      int count = computed.areAll() ? transformer.spec().vocabulary() : computed.count();
      for (int t = 0; t < count; t++) {
        int token = computed.areAll() ? t : computed.token(t);
        bits.add(token);
        bits.add(Float.floatToRawIntBits(transformer.logits().get(0, token)));
      }
    }
    return bits;
  }

  @ParameterizedTest
  @CsvSource({"true, 1", "true, 3", "true, 4", "false, 1", "false, 4"})
  void stopsAtRandomDoNotChangeABit(boolean sparse, int rows) throws Exception {
    Thread caller = Thread.currentThread();
    AtomicInteger products = new AtomicInteger();
    AtomicInteger stops = new AtomicInteger();
    Kernels stopped =
        with(
            () -> {
              if (Thread.currentThread() == caller) {
                LockSupport.parkNanos(10_000); // so that workers get some of this small model
              } else if (products.incrementAndGet() % 3 == 0) {
                stops.incrementAndGet();
                LockSupport.parkNanos(1_000_000); // far more than what a caller waits
              }
            });
    HeadMode head = HeadMode.SCREENED;
    List<Integer> expected = bits(Tiers.best(), 1, sparse, head, rows);
    assertEquals(expected, bits(stopped, 3, sparse, head, rows));
    assertTrue(stops.get() > 10, "stops: " + stops);
  }

  /** Holds the first product of a worker until it is let go; the caller gives it time to come. */
  private static final class Holding {
    private final Thread caller = Thread.currentThread();
    private final CountDownLatch isHeld = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicInteger productsWithout = new AtomicInteger();

    void beforeProduct() {
      try {
        if (Thread.currentThread() != caller) {
          if (isHeld.getCount() > 0) {
            isHeld.countDown();
            assertTrue(goOn.await(100, TimeUnit.SECONDS), "the step waits for this thread");
          }
        } else if (isHeld.await(goOn.getCount() > 0 ? 10 : 0, TimeUnit.MILLISECONDS)) {
          productsWithout.incrementAndGet();
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"true, SCREENED", "false, SCREENED", "true, FULL"})
  void stepsNeedNoWorkerThatIsHeldInAProduct(boolean sparse, HeadMode head) throws Exception {
    List<Integer> expected = bits(Tiers.best(), 1, sparse, head, 1);
    Holding holding = new Holding();
    Kernels kernels = with(holding::beforeProduct);
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, Tiers.best(), team, head, sparse)) {
      Transformer transformer = new Transformer(weights, kernels, team, 1, 1);
      Thread closing = new Thread(transformer::close);
      try (TextInSteps text = new TextInSteps(transformer, 512)) {
        assertEquals(expected, bits(transformer, text, 1));
        assertTrue(holding.productsWithout.get() > 100, "products while the worker was held");
        closing.start();
        closing.join(50);
        assertTrue(closing.isAlive(), "the worker still reads what would be freed");
      } finally {
        holding.goOn.countDown();
      }
      closing.join();
    }
  }
}
