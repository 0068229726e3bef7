package org.bitnetj.option;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * What a model's file leaves open about how its weights are stored. Immutable.
 *
 * @param i2s the layout of I2_S weights; empty for the canonical one, with a warning where the
 *     weights look like another
 * @param kernelConfig the {@code kernel_config.ini} that bitnet.cpp was tuned with, by which TL1
 *     and TL2 weights are laid out; empty for a file of that name beside the model, if there is one
 */
public record LayoutOptions(Optional<I2sLayout> i2s, Optional<Path> kernelConfig) {
  private static final LayoutOptions NONE = new LayoutOptions(Optional.empty(), Optional.empty());

  /** Refuses null. */
  public LayoutOptions {
    Objects.requireNonNull(i2s, "i2s is null");
    Objects.requireNonNull(kernelConfig, "kernelConfig is null");
  }

  /** {@return options that say nothing} */
  public static LayoutOptions none() {
    return NONE;
  }

  /**
   * {@return these options with another {@link #i2s}}
   *
   * @param layout the new one
   */
  public LayoutOptions withI2s(I2sLayout layout) {
    Objects.requireNonNull(layout, "layout is null");
    return new LayoutOptions(Optional.of(layout), kernelConfig);
  }

  /**
   * {@return these options with another {@link #kernelConfig}}
   *
   * @param file the new one
   */
  public LayoutOptions withKernelConfig(Path file) {
    Objects.requireNonNull(file, "file is null");
    return new LayoutOptions(i2s, Optional.of(file));
  }
}
