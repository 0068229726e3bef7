package org.bitnetj.bench;

import java.util.Random;
import org.bitnetj.kernel.FloatRows;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.QuantizedRows;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.ffi.NativeKernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.memory.NativeMemory;

/** One ternary product on random operands: the same for every tier. Not thread-safe. */
final class TernaryProduct implements AutoCloseable {
  private final NativeMemory memory = new NativeMemory();
  private final Kernels kernels;
  private final TernaryMatrix w;
  private final QuantizedRows a;
  private final FloatRows y;

  /**
   * @throws IllegalStateException if there is no native library and the tier needs it
   * @throws IllegalArgumentException if this machine lacks the tier
   */
  TernaryProduct(KernelTier tier, int rows, int columns, int batch) {
    kernels = kernels(tier);
    Random random = new Random(rows * 31L + columns);
    w = TernaryMatrix.allocate(memory, rows, columns, 0.5f);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        w.setDigit(row, column, random.nextInt(3));
      }
    }
    a = QuantizedRows.allocate(memory, batch, columns);
    for (int row = 0; row < batch; row++) {
      int sum = 0;
      for (int column = 0; column < columns; column++) {
        byte value = (byte) random.nextInt(-128, 128);
        a.setValue(row, column, value);
        sum += value;
      }
      a.setSum(row, sum);
      a.setScale(row, (row + 1) / 127f);
    }
    y = FloatRows.allocate(memory, batch, rows);
  }

  private static Kernels kernels(KernelTier tier) {
    if (!tier.isNative()) {
      return new ScalarKernels();
    }
    return switch (NativeLibrary.status()) {
      case NativeLibrary.Loaded library -> new NativeKernels(library, tier);
      case NativeLibrary.Missing missing -> throw new IllegalStateException(missing.reason());
    };
  }

  /** The product, {@code [batch][rows]}; each call overwrites the last one's. */
  FloatRows compute() {
    kernels.ternaryProduct(w, a, y, a.capacity(), 0, w.panelCount());
    return y;
  }

  @Override
  public void close() {
    memory.close();
  }
}
