package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/** Packs a model's matrices by a team, into memory that they have already. */
record Packing(ModelTensors tensors, Kernels kernels, ThreadTeam team) {
  private static final int GRAIN = 8; // panels, or items of vectors

  /**
   * Into panels.
   *
   * @throws ModelFileException if some code is not a digit
   */
  void panels(StoredMatrix from, TernaryMatrix to) throws ModelFileException {
    AtomicBoolean valid = new AtomicBoolean(true);
    team.run(
        (begin, end) -> {
          if (!kernels.pack(from.format(), from.tensor().data(), to, begin, end)) {
            valid.set(false);
          }
        },
        to.panelCount(),
        GRAIN);
    if (!valid.get()) {
      throw tensors.refuse(from.tensor(), "it holds codes that are not ternary digits");
    }
  }

  /**
   * Into rows or columns, by way of panels.
   *
   * @param scratch for these panels
   * @throws ModelFileException if some code is not a digit
   */
  void vectors(StoredMatrix from, TernaryVectors to, MemorySegment scratch)
      throws ModelFileException {
    if (from.rows() % PanelLayout.ROWS != 0
        || from.columns() % PanelLayout.TWO_BIT.blockColumns() != 0) {
      scratch.fill((byte) 0); // what only pads stays so
    }
    TernaryMatrix panels =
        TernaryMatrix.view(
            PanelLayout.TWO_BIT, scratch, from.rows(), from.columns(), from.scales(), 2);
    panels(from, panels);
    team.run((begin, end) -> kernels.packVectors(panels, to, begin, end), to.items(), GRAIN);
  }

  /** A head's low-bit copy; false if some weight is NaN or infinite. */
  static boolean lowBit(FloatMatrix from, LowBitMatrix to, Kernels kernels, ThreadTeam team) {
    AtomicBoolean finite = new AtomicBoolean(true);
    team.run(
        (begin, end) -> {
          if (!kernels.packLowBit(from, to, begin, end)) {
            finite.set(false);
          }
        },
        to.panelCount(),
        GRAIN);
    return finite.get();
  }
}
