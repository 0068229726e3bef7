package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubException;
import org.bitnetj.hub.HubOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where models with names come from: {@code --hub}, or else what the environment says. */
final class HubOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--hub",
      paramLabel = "URL",
      description =
          "The hub that a model with a name is fetched from. Default: HF_ENDPOINT, or"
              + " https://huggingface.co.")
  private @Nullable String address;

  Hub open() throws HubException {
    if (address == null) {
      return Hub.open(HubOptions.fromEnvironment());
    }
    HubOptions options = HubOptions.ofPublicHub();
    try {
      return Hub.open(options.withEndpoint(address));
    } catch (HubException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /**
   * The file or folder that {@code text} says, which is fetched if it is the name of a model that
   * is not in the cache. What exists, or would lie in a folder that exists, is meant before a name.
   */
  Path path(String text, Streams streams) throws IOException {
    if (text.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "'' names no model: give a file, a folder or a name.");
    }
    Path path = null;
    try {
      path = Path.of(text);
    } catch (InvalidPathException e) {
      // Windows allows no colon in paths.
    }
    if (path != null && Files.exists(path)) {
      return path;
    }
    Optional<NamedModel> named = NamedModel.parse(text);
    if (named.isEmpty()) {
      throw new Failures.Failure(text + ": there is no such file; " + NamedModel.FORM + ".");
    }
    Hub hub = open();
    Optional<Path> found = named.get().find(hub);
    if (found.isPresent()) {
      return found.get();
    }
    if (path != null && path.getParent() != null && Files.isDirectory(path.getParent())) {
      throw new Failures.Failure(
          text
              + ": there is no such file in "
              + path.getParent()
              + "; 'bitnet pull "
              + text
              + "' fetches the model of that name, if the Hugging Face hub has one.");
    }
    return named.get().pull(hub, streams);
  }
}
