package org.bitnetj.option;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** What shares a scale among the int8 activations that ternary matrices are multiplied with. */
public enum ActivationScaling {
  /** Each row has one: models that were trained with quantized activations (BitLinear). */
  ROW,
  /**
   * A block of columns, aligned with the groups of columns that share a scale of the weights:
   * models of which only the weights are ternary.
   */
  GROUP;

  /** Its name in options and reports. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<ActivationScaling> ofLabel(String label) {
    Objects.requireNonNull(label, "label is null");
    return Arrays.stream(values()).filter(a -> a.label().equalsIgnoreCase(label)).findFirst();
  }
}
