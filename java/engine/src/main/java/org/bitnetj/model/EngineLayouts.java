package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
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
 * they can be stored and used where they are mapped. The layouts are those that {@link Weights} has
 * on kernels that gain by skipping, whatever the kernels and the machine here. For one thread.
 */
public final class EngineLayouts {
  private final ModelTensors tensors;
  private final Kernels kernels;
  private final ThreadTeam team;

  /**
   * @param model must stay open
   * @param spec of the model, its activations as its user knows them
   */
  public EngineLayouts(ModelSource model, ModelSpec spec, Kernels kernels, ThreadTeam team) {
    this.tensors = new ModelTensors(model, spec);
    this.kernels = kernels;
    this.team = team;
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
              layout(role.place(), layer, memory),
              matrix.rows(),
              matrix.columns(),
              matrix.scales().kind(),
              matrix.format().largestDigit(),
              matrix.format() instanceof MappedFormat mapped
                  ? mapped.source()
                  : matrix.format().name()));
    }
  }

  private DigitLayout layout(Place place, int layer, NativeMemory memory)
      throws ModelFileException {
    boolean skipped =
        (place == Place.UP || place == Place.DOWN)
            && WeightsPlan.gainsBySkipping(tensors.spec())
            && tensors.isPlainTernary(Place.GATE, layer)
            && tensors.isPlainTernary(Place.UP, layer)
            && tensors.isPlainTernary(Place.DOWN, layer)
            && tensors.matrix(Place.UP, layer, memory, team).canBeSkipped()
            && tensors.matrix(Place.DOWN, layer, memory, team).canBeSkipped();
    return skipped ? order(place).layout() : PanelLayout.TWO_BIT;
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
  public static boolean hasLowBit(ModelSpec spec, FloatFormat head, HeadMode mode) {
    return WeightsPlan.storesLowBit(spec, head.bytes(spec.vocabulary(), spec.width()), mode);
  }

  /** Bytes of a low-bit copy of a model's head. */
  public static long lowBitBytes(ModelSpec spec) {
    return LowBitMatrix.bytes(spec.vocabulary(), spec.width());
  }

  /**
   * Makes the low-bit copy of a head.
   *
   * @param out of {@link LowBitMatrix#bytes} bytes, from a multiple of 64 on
   * @return false if some weight is NaN or infinite
   */
  public boolean packLowBit(FloatMatrix head, MemorySegment out) {
    out.fill((byte) 0);
    LowBitMatrix copy = LowBitMatrix.view(out, head.rows(), head.columns());
    return Packing.lowBit(head, copy, kernels, team);
  }
}
