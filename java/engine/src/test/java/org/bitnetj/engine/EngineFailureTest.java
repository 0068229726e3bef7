package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sequences share failures of nobody but their own, and may be closed at any time. */
@Timeout(120)
class EngineFailureTest extends GatedEngine {
  @Test
  void aSequenceWhoseNumbersBreakFailsAlone() throws Exception {
    Path path = new TinyModel().write(folder.resolve("tiny.gguf"));
    TinyModel.spoilEmbedding(path, 7);
    try (Gate gate = new Gate(path, 8)) {
      int[] expected = alone(gate.engine, new int[] {1, 2});
      List<SequenceState> sequences = new ArrayList<>();
      List<Future<int[]>> results = new ArrayList<>();
      gate.shut();
      for (int token : new int[] {3, 2, 7, 2}) { // 7 is the spoilt one
        SequenceState sequence = gate.engine.open(F16, 8);
        sequences.add(sequence);
        results.add(
            threads.submit(
                () -> {
                  sequence.compute(new int[] {1, token}, 0, 2, 1, LogitsNeed.all());
                  return bits(sequence);
                }));
        if (sequences.size() == 1) {
          gate.awaitStep();
        } else {
          awaitWaiting(sequence);
        }
      }
      gate.open();
      assertArrayEquals(expected, results.get(1).get());
      assertArrayEquals(expected, results.get(3).get());
      ExecutionException e = assertThrows(ExecutionException.class, () -> results.get(2).get());
      assertInstanceOf(NonFiniteException.class, e.getCause());
      assertEquals(0, sequences.get(2).length(), "as before");
      sequences.get(2).compute(new int[] {1, 2}, 0, 2, 1, LogitsNeed.all());
      assertArrayEquals(expected, bits(sequences.get(2)), "and it continues");
    }
  }

  @Test
  void anErrorInAStepReachesWhoWaitsForIt() throws Exception {
    Path path = new TinyModel().write(folder.resolve("tiny.gguf"));
    try (Gate gate = new Gate(path, 8)) {
      int[] expected = alone(gate.engine, new int[] {1, 2});
      SequenceState sequence = gate.engine.open(F16, 8);
      Error error = new OutOfMemoryError("no room for an object");
      gate.fail(error);
      assertSame(
          error,
          assertThrows(
              OutOfMemoryError.class,
              () -> sequence.compute(new int[] {1, 2}, 0, 2, 1, LogitsNeed.all())));
      assertEquals(0, sequence.length(), "as before");
      sequence.compute(new int[] {1, 2}, 0, 2, 1, LogitsNeed.all());
      assertArrayEquals(expected, bits(sequence), "and it continues");
    }
  }

  @Test
  void ofAStepThatFailsByAnErrorEachSequenceIsComputedByItself() throws Exception {
    Path path = new TinyModel().write(folder.resolve("tiny.gguf"));
    try (Gate gate = new Gate(path, 8)) {
      int[] expected = alone(gate.engine, new int[] {1, 2});
      List<Future<int[]>> results = new ArrayList<>();
      gate.shut();
      for (int i = 0; i < 3; i++) {
        SequenceState sequence = gate.engine.open(F16, 8);
        results.add(
            threads.submit(
                () -> {
                  sequence.compute(new int[] {1, 2}, 0, 2, 1, LogitsNeed.all());
                  return bits(sequence);
                }));
        if (i == 0) {
          gate.awaitStep();
          gate.fail(new AssertionError("in the step of the two that wait"));
        } else {
          awaitWaiting(sequence);
        }
      }
      gate.open();
      for (Future<int[]> result : results) {
        assertArrayEquals(expected, result.get());
      }
      assertEquals(
          List.of(2, 4, 2, 2), gate.rows().subList(gate.rows().size() - 4, gate.rows().size()));
    }
  }

  /** Two share a cache and a step, and one of them breaks it; two of another cache go on. */
  @Test
  void whoFailedTogetherIsComputedAloneBeforeOthersComeAgain() throws Exception {
    Path path = new TinyModel().write(folder.resolve("tiny.gguf"));
    TinyModel.spoilEmbedding(path, 7);
    try (Gate gate = new Gate(path, 8)) {
      CountDownLatch done = new CountDownLatch(2);
      List<Future<Integer>> others = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        others.add(
            threads.submit(
                () -> {
                  int steps = 0;
                  while (done.getCount() > 0 && steps < 2000) {
                    try (SequenceState sequence = gate.engine.open(AttentionLayer.Type.F32, 8)) {
                      sequence.compute(new int[] {1}, 0, 1, 0, LogitsNeed.all());
                      steps++;
                    }
                  }
                  return steps;
                }));
      }
      List<Future<Boolean>> pair = new ArrayList<>();
      for (int token : new int[] {7, 2}) { // 7 is the spoilt one
        pair.add(
            threads.submit(
                () -> {
                  try (SequenceState sequence = gate.engine.open(F16, 8)) {
                    sequence.compute(new int[] {1, token}, 0, 2, 1, LogitsNeed.all());
                    return true;
                  } catch (NonFiniteException e) {
                    return false;
                  } finally {
                    done.countDown();
                  }
                }));
      }
      assertEquals(false, pair.get(0).get());
      assertEquals(true, pair.get(1).get());
      for (Future<Integer> other : others) {
        assertTrue(other.get() < 2000, "the pair waited until the others had ended");
      }
    }
  }

  /** A prompt of many steps; the closer does not wait for its end. */
  @Test
  void closingASequenceInTheMiddleOfItsPromptEndsItSoon() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 2)) {
      SequenceState sequence = gate.engine.open(F16, 512);
      gate.shut();
      Future<?> computing =
          threads.submit(() -> sequence.compute(new int[500], 0, 500, 500, LogitsNeed.all()));
      gate.awaitStep();
      Future<?> closing = threads.submit(sequence::close);
      while (!sequence.closing) {
        Thread.sleep(1);
      }
      gate.open();
      closing.get();
      ExecutionException e = assertThrows(ExecutionException.class, computing::get);
      assertEquals("This session is closed; open another one.", e.getCause().getMessage());
      assertTrue(gate.rows().size() < 10, gate.rows().size() + " steps");
    }
  }

  @Test
  void closingASequenceThatWaitsEndsItsWaitAndOnlyIts() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      gate.shut();
      SequenceState first = gate.engine.open(F16, 8);
      SequenceState second = gate.engine.open(F16, 8);
      Future<?> computing =
          threads.submit(() -> first.compute(new int[] {1}, 0, 1, 0, LogitsNeed.all()));
      gate.awaitStep();
      Future<?> waiting =
          threads.submit(() -> second.compute(new int[] {1}, 0, 1, 0, LogitsNeed.all()));
      awaitWaiting(second);
      second.close();
      ExecutionException e = assertThrows(ExecutionException.class, waiting::get);
      assertEquals("This session is closed; open another one.", e.getCause().getMessage());
      gate.open();
      computing.get();
      assertEquals(1, first.length());
    }
  }

  @Test
  void closingTheEngineWaitsForItsStepAndEndsWhoWaits() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      gate.shut();
      SequenceState first = gate.engine.open(F16, 8);
      SequenceState second = gate.engine.open(F16, 8);
      Future<?> computing =
          threads.submit(() -> first.compute(new int[] {1}, 0, 1, 0, LogitsNeed.all()));
      gate.awaitStep();
      Future<?> waiting =
          threads.submit(() -> second.compute(new int[] {1}, 0, 1, 0, LogitsNeed.all()));
      awaitWaiting(second);
      Future<?> closing = threads.submit(gate.engine::close);
      awaitClosed(gate.engine);
      gate.open();
      closing.get();
      computing.get();
      Throwable end = assertThrows(ExecutionException.class, waiting::get).getCause();
      assertEquals("This model is closed; load it again.", end.getMessage());
      assertThrows(IllegalStateException.class, () -> gate.engine.open(F16, 8));
      assertThrows(IllegalStateException.class, first::tokens);
    }
  }

  private static void awaitClosed(Engine engine) throws InterruptedException {
    while (true) {
      try {
        engine.open(F16, 8).close();
      } catch (IllegalStateException closed) {
        return;
      }
      Thread.sleep(1);
    }
  }

  /** Four rows of logits are memory of its own, which the system takes away at once. */
  @Test
  void logitsCanBeReadWhileAnotherThreadClosesTheirSequence() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      SequenceState sequence = gate.engine.open(F16, 8);
      sequence.compute(new int[] {1, 2, 3, 4}, 0, 4, 0, LogitsNeed.all());
      FloatRows logits = sequence.logits();
      int[] before = logits.row(3).toArray(ValueLayout.JAVA_INT);
      threads.submit(sequence::close).get();
      assertArrayEquals(before, logits.row(3).toArray(ValueLayout.JAVA_INT));
      String message = assertThrows(IllegalStateException.class, sequence::logits).getMessage();
      assertEquals("This session is closed; open another one.", message);
    }
  }
}
