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
import java.util.concurrent.atomic.AtomicBoolean;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Steps neither wait for workers that are stopped within a product, nor take what comes late. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LateWorkersTest {
  /** What nearly all of a step's time goes to. */
  private static final Set<String> PRODUCTS =
      Set.of("ternaryProduct", "vectorsProduct", "gatedProduct", "sparseProduct", "boundLogits");

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

  /** The bits of the best logits after each of some steps. */
  private static List<Integer> bits(Kernels kernels, int threads, boolean sparse, int rows)
      throws Exception {
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(threads);
        Weights weights = Weights.load(file, Tiers.best(), team, HeadMode.SCREENED, sparse);
        Transformer transformer = new Transformer(weights, kernels, team, rows, 1);
        TextInSteps text = new TextInSteps(transformer, 512)) {
      List<Integer> bits = new ArrayList<>();
      for (int i = 0; i < TOKENS.length; i += rows) {
        text.compute(Arrays.copyOfRange(TOKENS, i, i + rows), rows - 1, LogitsNeed.best(10));
        ComputedLogits computed = transformer.computed(0);
        for (int t = 0; t < computed.count(); t++) {
          bits.add(computed.token(t));
          bits.add(Float.floatToRawIntBits(transformer.logits().get(0, computed.token(t))));
        }
      }
      return bits;
    }
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
    assertEquals(bits(Tiers.best(), 1, sparse, rows), bits(stopped, 3, sparse, rows));
    assertTrue(stops.get() > 10, "stops: " + stops);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStepNeedsNoWorkerThatIsHeldInAProduct(boolean sparse) throws Exception {
    Thread caller = Thread.currentThread();
    CountDownLatch isHeld = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger productsLeft = new AtomicInteger(200); // of several steps
    AtomicBoolean wasLate = new AtomicBoolean();
    Kernels holding =
        with(
            () -> {
              if (Thread.currentThread() != caller) {
                if (isHeld.getCount() > 0) {
                  isHeld.countDown();
                  await(goOn);
                  wasLate.set(true);
                }
              } else if (isHeld.getCount() > 0) {
                LockSupport.parkNanos(100_000); // so that the worker comes
              } else if (productsLeft.decrementAndGet() == 0) {
                goOn.countDown();
              }
            });
    assertEquals(bits(Tiers.best(), 1, sparse, 1), bits(holding, 2, sparse, 1));
    assertTrue(wasLate.get(), "the worker came back");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "the step waits for this thread");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
