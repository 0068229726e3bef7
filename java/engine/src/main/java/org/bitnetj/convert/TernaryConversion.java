package org.bitnetj.convert;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.MatrixWriter;

/**
 * A ternary matrix in the terms of another format: its digits as they are, its scales by the groups
 * that the format has. Thread-safe.
 */
final class TernaryConversion implements MatrixWriter.TernaryRows {
  private final Tensor tensor;
  private final TernaryFormat from;
  private final TernaryEncoder to;
  private final int rows;
  private final int columns;
  private final ScaleRounding rounding;

  /** The scale of all weights; empty if they have different ones. */
  private final Optional<Float> scale;

  private TernaryConversion(
      Tensor tensor, TernaryEncoder to, Optional<Float> scale, ScaleRounding rounding) {
    this.tensor = tensor;
    this.from = (TernaryFormat) tensor.format();
    this.to = to;
    this.rows = (int) tensor.rows();
    this.columns = (int) tensor.columns();
    this.rounding = rounding;
    this.scale = scale;
  }

  /** The scale of all weights of a ternary matrix; empty if they have different ones. */
  static Optional<Float> uniformScale(Tensor tensor) {
    return ((TernaryFormat) tensor.format())
        .uniformScale(tensor.data(), (int) tensor.rows(), (int) tensor.columns());
  }

  /** A matrix of one scale, which becomes {@code scale}. */
  static TernaryConversion ofOne(
      Tensor tensor, TernaryEncoder to, float scale, ScaleRounding rounding) {
    return new TernaryConversion(tensor, to, Optional.of(rounding.round(scale, to)), rounding);
  }

  /**
   * A matrix of different scales.
   *
   * @throws IllegalArgumentException if the format has one scale; the message is a clause that
   *     follows the tensor's name
   */
  static TernaryConversion ofMany(Tensor tensor, TernaryEncoder to, ScaleRounding rounding) {
    TernaryConversion made = new TernaryConversion(tensor, to, Optional.empty(), rounding);
    if (to.scaleKind().equals(ScaleKind.TENSOR)) {
      throw made.refusal();
    }
    return made;
  }

  private IllegalArgumentException refusal() {
    int group = group(from);
    String fitting =
        WeightFormats.encoders().stream()
            .filter(format -> format.largestDigit() >= from.largestDigit())
            .filter(format -> !format.scaleKind().equals(ScaleKind.TENSOR))
            .filter(format -> group(format) <= group && group % group(format) == 0)
            .map(WeightFormats::label)
            .collect(Collectors.joining(", "));
    return new IllegalArgumentException(
        "has different scales for "
            + (group == columns ? "its rows" : "groups of " + group + " columns")
            + ", but "
            + to.name()
            + switch (to.scaleKind()) {
              case ScaleKind.Tensor one -> " has one for a matrix";
              case ScaleKind.Row row -> " has one for each row";
              case ScaleKind.Group columns -> " has one for " + columns.columns() + " columns";
            }
            + "; choose another type"
            + (fitting.isEmpty() ? "" : ": " + fitting));
  }

  private int group(TernaryFormat format) {
    return format.scaleKind() instanceof ScaleKind.Group group ? group.columns() : columns;
  }

  @Override
  public void read(int row, byte[] digits, float[] scales) {
    from.digits(tensor.data(), columns, row, digits);
    from.requireTernary(digits, columns, row);
    if (scale.isPresent()) {
      Arrays.fill(scales, scale.get());
    } else {
      regroup(row, digits, scales);
    }
  }

  /** Groups that hold no weight but 0 may have any scale, so they get that of their neighbours. */
  private void regroup(int row, byte[] digits, float[] scales) {
    float[] old = new float[from.scaleKind().count(columns)];
    from.scales(tensor.data(), columns, row, old);
    int oldGroup = group(from);
    int newGroup = group(to);
    for (int g = 0; g < scales.length; g++) {
      int begin = g * newGroup;
      int end = Math.min(columns, begin + newGroup);
      float common = 0;
      boolean found = false;
      for (int o = begin / oldGroup; o * oldGroup < end; o++) {
        int first = Math.max(begin, o * oldGroup);
        if (found && old[o] == common || isZero(digits, first, Math.min(end, (o + 1) * oldGroup))) {
          continue;
        }
        if (found) {
          throw refusal();
        }
        found = true;
        common = old[o];
      }
      scales[g] = found ? rounding.round(common, to) : 0;
    }
  }

  private static boolean isZero(byte[] digits, int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (digits[i] != 1) {
        return false;
      }
    }
    return true;
  }
}
