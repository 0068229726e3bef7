package org.bitnetj.cli;

import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubException;
import org.bitnetj.hub.HubOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where models with names come from: {@code --hub}, or else what the environment says. */
final class HubOption {
  @Option(
      names = "--hub",
      paramLabel = "URL",
      description =
          "The hub that a model with a name is fetched from. Default: HF_ENDPOINT, or"
              + " https://huggingface.co.")
  private @Nullable String address;

  Hub open() throws HubException {
    HubOptions options = HubOptions.fromEnvironment();
    return Hub.open(address == null ? options : options.withEndpoint(address));
  }
}
