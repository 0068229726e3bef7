package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.jspecify.annotations.Nullable;

/**
 * What linear layers read: rows quantized to int8 for ternary weights and, where some weight of the
 * model is of floats or has a norm of its own, the same rows before that.
 *
 * @param floats null if no weight needs them
 * @param none no norm, for rows that have had theirs
 * @param own the rows again, for weights with norms of their own, one after the other; null if
 *     there are none
 */
record LinearInput(
    QuantizedRows quantized, @Nullable FloatRows floats, Norm none, @Nullable LinearInput own) {
  static LinearInput allocate(NativeMemory memory, int capacity, int columns, Weights weights) {
    boolean norms = weights.hasInputNorms();
    boolean floats = weights.hasFloats();
    LinearInput own =
        norms ? allocate(memory, capacity, columns, weights.cut(), floats, null) : null;
    return allocate(memory, capacity, columns, weights.cut(), floats || norms, own);
  }

  private static LinearInput allocate(
      NativeMemory memory,
      int capacity,
      int columns,
      RowGroups cut,
      boolean floats,
      @Nullable LinearInput own) {
    return new LinearInput(
        QuantizedRows.allocate(memory, capacity, columns, cut),
        floats ? FloatRows.allocate(memory, capacity, columns) : null,
        Norm.none(columns),
        own);
  }

  /**
   * Takes {@code norm(x)}, by rows. They are quantized even if no ternary weight reads them: that
   * is where a NaN or an infinity shows.
   *
   * @return false if some value is NaN or infinite
   */
  boolean take(Kernels kernels, FloatRows x, Norm norm, int begin, int end) {
    if (floats != null) {
      kernels.normalize(x, norm, floats, begin, end);
      return kernels.quantize(floats, none, quantized, begin, end);
    }
    return kernels.quantize(x, norm, quantized, begin, end);
  }
}
