package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.NativeMemory;

/** The scales of a ternary matrix in the order in which products read them. Immutable once made. */
public sealed interface TernaryScales {
  /** Bytes of them that a product reads. */
  long bytes();

  /** What shares a scale. */
  default ScaleKind kind() {
    return switch (this) {
      case Tensor one -> ScaleKind.TENSOR;
      case Rows rows -> ScaleKind.ROW;
      case Groups groups -> new ScaleKind.Group(groups.columns());
    };
  }

  /** Copies them as {@link MappedFormat} has them. */
  default void copyTo(MemorySegment out) {
    switch (this) {
      case Tensor one -> out.set(ValueLayout.JAVA_FLOAT, 0, one.scale());
      case Rows rows -> out.copyFrom(rows.scales());
      case Groups groups -> out.copyFrom(groups.scales());
    }
  }

  /** Bytes of the scales of a matrix of that shape if they differ. */
  static long bytes(ScaleKind kind, int rows, int columns) {
    long padded = (long) PanelLayout.panels(rows) * PanelLayout.ROWS;
    if (kind instanceof ScaleKind.Group group) {
      return padded * group.count(columns) * Short.BYTES;
    }
    return kind.equals(ScaleKind.TENSOR) ? 0 : padded * Float.BYTES;
  }

  /**
   * All of them times a factor. They may be these, changed.
   *
   * @throws IllegalArgumentException if a product is not finite, or is of a scale of a group, which
   *     is float16, and not by 1; the message is a clause
   */
  TernaryScales times(float factor);

  /**
   * The scale of a row's weights.
   *
   * @throws IllegalStateException if there are several
   */
  float ofRow(int row);

  /** One scale for every weight. */
  record Tensor(float scale) implements TernaryScales {
    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public Tensor times(float factor) {
      return new Tensor(finite(scale * factor, "its scale"));
    }

    @Override
    public float ofRow(int row) {
      return scale;
    }
  }

  /**
   * One scale for each row.
   *
   * @param scales float32, padded with zeros to whole panels
   */
  record Rows(MemorySegment scales) implements TernaryScales {
    @Override
    public long bytes() {
      return scales.byteSize();
    }

    @Override
    public Rows times(float factor) {
      for (long row = 0; row < scales.byteSize() / Float.BYTES; row++) {
        float scale = scales.getAtIndex(ValueLayout.JAVA_FLOAT, row) * factor;
        scales.setAtIndex(ValueLayout.JAVA_FLOAT, row, finite(scale, "the scale of row " + row));
      }
      return this;
    }

    @Override
    public float ofRow(int row) {
      return scales.getAtIndex(ValueLayout.JAVA_FLOAT, row);
    }
  }

  /**
   * One scale for each group of columns of a row.
   *
   * @param columns of a group; the last group of a row may have fewer
   * @param count groups of a row
   * @param scales float16: 16 for the rows of a panel, by groups, by panels; zeros where a panel
   *     lacks rows
   */
  record Groups(int columns, int count, MemorySegment scales) implements TernaryScales {
    @Override
    public long bytes() {
      return scales.byteSize();
    }

    @Override
    public Groups times(float factor) {
      if (factor != 1) {
        throw new IllegalArgumentException(
            "its scales by groups of columns cannot be multiplied by the factor "
                + factor
                + " that is stored beside it");
      }
      return this;
    }

    @Override
    public float ofRow(int row) {
      throw new IllegalStateException("row " + row + " has a scale for each group of columns");
    }

    /** The scale of a group of a row, exact. */
    public float scale(int row, int group) {
      return Float.float16ToFloat(scales.getAtIndex(ValueLayout.JAVA_SHORT, index(row, group)));
    }

    private long index(int row, int group) {
      int panel = row / PanelLayout.ROWS;
      return ((long) panel * count + group) * PanelLayout.ROWS + row % PanelLayout.ROWS;
    }
  }

  /**
   * The scales of a matrix in its file's own format: one where all weights other than 0 share it,
   * whatever the format has room for.
   *
   * @param data exactly the matrix's bytes
   * @throws IllegalArgumentException if a scale is NaN or infinite; the message is a clause
   */
  static TernaryScales of(
      NativeMemory memory, TernaryFormat format, MemorySegment data, int rows, int columns) {
    Optional<Float> uniform = format.uniformScale(data, rows, columns);
    return uniform.isPresent()
        ? new Tensor(finite(uniform.get(), "its scale"))
        : stored(memory, format, data, rows, columns);
  }

  /**
   * The scales as they are stored, even where all are the same.
   *
   * @throws IllegalArgumentException if a scale is NaN or infinite; the message is a clause
   */
  static TernaryScales stored(
      NativeMemory memory, TernaryFormat format, MemorySegment data, int rows, int columns) {
    int count = format.scaleKind().count(columns);
    int padded = PanelLayout.panels(rows) * PanelLayout.ROWS;
    float[] scales = new float[count];
    if (format.scaleKind() instanceof ScaleKind.Group group) {
      MemorySegment halves = memory.allocate((long) padded * count * Short.BYTES);
      Groups all = new Groups(group.columns(), count, halves);
      for (int row = 0; row < rows; row++) {
        format.scales(data, columns, row, scales);
        for (int g = 0; g < count; g++) {
          float scale = finite(scales[g], "the scale of group " + g + " of row " + row);
          halves.setAtIndex(ValueLayout.JAVA_SHORT, all.index(row, g), Float.floatToFloat16(scale));
        }
      }
      return all;
    }
    if (format.scaleKind().equals(ScaleKind.TENSOR)) {
      format.scales(data, columns, 0, scales);
      return new Tensor(finite(scales[0], "its scale"));
    }
    Rows all = new Rows(memory.allocate((long) padded * Float.BYTES));
    for (int row = 0; row < rows; row++) {
      format.scales(data, columns, row, scales);
      all.scales.setAtIndex(
          ValueLayout.JAVA_FLOAT, row, finite(scales[0], "the scale of row " + row));
    }
    return all;
  }

  /**
   * The scales of a matrix in one of the engine's own layouts, used where they are; they must stay
   * there.
   *
   * @param data the matrix, {@linkplain MappedFormat#isUsableAt usable} where it is
   * @throws IllegalArgumentException if a scale is NaN or infinite; the message is a clause
   */
  static TernaryScales view(MappedFormat format, MemorySegment data) {
    MemorySegment scales = NativeAccess.unscoped(format.scales(data));
    return switch (format.scaleKind()) {
      case ScaleKind.Tensor one ->
          new Tensor(finite(scales.get(ValueLayout.JAVA_FLOAT, 0), "its scale"));
      case ScaleKind.Row row -> {
        for (long i = 0; i < scales.byteSize() / Float.BYTES; i++) {
          float scale = scales.getAtIndex(ValueLayout.JAVA_FLOAT, i);
          if (!Float.isFinite(scale)) {
            finite(scale, "the scale of row " + i);
          }
        }
        yield new Rows(scales);
      }
      case ScaleKind.Group group -> {
        for (long i = 0; i < scales.byteSize() / Short.BYTES; i++) {
          short half = scales.getAtIndex(ValueLayout.JAVA_SHORT, i);
          if ((half & 0x7C00) == 0x7C00) { // the exponent of infinities and NaN
            finite(Float.float16ToFloat(half), "the scale " + i + " of its groups");
          }
        }
        yield new Groups(group.columns(), group.count(format.columns()), scales);
      }
    };
  }

  private static float finite(float scale, String what) {
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException(what + " is " + scale);
    }
    return scale;
  }
}
