package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.selection.KernelSelection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is timed computes the same bits on every tier of this machine, and counts its work. */
class OperationsTest {
  /** A busy machine takes its time to compile. */
  private static final long MOST_WARM_UP_NANOS = 20_000_000_000L;

  @Test
  void ternaryProduct() {
    sameOnEveryTier(tier -> new TernaryProduct(tier, 100, 333, 3, 1));
    try (Operation operation = new TernaryProduct(KernelTier.SCALAR, 100, 333, 3, 1)) {
      assertEquals(112 * 336 / 4, operation.bytes());
      assertEquals(100 * 333 * 3, operation.products());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 128, 256})
  void ternaryProductByGroups(int group) {
    sameOnEveryTier(tier -> new TernaryProduct(tier, 100, 333, 3, 2, group));
    try (Operation operation = new TernaryProduct(KernelTier.SCALAR, 100, 333, 3, 1, group)) {
      int groups = (333 + group - 1) / group;
      assertEquals(112 * 336 / 4 + 112 * groups * 2, operation.bytes());
      assertEquals(100 * 333 * 3, operation.products());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {333, 336})
  void matricesTakeTurns(int columns) {
    for (int steps = 1; steps < 4; steps++) {
      int times = steps;
      sameOnEveryTier(
          tier -> {
            Operation operation = new TernaryProduct(tier, 48, columns, 1, 3);
            IntStream.range(0, times).forEach(i -> operation.next());
            return operation;
          });
    }
    try (Operation operation = new TernaryProduct(KernelTier.SCALAR, 48, columns, 1, 3)) {
      assertEquals(3, operation.operands());
      List<byte[]> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        operation.compute();
        results.add(operation.results().getFirst().toArray(ValueLayout.JAVA_BYTE));
        operation.next();
      }
      assertArrayEquals(results.get(0), results.get(3));
      for (int i = 1; i < 3; i++) {
        assertFalse(Arrays.equals(results.get(i - 1), results.get(i)), "matrices " + i);
      }
      assertFalse(Arrays.equals(results.get(0), results.get(2)));
    }
  }

  static final List<FloatFormat> FLOAT_FORMATS = WeightFormats.floats();

  @ParameterizedTest
  @FieldSource("FLOAT_FORMATS")
  void headProduct(FloatFormat type) {
    sameOnEveryTier(tier -> new HeadProduct(tier, type, 19, 512, 2));
    try (Operation operation = new HeadProduct(KernelTier.SCALAR, type, 19, 512, 2)) {
      assertEquals(19L * 512 / type.blockColumns() * type.blockBytes(), operation.bytes());
      assertEquals(19 * 512 * 2, operation.products());
    }
  }

  static final List<TernaryFormat> TERNARY_FORMATS = WeightFormats.ternary();

  @ParameterizedTest
  @FieldSource("TERNARY_FORMATS")
  void packing(TernaryFormat format) {
    sameOnEveryTier(tier -> new Packing(tier, format, 20, 512));
    try (Operation operation = new Packing(KernelTier.SCALAR, format, 20, 512)) {
      assertEquals(32 * 512 / 4, operation.bytes());
    }
  }

  @Test
  void quantization() {
    sameOnEveryTier(tier -> new Quantization(tier, 3, 333));
    try (Operation operation = new Quantization(KernelTier.SCALAR, 3, 333)) {
      assertEquals(3 * 333 * 4, operation.bytes());
    }
  }

  @Test
  void attention() {
    sameOnEveryTier(tier -> new Attention(tier, 4, 2, 64, 300));
    try (Operation operation = new Attention(KernelTier.SCALAR, 4, 2, 64, 300)) {
      assertEquals(2 * 2 * 64 * 300 * 2, operation.bytes());
      assertEquals(2 * 4 * 64 * 300, operation.products());
    }
  }

  @Test
  void anEmptyCallChangesNothing() {
    sameOnEveryTier(
        tier -> {
          EmptyCall call = new EmptyCall(tier);
          float before = call.results().getFirst().get(ValueLayout.JAVA_FLOAT, 0);
          call.compute();
          assertEquals(before, call.results().getFirst().get(ValueLayout.JAVA_FLOAT, 0));
          return call;
        });
  }

  /** In the steady state: once everything is compiled, many calls allocate nothing. */
  private static void allocatesNothing(Operation operation, KernelTier tier, int calls) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = -1;
    long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
    while (allocated != 0 && System.nanoTime() < deadline) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < calls; i++) {
        operation.next();
        operation.compute();
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertEquals(0, allocated, tier + ", " + operation.getClass().getSimpleName());
  }

  @Test
  @Tag("allocation")
  void kernelsAllocateNothing() {
    for (KernelTier tier : runningTiers()) {
      if (tier == KernelTier.SCALAR) {
        continue; // it is the definition, and allocates what makes it easy to read
      }
      for (Function<KernelTier, Operation> maker :
          List.<Function<KernelTier, Operation>>of(
              t -> new TernaryProduct(t, 16, 32, 2, 2),
              t -> new TernaryProduct(t, 16, 128, 2, 1, 64),
              t -> new HeadProduct(t, WeightFormats.F16, 8, 32, 1),
              t -> new Quantization(t, 2, 32),
              t -> new Attention(t, 2, 1, 16, 4),
              EmptyCall::new)) {
        try (Operation operation = maker.apply(tier)) {
          allocatesNothing(operation, tier, 1000);
        }
      }
    }
  }

  /** In the shapes of 2B-4T, which fill vectors and take other paths through the compiler. */
  @Test
  @Tag("allocation")
  void vectorKernelsAllocateNothingInShapesOfAModel() {
    for (Function<KernelTier, Operation> maker :
        List.<Function<KernelTier, Operation>>of(
            t -> new TernaryProduct(t, 64, 2560, 1, 1),
            t -> new TernaryProduct(t, 64, 2560, 9, 1),
            t -> new TernaryProduct(t, 60, 2570, 3, 1),
            t -> new TernaryProduct(t, 64, 2560, 1, 1, 64),
            t -> new TernaryProduct(t, 64, 2560, 9, 1, 128),
            t -> new HeadProduct(t, WeightFormats.F16, 16, 2560, 1),
            t -> new HeadProduct(t, WeightFormats.BF16, 16, 2570, 1),
            t -> new HeadProduct(t, WeightFormats.Q6_K, 16, 2560, 1),
            t -> new Quantization(t, 2, 2560),
            t -> new Attention(t, 20, 5, 128, 256),
            t -> new Attention(t, 20, 5, 128, 300))) {
      try (Operation operation = maker.apply(KernelTier.VECTOR)) {
        allocatesNothing(operation, KernelTier.VECTOR, 200);
      }
    }
  }

  @Test
  void theVectorTierIsAmongThem() {
    assertTrue(runningTiers().contains(KernelTier.VECTOR), runningTiers()::toString);
  }

  private static List<KernelTier> runningTiers() {
    return KernelSelection.choose(KernelSelection.AUTO).tiers().stream()
        .filter(
            line ->
                line.state() == KernelSelection.State.USED
                    || line.state() == KernelSelection.State.RUNS)
        .map(KernelSelection.Tier::tier)
        .toList();
  }

  private static void sameOnEveryTier(Function<KernelTier, Operation> maker) {
    try (Operation scalar = maker.apply(KernelTier.SCALAR)) {
      scalar.compute();
      assertTrue(
          scalar.results().stream()
              .allMatch(
                  part ->
                      IntStream.range(0, (int) part.byteSize())
                          .anyMatch(i -> part.get(ValueLayout.JAVA_BYTE, i) != 0)),
          "a result is zero throughout");
      for (KernelTier tier : runningTiers()) {
        try (Operation operation = maker.apply(tier)) {
          operation.compute();
          for (int part = 0; part < scalar.results().size(); part++) {
            MemorySegment expected = scalar.results().get(part);
            assertEquals(
                -1, expected.mismatch(operation.results().get(part)), tier + ", part " + part);
          }
        }
      }
    }
  }
}
