package org.bitnetj.kernel.ffi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of many threads at once each compute on their own operands. */
class DescriptorsTest {
  private static final int CALLERS = 8;
  private static final int CALLS = 2000;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void threadsDoNotMixTheirOperands(boolean virtual) throws Exception {
    assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "this build has no native library");
    Kernels kernels =
        new NativeKernels((NativeLibrary.Loaded) NativeLibrary.status(), KernelTier.C);
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

  /** Rows of so many columns, to which that number was added again and again. */
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
