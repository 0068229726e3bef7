package org.bitnetj.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;

/** Makes a model's {@link Identity}. */
final class Fingerprint {
  /** Changes whenever a release computes other bits, or draws other tokens from the same ones. */
  private static final String NUMERICS = "1";

  private static final int SAMPLES = 64;
  private static final int SAMPLE_BYTES = 1 << 14;

  private Fingerprint() {}

  static Identity identity(LanguageModel model, ServerOptions options) throws IOException {
    MessageDigest digest = sha256();
    digest.update(NUMERICS.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    digest.update(model.settings().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    Path path = model.path();
    for (Path file : files(path)) {
      sample(file, digest);
    }
    String hex = HexFormat.of().formatHex(digest.digest(), 0, 6);
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    return new Identity(
        options.modelName().orElseGet(() -> name(path)),
        "fp_" + hex,
        attributes.lastModifiedTime().toMillis() / 1000);
  }

  private static String name(Path path) {
    String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
    return name.endsWith(".gguf") ? name.substring(0, name.length() - 5) : name;
  }

  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Path tuning = path.resolveSibling("kernel_config.ini"); // how TL1 and TL2 weights lie
      return Files.isRegularFile(tuning) ? List.of(path, tuning) : List.of(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** A file's size, its beginning, and pieces all over it: to read all would take too long. */
  private static void sample(Path file, MessageDigest digest) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
      ByteBuffer buffer = ByteBuffer.allocate(SAMPLE_BYTES);
      for (int i = 0; i < SAMPLES; i++) {
        long at = Math.max(0, size - SAMPLE_BYTES) / (SAMPLES - 1) * i;
        buffer.clear();
        while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) > 0) {
          continue;
        }
        digest.update(buffer.flip());
      }
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
