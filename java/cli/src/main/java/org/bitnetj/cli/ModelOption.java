package org.bitnetj.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubOptions;
import org.bitnetj.hub.KnownModel;
import org.bitnetj.source.container.ModelContainer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command works on: {@code -m}, or else the one that ships. */
final class ModelOption {
  private static final String SHIPPED = "models/tiny-bitnet-stories-i2_s.gguf";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ShortNamesAndFiles.class,
      description =
          "A GGUF model file, the folder of a Hugging Face checkpoint, or a name: owner/name[:file]"
              + " on the Hugging Face hub, or a short one ('bitnet list --known'). A model with a"
              + " name is fetched if it is not in the cache. Default: the small model that ships"
              + " with bitnet.java.")
  private @Nullable String model;

  @Mixin private HubOption hub;

  private @Nullable Path found;

  /** The same for another model. */
  Path path(String text, Streams streams) throws IOException {
    return hub.path(text, streams);
  }

  /** What {@code -m} says. */
  Optional<String> given() {
    return Optional.ofNullable(model);
  }

  /** The model's file or folder, which is fetched if it has a name and is not in the cache. */
  Path path(Streams streams) throws IOException {
    Path path = found;
    if (path == null) {
      path = model != null ? hub.path(model, streams) : shipped();
      found = path;
    }
    return path;
  }

  /**
   * Says to a person at a terminal who has no other model how to get one, where the small model
   * that ships is used.
   */
  void suggestAnother(Streams streams) {
    if (model == null && streams.isTerminal(Streams.Standard.ERR) && !hasAnother()) {
      KnownModel first = KnownModel.all().getFirst();
      streams.tell(
          "bitnet: note: this is the small model that ships; 'bitnet chat -m "
              + first.shortName()
              + "' fetches a real one, "
              + first.model().id()
              + " ("
              + Hub.size(first.bytes().orElseThrow())
              + ").");
    }
  }

  private boolean hasAnother() {
    try {
      return Hub.open(HubOptions.ofPublicHub()).list(skipped -> {}).stream()
          .anyMatch(m -> ModelContainer.recognizes(m.path()));
    } catch (IOException e) {
      return true; // a cache that cannot be used is no reason for advice to use it
    }
  }

  /** The shipped model, in the tree above the place this program was loaded from. */
  private static Path shipped() {
    try {
      Path place =
          Path.of(ModelOption.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (Path p = place; p != null; p = p.getParent()) {
        Path candidate = p.resolve(SHIPPED);
        if (Files.isRegularFile(candidate)) {
          return candidate;
        }
      }
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
    throw new Failures.Failure(
        "the shipped model ("
            + SHIPPED
            + ") is not where this program was installed; name a model"
            + " by -m.");
  }
}
