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
 * model is of floats, the same rows before that.
 *
 * @param floats null if no weight needs them
 * @param none no norm, for rows that have had theirs
 */
record LinearInput(QuantizedRows quantized, @Nullable FloatRows floats, Norm none) {
  static LinearInput allocate(
      NativeMemory memory, int capacity, int columns, RowGroups cut, boolean floats) {
    return new LinearInput(
        QuantizedRows.allocate(memory, capacity, columns, cut),
        floats ? FloatRows.allocate(memory, capacity, columns) : null,
        Norm.none(columns));
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
