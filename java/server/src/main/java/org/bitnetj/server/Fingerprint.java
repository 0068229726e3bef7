package org.bitnetj.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.source.gguf.GgufFile;

/** Makes a model's {@link Identity}. */
final class Fingerprint {
  /** Changes whenever a release computes other bits, or draws other tokens from the same ones. */
  private static final String NUMERICS = "1";

  private static final int SAMPLES = 64;
  private static final int SAMPLE_BYTES = 1 << 14;

  private Fingerprint() {}

  static Identity identity(LanguageModel model, ServerOptions options) throws IOException {
    Path path = model.path();
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    return new Identity(
        options.modelName().orElseGet(() -> name(path)),
        of(path, model.settings()),
        attributes.lastModifiedTime().toMillis() / 1000);
  }

  /**
   * @param path a model's file, one of the files that it was split into, or its folder
   * @param settings what else its texts depend on
   */
  static String of(Path path, String settings) throws IOException {
    MessageDigest digest = sha256();
    digest.update(NUMERICS.getBytes(StandardCharsets.UTF_8));
    digest.update(settings.getBytes(StandardCharsets.UTF_8));
    for (Path file : files(path)) {
      sample(file, digest);
    }
    return "fp_" + HexFormat.of().formatHex(digest.digest(), 0, 6);
  }

  private static String name(Path path) {
    String name = String.valueOf(path.toAbsolutePath().normalize().getFileName());
    return name.endsWith(".gguf") ? name.substring(0, name.length() - 5) : name;
  }

  /** All that a model is read from, in an order that does not depend on which part is named. */
  private static List<Path> files(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return list(path, name -> true);
    }
    String name = String.valueOf(path.getFileName());
    Path folder = path.toAbsolutePath().getParent();
    if (name.endsWith(".safetensors")) {
      return list(folder, other -> true); // the configuration and the vocabulary lie beside it
    }
    return list(folder, other -> other.equals(name) || GgufFile.isReadWith(name, other));
  }

  private static List<Path> list(Path folder, Predicate<String> wanted) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> wanted.test(String.valueOf(file.getFileName())))
          .sorted()
          .toList();
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
