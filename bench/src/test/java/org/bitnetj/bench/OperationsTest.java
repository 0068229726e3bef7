package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bitnetj.cli.bench.Attention;
import org.bitnetj.cli.bench.EmptyCall;
import org.bitnetj.cli.bench.HeadProduct;
import org.bitnetj.cli.bench.Operation;
import org.bitnetj.cli.bench.Quantization;
import org.bitnetj.cli.bench.TernaryProduct;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.selection.KernelSelection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is timed computes the same bits on every tier of this machine, and counts its work. */
class OperationsTest {
  @Test
  void ternaryProduct() {
    sameOnEveryTier(tier -> new TernaryProduct(tier, 100, 333, 3, 1));
    try (Operation operation = new TernaryProduct(KernelTier.SCALAR, 100, 333, 3, 1)) {
      assertEquals(112 * 336 / 4, operation.bytes());
      assertEquals(100 * 333 * 3, operation.products());
    }
  }

  @Test
  void copiesOfAMatrixTakeTurnsAndAreEqual() {
    sameOnEveryTier(
        tier -> {
          Operation operation = new TernaryProduct(tier, 32, 64, 1, 3);
          operation.next();
          operation.next();
          return operation;
        });
  }

  @ParameterizedTest
  @EnumSource
  void headProduct(FloatMatrix.Type type) {
    sameOnEveryTier(tier -> new HeadProduct(tier, type, 19, 512, 2));
    try (Operation operation = new HeadProduct(KernelTier.SCALAR, type, 19, 512, 2)) {
      assertEquals(19L * 512 / type.blockElements() * type.blockBytes(), operation.bytes());
      assertEquals(19 * 512 * 2, operation.products());
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

  /** In the steady state: once everything is compiled, a thousand calls allocate nothing. */
  private static void allocatesNothing(Operation operation, KernelTier tier) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = -1;
    for (int batch = 0; batch < 60 && allocated != 0; batch++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        operation.next();
        operation.compute();
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertEquals(0, allocated, tier + ", " + operation.getClass().getSimpleName());
  }

  @Test
  void nativeKernelsAllocateNothing() {
    for (KernelTier tier : runningTiers().stream().filter(KernelTier::isNative).toList()) {
      for (Function<KernelTier, Operation> maker :
          List.<Function<KernelTier, Operation>>of(
              t -> new TernaryProduct(t, 16, 32, 2, 2),
              t -> new HeadProduct(t, FloatMatrix.Type.F16, 8, 32, 1),
              t -> new Quantization(t, 2, 32),
              t -> new Attention(t, 2, 1, 16, 4),
              EmptyCall::new)) {
        try (Operation operation = maker.apply(tier)) {
          allocatesNothing(operation, tier);
        }
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
