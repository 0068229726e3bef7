package org.bitnetj.convert;

import java.util.Optional;
import org.bitnetj.format.TernaryEncoder;

/** Rounds scales to what a type holds and keeps account of what is lost. Thread-safe. */
final class ScaleRounding {
  private final boolean exact;
  private int rounded;
  private float largest;

  /**
   * @param exact whether to refuse what would be rounded
   */
  ScaleRounding(boolean exact) {
    this.exact = exact;
  }

  /**
   * The scale as the type holds it.
   *
   * @throws IllegalArgumentException if it holds nothing near enough; the message is a clause that
   *     follows the tensor's name
   */
  float round(float scale, TernaryEncoder format) {
    float stored = format.storable(scale);
    if (stored == scale) {
      return stored;
    }
    if (!Float.isFinite(scale)) {
      throw new IllegalArgumentException("has a scale of " + scale + ", so it cannot be used");
    }
    if (exact || !Float.isFinite(stored) || stored == 0) {
      throw new IllegalArgumentException(
          "has a scale of "
              + scale
              + ", which is no float16, as "
              + format.name()
              + " has them; choose a type with float32 scales (i2_s, iq2_bn)");
    }
    count(Math.abs(stored - scale) / Math.abs(scale));
    return stored;
  }

  private synchronized void count(float change) {
    rounded++;
    largest = Math.max(largest, change);
  }

  /** What was lost; empty if nothing was. */
  synchronized Optional<String> warning() {
    return rounded == 0
        ? Optional.empty()
        : Optional.of(
            "%d scales were rounded to float16, by up to one part in %d, so that results differ a"
                    .formatted(rounded, (long) (1 / largest))
                + " little; --exact-scales keeps them, in tensors beside the weights, which not"
                + " every engine reads");
  }
}
