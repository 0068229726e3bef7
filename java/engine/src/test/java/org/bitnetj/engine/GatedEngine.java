package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Threads that use an engine whose steps can be held up. */
abstract class GatedEngine {
  static final AttentionLayer.Type F16 = AttentionLayer.Type.F16;

  final ExecutorService threads = Executors.newCachedThreadPool();

  @TempDir Path folder;

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  /** An engine, and a gate that its steps wait at. */
  static final class Gate implements AutoCloseable {
    final Engine engine;
    final Transformer transformer;
    private final AtomicInteger steps = new AtomicInteger();
    private final List<Integer> rows = new ArrayList<>();
    private volatile CountDownLatch open = new CountDownLatch(0);
    private volatile CountDownLatch reached = new CountDownLatch(0);
    private volatile Error error; // of the next step

    Gate(Path model, int batch) throws Exception {
      this(model, batch, HeadMode.FULL);
    }

    Gate(Path model, int batch, HeadMode head) throws Exception {
      GgufFile file = GgufFile.open(model);
      ThreadTeam team = new ThreadTeam(2);
      Weights weights = Weights.load(file, Tiers.best(), team, head, true);
      transformer = new Transformer(weights, Tiers.best(), team, batch, 4);
      transformer.observe(
          (point, step, count) -> {
            if (point.equals("embed")) {
              steps.incrementAndGet();
              synchronized (rows) {
                rows.add(count);
              }
              Error thrown = error;
              error = null;
              reached.countDown();
              awaitUninterruptibly(open);
              if (thrown != null) {
                throw thrown;
              }
            }
          });
      engine =
          new Engine(transformer, 64 << 20, 0, List.of(weights::close, team::close, file::close));
    }

    /** Lets the next step to begin fail. */
    void fail(Error error) {
      this.error = error;
    }

    /** Lets the next step begin and no further. */
    void shut() {
      open = new CountDownLatch(1);
      reached = new CountDownLatch(1);
    }

    void awaitStep() {
      awaitUninterruptibly(reached);
    }

    void open() {
      open.countDown();
    }

    List<Integer> rows() {
      synchronized (rows) {
        return List.copyOf(rows);
      }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
      try {
        assertTrue(latch.await(60, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      open();
      engine.close();
    }
  }

  static int[] bits(SequenceState sequence) {
    return sequence.logits().row(0).toArray(ValueLayout.JAVA_INT);
  }

  /** The bits of the logits after a text, computed by itself. */
  static int[] alone(Engine engine, int[] ids) {
    return alone(engine, ids, LogitsNeed.all());
  }

  /** The same, or those of the hidden state. */
  static int[] alone(Engine engine, int[] ids, LogitsNeed need) {
    try (SequenceState sequence = engine.open(F16, engine.spec().contextLength())) {
      for (int from = 0; from < ids.length; from += engine.batchCapacity()) {
        int to = Math.min(ids.length, from + engine.batchCapacity());
        sequence.compute(ids, from, to, ids.length - 1, need);
      }
      return bits(sequence);
    }
  }

  static void awaitWaiting(SequenceState sequence) throws InterruptedException {
    while (sequence.progress != SequenceState.Progress.WAITING) {
      Thread.sleep(1);
    }
  }
}
