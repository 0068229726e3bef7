package org.bitnetj.kernel.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Rope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of many threads at once each compute on their operands, some of them shared. */
class DescriptorsTest {
  private static final int CALLERS = 8;
  private static final int CALLS = 2000;
  private static final int SHARED = 200;

  private static Kernels kernels() {
    assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "this build has no native library");
    return new NativeKernels((NativeLibrary.Loaded) NativeLibrary.status(), KernelTier.C);
  }

  /** Threads that start together each get new operands that no call has seen. */
  @Test
  void threadsMayShareAnOperandFromItsFirstCallOn() throws Exception {
    Kernels kernels = kernels();
    try (NativeMemory memory = new NativeMemory();
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      for (int round = 0; round < SHARED; round++) {
        FloatRows ones = FloatRows.allocate(memory, 1, 3);
        for (int i = 0; i < 3; i++) {
          ones.set(0, i, 1);
        }
        FloatRows rows = FloatRows.allocate(memory, CALLERS, 3);
        CyclicBarrier start = new CyclicBarrier(CALLERS);
        List<Future<?>> ends = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
          FloatRows own = FloatRows.allocate(memory, 1, 3);
          int row = caller;
          ends.add(
              callers.submit(
                  () -> {
                    start.await();
                    kernels.add(own, ones, 0, 1);
                    rows.copyRow(own, 0, row);
                    return null;
                  }));
        }
        for (Future<?> end : ends) {
          end.get();
        }
        for (int i = 0; i < 3 * CALLERS; i++) {
          assertEquals(1, rows.get(i / 3, i % 3), "round " + round);
        }
      }
    }
  }

  /** Position 300 lies beyond the first tables of a rotation. */
  @Test
  void aCallSeesTablesThatHaveGrownSinceTheLastOne() {
    Kernels kernels = kernels();
    try (NativeMemory memory = new NativeMemory()) {
      Rope rope = new Rope(memory, 16, 16, 1e4, Rope.Style.HALVES, 1024);
      Batch batch = new Batch(memory, 1);
      for (int position : new int[] {0, 300}) {
        rope.reach(position);
        batch.clear();
        batch.add(Batch.table(memory, 0, 1), position, 0, false);
        FloatRows x = FloatRows.allocate(memory, 1, 16);
        FloatRows y = FloatRows.allocate(memory, 1, 16);
        for (int i = 0; i < 16; i++) {
          x.set(0, i, i + 1);
          y.set(0, i, i + 1);
        }
        kernels.rotate(rope, batch, x, 0, 1);
        new ScalarKernels().rotate(rope, batch, y, 0, 1);
        for (int i = 0; i < 16; i++) {
          assertEquals(y.get(0, i), x.get(0, i), "position " + position + ", element " + i);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void threadsDoNotMixTheirOperands(boolean virtual) throws Exception {
    Kernels kernels = kernels();
    try (NativeMemory memory = new NativeMemory();
        ExecutorService callers =
            virtual
                ? Executors.newVirtualThreadPerTaskExecutor()
                : Executors.newFixedThreadPool(CALLERS)) {
      List<Future<FloatRows>> sums = new ArrayList<>();
      for (int caller = 1; caller <= CALLERS; caller++) {
        int columns = caller;
        sums.add(callers.submit(() -> sum(kernels, memory, columns)));
      }
      for (Future<FloatRows> sum : sums) {
        FloatRows x = sum.get();
        for (int i = 0; i < x.columns(); i++) {
          assertEquals(CALLS * x.columns(), x.get(0, i), "caller " + x.columns());
        }
      }
    }
  }

  /** A row of {@code columns} columns, to which that number was added again and again. */
  private static FloatRows sum(Kernels kernels, NativeMemory memory, int columns) {
    FloatRows x = FloatRows.allocate(memory, 1, columns);
    FloatRows y = FloatRows.allocate(memory, 1, columns);
    for (int i = 0; i < columns; i++) {
      y.set(0, i, columns);
    }
    for (int call = 0; call < CALLS; call++) {
      kernels.add(x, y, 0, 1);
    }
    return x;
  }
}
