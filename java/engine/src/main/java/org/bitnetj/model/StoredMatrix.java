package org.bitnetj.model;

import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.TernaryScales;
import org.jspecify.annotations.Nullable;

/** A ternary matrix as its file has it, with its scales as products read them. */
record StoredMatrix(Tensor tensor, TernaryScales scales) {
  TernaryFormat format() {
    return (TernaryFormat) tensor.format();
  }

  int rows() {
    return (int) tensor.rows();
  }

  int columns() {
    return (int) tensor.columns();
  }

  /** The kernels for rows and columns have no digits of 3, and one scale. */
  boolean canBeSkipped() {
    return format().largestDigit() == 2 && scales instanceof TernaryScales.Tensor;
  }

  /** The panels that the file has it in, so that they can be used in place; else null. */
  @Nullable PanelLayout panelsInPlace() {
    return format() instanceof MappedFormat mapped
            && mapped.layout() instanceof PanelLayout panels
            && mapped.isUsableAt(tensor.data())
        ? panels
        : null;
  }

  /** Whether the file has it in that layout, so that it can be used in place. */
  boolean isIn(DigitLayout layout) {
    return format() instanceof MappedFormat mapped
        && mapped.layout().equals(layout)
        && mapped.isUsableAt(tensor.data());
  }
}
