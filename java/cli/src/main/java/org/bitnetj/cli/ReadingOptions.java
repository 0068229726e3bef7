package org.bitnetj.cli;

import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What a model means where its files leave it open. */
final class ReadingOptions {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--activations",
      paramLabel = "SCALING",
      completionCandidates = Scalings.class,
      description =
          "${COMPLETION-CANDIDATES}: what shares a scale among int8 activations. Name it only for a"
              + " model whose file leaves it open: row if it was trained with quantized activations"
              + " (BitLinear), group if only its weights are ternary. Default: as the model says,"
              + " else by the stored type, with a warning.")
  private @Nullable String activations;

  @Mixin private LayoutOption layout;

  Optional<ActivationScaling> activations() {
    return Optional.ofNullable(activations).map(this::scaling);
  }

  LayoutOptions layouts() {
    return layout.options();
  }

  LoadOptions in(LoadOptions options) {
    return activations().map(options::withActivations).orElse(options).withLayouts(layouts());
  }

  private ActivationScaling scaling(String label) {
    return ActivationScaling.ofLabel(label)
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "Unknown activations '"
                        + label
                        + "'; choose "
                        + String.join(" or ", new Scalings())
                        + "."));
  }

  private static final class Scalings implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.of(ActivationScaling.values()).map(ActivationScaling::label).iterator();
    }
  }
}
