package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sequences share steps and blocks, and change no bit of each other. */
@Timeout(120)
class EngineTest extends GatedEngine {
  /** The logits of texts of which the first one's step lasts until all the others wait. */
  private List<Future<int[]>> firstAloneThenTogether(Gate gate, int[][] texts) throws Exception {
    List<Future<int[]>> results = new ArrayList<>();
    gate.shut();
    for (int[] text : texts) {
      SequenceState sequence = gate.engine.open(F16, 64);
      results.add(
          threads.submit(
              () -> {
                sequence.compute(text, 0, text.length, text.length - 1, LogitsNeed.all());
                return bits(sequence);
              }));
      if (results.size() == 1) {
        gate.awaitStep();
      } else {
        awaitWaiting(sequence);
      }
    }
    gate.open();
    return results;
  }

  @Test
  void whoWaitsDuringAStepSharesTheNextOneAndGetsTheBitsItHasAlone() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 16)) {
      int[][] texts = {{4094, 5, 6}, {4094, 7}, {4094, 8, 9, 10}, {4094}};
      int[][] expected = new int[texts.length][];
      for (int i = 0; i < texts.length; i++) {
        expected[i] = alone(gate.engine, texts[i]);
      }
      int before = gate.rows().size();
      List<Future<int[]>> results = firstAloneThenTogether(gate, texts);
      for (int i = 0; i < texts.length; i++) {
        assertArrayEquals(expected[i], results.get(i).get(), "sequence " + i);
      }
      assertEquals(List.of(3, 2 + 4 + 1), gate.rows().subList(before, before + 2));
    }
  }

  @Test
  void aLongPromptBesideSingleTokensIsComputedInSmallPieces() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 64);
        Gate other = new Gate(Golden.MODEL, 64)) {
      int[] prompt = IntStream.range(0, 40).map(i -> 4094 - i).toArray();
      int[][] texts = {{4094, 5, 6}, prompt, {4094}, {4093}};
      List<Future<int[]>> results = firstAloneThenTogether(gate, texts);
      for (int i = 0; i < texts.length; i++) {
        assertArrayEquals(alone(other.engine, texts[i]), results.get(i).get(), "sequence " + i);
      }
      assertEquals(List.of(3, 8 + 2, 32), gate.rows());
    }
  }

  /** Of the best logit alone, the others may be left out. */
  @ParameterizedTest
  @EnumSource(names = {"SCREENED", "FULL"})
  void hiddenStatesBesideLogitsHaveTheBitsTheyHaveAlone(HeadMode head) throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 16, head)) {
      int[][] texts = {{4094}, {4094, 5, 6}, {4094, 7}, {4094, 8, 9, 10}, {4094, 11}};
      List<LogitsNeed> needs =
          List.of(
              LogitsNeed.all(),
              LogitsNeed.hiddenState(),
              LogitsNeed.best(1),
              LogitsNeed.hiddenState(),
              LogitsNeed.all());
      int[][] expected = new int[texts.length][];
      for (int i = 0; i < texts.length; i++) {
        boolean hidden = needs.get(i).isHiddenState();
        expected[i] = alone(gate.engine, texts[i], hidden ? needs.get(i) : LogitsNeed.all());
        assertEquals(
            hidden ? gate.engine.spec().width() : gate.engine.spec().vocabulary(),
            expected[i].length);
      }
      int before = gate.rows().size();
      List<SequenceState> sequences = new ArrayList<>();
      List<Future<int[]>> results = new ArrayList<>();
      gate.shut();
      for (int i = 0; i < texts.length; i++) {
        int[] text = texts[i];
        LogitsNeed need = needs.get(i);
        SequenceState sequence = gate.engine.open(F16, 64);
        sequences.add(sequence);
        results.add(
            threads.submit(
                () -> {
                  sequence.compute(text, 0, text.length, text.length - 1, need);
                  return bits(sequence);
                }));
        if (sequences.size() == 1) {
          gate.awaitStep();
        } else {
          awaitWaiting(sequence);
        }
      }
      gate.open();
      for (int i = 0; i < texts.length; i++) {
        int[] actual = results.get(i).get();
        if (i == 2) {
          ComputedLogits computed = sequences.get(i).computed(0);
          assertEquals(head == HeadMode.SCREENED, !computed.areAll());
          int best = best(expected[i]);
          boolean listed = computed.areAll();
          for (int t = 0; t < computed.count(); t++) {
            int token = computed.token(t);
            assertEquals(expected[i][token], actual[token]);
            listed |= token == best;
          }
          assertTrue(listed);
        } else {
          assertArrayEquals(expected[i], actual, "sequence " + i);
        }
      }
      assertEquals(List.of(1, 3 + 2 + 4 + 2), gate.rows().subList(before, before + 2));
    }
  }

  /** As of a token and the drafts behind it, here in two steps. */
  @Test
  void everyRowOfASequenceHasLogitsOfItsOwnWhereTheHeadIsScreened() throws Exception {
    int[] text = {4094, 5, 6, 7, 8, 9};
    try (Gate gate = new Gate(Golden.MODEL, 4, HeadMode.SCREENED);
        SequenceState sequence = gate.engine.open(F16, 64)) {
      sequence.compute(text, 0, text.length, 2, LogitsNeed.best(1));
      for (int row = 0; row < 4; row++) {
        int[] all = alone(gate.engine, Arrays.copyOf(text, row + 3), LogitsNeed.all());
        ComputedLogits computed = sequence.computed(row);
        assertFalse(computed.areAll(), "row " + row);
        List<Integer> tokens =
            IntStream.range(0, computed.count()).mapToObj(computed::token).toList();
        assertTrue(tokens.contains(best(all)), "row " + row);
        for (int token : tokens) {
          int actual = Float.floatToIntBits(sequence.logits().get(row, token));
          assertEquals(all[token], actual, "row " + row + ", token " + token);
        }
      }
    }
  }

  /** The token of the largest logit. */
  private static int best(int[] bits) {
    int best = 0;
    for (int i = 1; i < bits.length; i++) {
      if (Float.intBitsToFloat(bits[i]) > Float.intBitsToFloat(bits[best])) {
        best = i;
      }
    }
    return best;
  }

  @ParameterizedTest
  @EnumSource(names = {"SCREENED", "FULL"})
  void aSequenceMayAskForLogitsAndHiddenStatesByTurns(HeadMode head) throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 16, head);
        SequenceState sequence = gate.engine.open(F16, 64)) {
      int[] text = {4094, 5, 6, 7, 8, 9};
      for (int at = 0; at < text.length; at += 2) {
        LogitsNeed need = at == 2 ? LogitsNeed.hiddenState() : LogitsNeed.all();
        sequence.compute(text, at, at + 2, at + 1, need);
        int[] expected = alone(gate.engine, Arrays.copyOf(text, at + 2), need);
        assertArrayEquals(expected, bits(sequence), "after " + (at + 2) + " tokens");
      }
    }
  }

  @Test
  void randomLoadChangesNoBit() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      Random random = new Random(5);
      List<Future<?>> ends = new ArrayList<>();
      for (int t = 0; t < 6; t++) {
        long seed = random.nextLong();
        boolean virtual = t % 2 == 1;
        Runnable load = () -> load(gate.engine, new Random(seed));
        ends.add(
            threads.submit(
                () -> {
                  if (!virtual) {
                    load.run();
                    return null;
                  }
                  Throwable[] failure = new Throwable[1];
                  Thread thread =
                      Thread.ofVirtual()
                          .uncaughtExceptionHandler((unused, e) -> failure[0] = e)
                          .start(load);
                  thread.join();
                  if (failure[0] != null) {
                    throw new AssertionError(failure[0]);
                  }
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
      assertEquals(0, gate.engine.usedBlocks());
    }
  }

  /** Texts that begin alike, in chunks, with cuts; each against itself computed alone. */
  private static void load(Engine engine, Random random) {
    int[] common = new Random(1).ints(300, 0, 4096).toArray();
    try (SequenceState sequence = engine.open(F16, 512)) {
      for (int round = 0; round < 4; round++) {
        int[] text = common.clone();
        int from = random.nextInt(text.length);
        for (int i = from; i < text.length; i++) {
          text[i] = random.nextInt(4096);
        }
        int at = sequence.adopt(text, text.length - 1);
        while (at < text.length) {
          int to = Math.min(text.length, at + 1 + random.nextInt(2 * engine.batchCapacity()));
          sequence.compute(text, at, to, to == text.length ? to - 1 : to, LogitsNeed.all());
          at = to;
        }
        int[] actual = bits(sequence);
        assertArrayEquals(text, sequence.tokens());
        sequence.rest();
        if (round == 3) {
          sequence.adopt(new int[0], 0);
          assertArrayEquals(alone(engine, text), actual);
        }
      }
    }
  }

  @Test
  void aPrefixThatAnotherSequenceHoldsIsNotComputedAgain() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 64)) {
      int[] text = new Random(2).ints(400, 0, 4096).toArray();
      try (SequenceState first = gate.engine.open(F16, 512);
          SequenceState second = gate.engine.open(F16, 512)) {
        first.compute(text, 0, 400, 399, LogitsNeed.all());
        assertEquals(2, gate.engine.usedBlocks());
        assertEquals(399, second.adopt(text, 399));
        assertEquals(3, gate.engine.usedBlocks(), "one block shared, the last one copied");
        second.compute(text, 399, 400, 399, LogitsNeed.all());
        assertArrayEquals(bits(first), bits(second));
      }
      assertEquals(0, gate.engine.usedBlocks(), "closed sequences give their memory back");
    }
  }

  @Test
  void virtualThreadsNeitherComputeNorHold() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      String[] computing = new String[1];
      gate.transformer.observe(
          (point, rows, count) -> {
            if (point.equals("embed")) {
              computing[0] = Thread.currentThread().getName();
            }
          });
      Thread virtual =
          Thread.startVirtualThread(
              () -> {
                try (SequenceState sequence = gate.engine.open(F16, 8)) {
                  sequence.compute(new int[] {1, 2}, 0, 2, 1, LogitsNeed.all());
                }
              });
      virtual.join();
      assertEquals("bitnet-engine", computing[0]);
    }
  }

  /** One sequence continues token by token, another one has its cache in the other type. */
  @Test
  void aCacheOfAnotherTypeGetsItsTurn() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      answersWhileOthersGoOn(gate, 1, AttentionLayer.Type.F32);
    }
  }

  /** More sequences go on token by token than a step has rows. */
  @Test
  void aPromptGetsItsTurnAmongMoreSequencesThanAStepHasRows() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 2)) {
      answersWhileOthersGoOn(gate, 4, F16);
    }
  }

  private void answersWhileOthersGoOn(Gate gate, int others, AttentionLayer.Type type)
      throws Exception {
    CountDownLatch going = new CountDownLatch(others);
    CountDownLatch answered = new CountDownLatch(1);
    List<Future<Integer>> ends = new ArrayList<>();
    for (int i = 0; i < others; i++) {
      ends.add(
          threads.submit(
              () -> {
                try (SequenceState sequence = gate.engine.open(F16, 512)) {
                  int[] ids = new int[512];
                  int length = 0;
                  while (length < 512 && answered.getCount() > 0) {
                    sequence.compute(ids, length, ++length, length, LogitsNeed.all());
                    going.countDown();
                  }
                  return length;
                }
              }));
    }
    going.await();
    try (SequenceState prompt = gate.engine.open(type, 16)) {
      prompt.compute(new int[8], 0, 8, 7, LogitsNeed.all());
      answered.countDown();
    }
    for (Future<Integer> end : ends) {
      assertTrue(end.get() < 512, "answered only after the others had ended");
    }
  }

  @Test
  void nothingIsComputedOfNoTokens() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8);
        SequenceState sequence = gate.engine.open(F16, 8)) {
      sequence.compute(new int[] {1, 2}, 1, 1, 0, LogitsNeed.all());
      assertEquals(0, sequence.length());
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> sequence.compute(new int[] {1, 2}, 1, 3, 0, LogitsNeed.all()));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> sequence.compute(new int[] {1, 2}, 2, 1, 0, LogitsNeed.all()));
    }
  }

  @Test
  void contextsThatCannotBeAreRefused() throws Exception {
    try (Gate gate = new Gate(Golden.MODEL, 8)) {
      String most =
          assertThrows(ContextOverflowException.class, () -> gate.engine.open(F16, 513))
              .getMessage();
      assertTrue(most.startsWith("a context of 513 positions is more than the 512 that"), most);
    }
  }
}
