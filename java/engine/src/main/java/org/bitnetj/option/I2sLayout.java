package org.bitnetj.option;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** How the two-bit digits of bitnet.cpp's I2_S lie in a file, which no file says. */
public enum I2sLayout {
  /** Blocks of 128 weights in 32 bytes: what published files have. */
  CANONICAL,
  /** Blocks of 64 weights in 16 bytes: files that bitnet.cpp wrote on ARM since November 2025. */
  ARM,
  /** Four rows to a byte: files of bitnet.cpp built on x86 without parallel activations. */
  ROWS4;

  /** {@return its name in options and reports} */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * {@return the value with that {@link #label}, in upper or lower case; empty if there is none}
   *
   * @param label a name as on the command line
   */
  public static Optional<I2sLayout> ofLabel(String label) {
    Objects.requireNonNull(label, "label is null");
    return Arrays.stream(values()).filter(a -> a.label().equalsIgnoreCase(label)).findFirst();
  }
}
