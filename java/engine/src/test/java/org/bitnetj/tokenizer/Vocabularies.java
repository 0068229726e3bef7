package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bitnetj.source.gguf.GgufFile;

/** Real vocabularies for tests: the shipped model's, and others where they are. */
public final class Vocabularies {
  private static final Path SHARED =
      Path.of(System.getProperty("bitnet.shared", "")).resolve("data/tokenizers");
  private static final Map<Path, Tokenizer> OPENED = new ConcurrentHashMap<>();

  private Vocabularies() {}

  /** The tokenizer of the shipped model. */
  public static Tokenizer shipped() throws IOException {
    return open(shippedFile());
  }

  public static Path shippedFile() {
    return Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
  }

  /** A vocabulary of another project; the test that asks for it is skipped where it is missing. */
  public static Tokenizer shared(String name) throws IOException {
    return open(sharedFile(name));
  }

  public static Path sharedFile(String name) {
    Path path = SHARED.resolve(name);
    assumeTrue(Files.exists(path), () -> "skipped: no file " + path);
    return path;
  }

  private static Tokenizer open(Path path) throws IOException {
    Tokenizer known = OPENED.get(path);
    if (known == null) {
      try (GgufFile file = GgufFile.open(path)) {
        known = Tokenizer.of(file.vocabulary());
      }
      OPENED.put(path, known);
    }
    return known;
  }
}
