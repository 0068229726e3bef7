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

  /** {@return its name in options and reports} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the value with that {@link #label}, in upper or lower case; empty if there is none}
   *
   * @param label a name as on the command line
   */
  public static Optional<ActivationScaling> ofLabel(String label) {
    Objects.requireNonNull(label, "label is null");
    return Arrays.stream(values()).filter(a -> a.label().equalsIgnoreCase(label)).findFirst();
  }
}
