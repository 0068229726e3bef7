package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.family.Sizes;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.VectorLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;

/**
 * Puts a model's matrices, one at a time, into the layouts that the engine computes with, so that
 * they can be stored and used where they are mapped. The layouts do not depend on the kernels and
 * the machine here. For one thread.
 */
public final class EngineLayouts {
  private final ModelTensors tensors;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final PanelLayout panels;
  private final boolean sparse;

  /**
   * @param model must stay open
   * @param spec of the model, its activations as its user knows them
   * @param panels for matrices in panels, but for those that it cannot hold, with digits of 3 or
   *     scales by groups of columns, which get two bits a digit
   * @param sparse whether the feed-forward network is kept by rows and columns where kernels that
   *     gain by skipping have it so; else it is in panels too
   */
  public EngineLayouts(
      ModelSource model,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      PanelLayout panels,
      boolean sparse) {
    this.tensors = new ModelTensors(model, spec);
    this.kernels = kernels;
    this.team = team;
    this.panels = panels;
    this.sparse = sparse;
  }

  /**
   * How a matrix of a linear layer is kept, the factor beside it in its scales; empty if it is of
   * floats.
   *
   * @throws ModelFileException if the engine cannot compute with it
   */
  public Optional<MappedFormat> format(Role role, int layer) throws ModelFileException {
    if (!(tensors.linear(role.place(), layer).format() instanceof TernaryFormat)) {
      return Optional.empty();
    }
    try (NativeMemory memory = new NativeMemory()) {
      StoredMatrix matrix = tensors.matrix(role.place(), layer, memory, team);
      return Optional.of(
          new MappedFormat(
              layout(role.place(), layer, matrix, memory),
              matrix.rows(),
              matrix.columns(),
              matrix.scales().kind(),
              matrix.format().largestDigit(),
              matrix.format() instanceof MappedFormat mapped
                  ? mapped.source()
                  : matrix.format().name()));
    }
  }

  private DigitLayout layout(Place place, int layer, StoredMatrix matrix, NativeMemory memory)
      throws ModelFileException {
    boolean skipped =
        sparse
            && (place == Place.UP || place == Place.DOWN)
            && WeightsPlan.gainsBySkipping(tensors.spec())
            && tensors.isPlainTernary(Place.GATE, layer)
            && tensors.isPlainTernary(Place.UP, layer)
            && tensors.isPlainTernary(Place.DOWN, layer)
            && tensors.matrix(Place.UP, layer, memory, team).canBeSkipped()
            && tensors.matrix(Place.DOWN, layer, memory, team).canBeSkipped();
    if (skipped) {
      return order(place).layout();
    }
    boolean fits =
        matrix.format().largestDigit() <= panels.largestDigit()
            && (panels.holdsGroups() || !(matrix.scales() instanceof TernaryScales.Groups));
    return fits ? panels : PanelLayout.TWO_BIT;
  }

  private static TernaryVectors.Order order(Place place) {
    return place == Place.UP ? TernaryVectors.Order.ROW_MAJOR : TernaryVectors.Order.COLUMN_MAJOR;
  }

  /**
   * Packs a matrix.
   *
   * @param format as {@link #format} says
   * @param out of {@link MappedFormat#bytes()} bytes, from a multiple of 64 on
   * @throws ModelFileException if it holds codes that are not digits
   */
  public void pack(Role role, int layer, MappedFormat format, MemorySegment out)
      throws ModelFileException {
    out.fill((byte) 0); // what only pads stays so
    Packing packing = new Packing(tensors, kernels, team);
    try (NativeMemory memory = new NativeMemory()) {
      StoredMatrix matrix = tensors.matrix(role.place(), layer, memory, team);
      int rows = matrix.rows();
      int columns = matrix.columns();
      TernaryScales scales = matrix.scales();
      MemorySegment digits = format.digits(out);
      switch (format.layout()) {
        case PanelLayout panels ->
            packing.panels(
                matrix,
                TernaryMatrix.view(panels, digits, rows, columns, scales, format.largest()));
        case VectorLayout _ -> {
          MemorySegment scratch = memory.allocate(TernaryMatrix.bytes(rows, columns));
          packing.vectors(
              matrix,
              TernaryVectors.view(digits, rows, columns, scales.ofRow(0), order(role.place())),
              scratch);
        }
      }
      scales.copyTo(format.scales(out));
    }
  }

  /** Whether a head in a format gets a low-bit copy. */
  public static boolean hasLowBit(Sizes spec, FloatFormat head, HeadMode mode) {
    return WeightsPlan.storesLowBit(spec, head.bytes(spec.vocabulary(), spec.width()), mode);
  }

  /** Bytes of a low-bit copy of a model's head. */
  public static long lowBitBytes(Sizes spec) {
    return LowBitMatrix.bytes(spec.vocabulary(), spec.width());
  }

  /**
   * Makes the low-bit copy of a head.
   *
   * @param out of {@link LowBitMatrix#bytes} bytes, from a multiple of 64 on
   * @return false if some weight is NaN or infinite
   */
  public boolean packLowBit(FloatMatrix head, MemorySegment out) {
    return packLowBit(head, out, kernels, team);
  }

  /** The same by any kernels and team. */
  public static boolean packLowBit(
      FloatMatrix head, MemorySegment out, Kernels kernels, ThreadTeam team) {
    out.fill((byte) 0);
    LowBitMatrix copy = LowBitMatrix.view(out, head.rows(), head.columns());
    return Packing.lowBit(head, copy, kernels, team);
  }
}
