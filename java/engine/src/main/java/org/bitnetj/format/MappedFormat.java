package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A ternary matrix of one shape in one of the engine's own layouts, to be used where it is mapped:
 * its digits, then its scales in the order in which products read them. Those are one float32; or
 * one for each row, with zeros up to whole panels; or for each panel and group of columns 16
 * float16, with zeros where the panel lacks rows.
 *
 * @param layout where the digits are
 * @param largest the largest digit that may occur: 2, or 3 if the layout has it
 * @param source name of the type that the matrix was stored in before
 */
public record MappedFormat(
    DigitLayout layout, int rows, int columns, ScaleKind scaleKind, int largest, String source)
    implements TernaryFormat {
  /**
   * @throws IllegalArgumentException if there is no such matrix; the message is a clause that
   *     follows the tensor's name
   */
  public MappedFormat {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException("has the shape " + columns + " x " + rows);
    }
    if (largest < 2 || largest > layout.largestDigit()) {
      throw new IllegalArgumentException(
          "has digits up to %d, but the layout '%s' those up to 2%s"
              .formatted(largest, layout.label(), layout.largestDigit() > 2 ? " or 3" : ""));
    }
    if (layout instanceof PanelLayout panels
        && !panels.holdsGroups()
        && scaleKind instanceof ScaleKind.Group) {
      throw new IllegalArgumentException(
          "has scales by groups of columns, but the layout '" + layout.label() + "' none");
    }
    if (layout instanceof VectorLayout && !scaleKind.equals(ScaleKind.TENSOR)) {
      throw new IllegalArgumentException(
          "has several scales, but the layout '" + layout.label() + "' one");
    }
  }

  @Override
  public String name() {
    return layout.label();
  }

  /** That of bytes: GGUF knows no such type. */
  @Override
  public int id() {
    return WeightFormats.I8.id();
  }

  /** None: kernels compute with these layouts and do not pack them. */
  @Override
  public int layoutId() {
    return NO_LAYOUT_ID;
  }

  @Override
  public int blockColumns() {
    return columns;
  }

  @Override
  public int blockBytes() {
    return (int) Math.min(Integer.MAX_VALUE, bytes() / rows);
  }

  @Override
  public int largestDigit() {
    return largest;
  }

  /** Bytes of its digits, a multiple of {@link DigitLayout#ALIGNMENT}. */
  public long digitBytes() {
    return layout.bytes(rows, columns);
  }

  /** Bytes of all of it. */
  public long bytes() {
    long padded = (long) PanelLayout.panels(rows) * PanelLayout.ROWS;
    return digitBytes()
        + switch (scaleKind) {
          case ScaleKind.Tensor one -> Float.BYTES;
          case ScaleKind.Row row -> padded * Float.BYTES;
          case ScaleKind.Group group -> padded * group.count(columns) * Short.BYTES;
        };
  }

  @Override
  public long bytes(long rows, long columns) {
    if (rows != this.rows || columns != this.columns) {
      throw new IllegalArgumentException(
          "has the shape %d x %d, but its layout is of %d x %d"
              .formatted(columns, rows, this.columns, this.rows));
    }
    return bytes();
  }

  /** Whether kernels can use it where it is. */
  public boolean isUsableAt(MemorySegment data) {
    return data.isNative() && data.address() % DigitLayout.ALIGNMENT == 0;
  }

  /** The part with its digits. */
  public MemorySegment digits(MemorySegment data) {
    return data.asSlice(0, digitBytes());
  }

  /** The part with its scales. */
  public MemorySegment scales(MemorySegment data) {
    return data.asSlice(digitBytes());
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    layout.digits(data, rows, columns, row, out);
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    switch (scaleKind) {
      case ScaleKind.Tensor one -> out[0] = data.get(JAVA_FLOAT_UNALIGNED, digitBytes());
      case ScaleKind.Row each ->
          out[0] = data.get(JAVA_FLOAT_UNALIGNED, digitBytes() + (long) row * Float.BYTES);
      case ScaleKind.Group group -> {
        int count = group.count(columns);
        long first = (long) row / PanelLayout.ROWS * count * PanelLayout.ROWS;
        for (int g = 0; g < count; g++) {
          long index = first + (long) g * PanelLayout.ROWS + row % PanelLayout.ROWS;
          out[g] =
              Float.float16ToFloat(
                  data.get(JAVA_SHORT_UNALIGNED, digitBytes() + index * Short.BYTES));
        }
      }
    }
  }

  @Override
  public Optional<Float> uniformScale(MemorySegment data, int rows, int columns) {
    return scaleKind.equals(ScaleKind.TENSOR)
        ? Optional.of(data.get(JAVA_FLOAT_UNALIGNED, digitBytes()))
        : TernaryFormat.super.uniformScale(data, rows, columns);
  }

  /** The layout of that name. */
  public static Optional<DigitLayout> layout(String label) {
    return DigitLayout.all().stream().filter(layout -> layout.label().equals(label)).findFirst();
  }

  /** What a kind of scales is in a file: the columns that share one; 0 for all, -1 for a row. */
  public static int scaleColumns(ScaleKind kind) {
    return switch (kind) {
      case ScaleKind.Tensor one -> 0;
      case ScaleKind.Row row -> -1;
      case ScaleKind.Group group -> group.columns();
    };
  }

  /**
   * The kind of scales that such a number means; empty if it means none, or groups that no type
   * has.
   */
  public static Optional<ScaleKind> scaleKind(int columns) {
    return Stream.concat(
            Stream.of(ScaleKind.TENSOR, ScaleKind.ROW),
            WeightFormats.ternary().stream().map(TernaryFormat::scaleKind))
        .filter(kind -> scaleColumns(kind) == columns)
        .findFirst();
  }
}
