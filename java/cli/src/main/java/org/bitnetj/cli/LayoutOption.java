package org.bitnetj.cli;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.option.I2sLayout;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How weights are stored where a model's file leaves it open. */
final class LayoutOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--i2s-layout",
      paramLabel = "LAYOUT",
      completionCandidates = Layouts.class,
      description =
          "${COMPLETION-CANDIDATES}: how I2_S weights lie in the file, which no file says. arm is"
              + " what bitnet.cpp writes on ARM since November 2025, rows4 what some of its builds"
              + " write on x86. Default: canonical, with a warning if they look like another.")
  private @Nullable String i2s;

  @Option(
      names = "--kernel-config",
      paramLabel = "FILE",
      description =
          "The kernel_config.ini that a file with TL1 or TL2 weights was made with. Default: the"
              + " file of that name beside the model.")
  private @Nullable Path kernelConfig;

  LayoutOptions options() {
    return new LayoutOptions(
        Optional.ofNullable(i2s).map(this::layout), Optional.ofNullable(kernelConfig));
  }

  private I2sLayout layout(String label) {
    return I2sLayout.ofLabel(label)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "Unknown I2_S layout '"
                        + label
                        + "'; choose one of "
                        + String.join(", ", new Layouts())
                        + "."));
  }

  private static final class Layouts implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(I2sLayout.values()).map(I2sLayout::label).iterator();
    }
  }
}
