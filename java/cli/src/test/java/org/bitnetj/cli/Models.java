package org.bitnetj.cli;

import java.nio.file.Path;

/** The models that tests work on. */
final class Models {
  static final Path SHIPPED =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");

  private Models() {}
}
