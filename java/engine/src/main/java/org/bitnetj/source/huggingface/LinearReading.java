package org.bitnetj.source.huggingface;

import org.bitnetj.source.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the weight of a linear layer is understood.
 *
 * @param kind why its scales are what they are
 * @param weight in digits or floats
 * @param factor what products are multiplied by; null for 1
 */
record LinearReading(Kind kind, Tensor weight, @Nullable Tensor factor) {
  /** In a summary, each is a clause after the number of layers. */
  enum Kind {
    MULTIPLIED("packed digits and are multiplied by weight_scale"),
    DIVIDED("packed digits and are divided by weight_scale"),
    TERNARY_FLOATS("floats that are -d, 0 and d already and are kept as they are"),
    ABSMEAN("floats that are rounded to ternary weights by their absmean"),
    UNCONVERTED("floats that modules_to_not_convert leaves as they are"),
    NO_MATRIX("floats of a shape that no linear layer has"),
    UNKNOWN("of a type that this engine does not compute with");

    private final String clause;

    Kind(String clause) {
      this.clause = clause;
    }

    String clause() {
      return clause;
    }
  }
}
