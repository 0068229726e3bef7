package org.bitnetj.cli;

import org.bitnetj.generate.SessionOptions;
import org.bitnetj.option.CacheType;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where a text is generated: how long it may become, and how keys and values are stored. */
final class ContextOptions {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-c", "--context", "--ctx-size"},
      paramLabel = "N",
      description =
          "Size of the context: at most N tokens of prompt and text together, 0 for as many as the"
              + " model was made for and the memory has room for. Default: ${DEFAULT-VALUE}.")
  private int context;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      description =
          "How keys and values are stored: f16, or f32, which takes twice the memory. Default:"
              + " f16.")
  private CacheType cache = CacheType.F16;

  SessionOptions session() {
    try {
      return SessionOptions.defaults().withContext(context).withCacheType(cache);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
