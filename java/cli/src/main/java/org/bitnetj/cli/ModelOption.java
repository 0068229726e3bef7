package org.bitnetj.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model a command works on: {@code -m}, or else the one that ships. */
final class ModelOption {
  private static final String SHIPPED = "models/tiny-bitnet-stories-i2_s.gguf";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "FILE",
      description =
          "A GGUF model file, or the folder of a Hugging Face checkpoint. Default: the small model"
              + " that ships with bitnet.java.")
  private @Nullable Path file;

  boolean isGiven() {
    return file != null;
  }

  Path path() {
    return file != null ? file : shipped();
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
