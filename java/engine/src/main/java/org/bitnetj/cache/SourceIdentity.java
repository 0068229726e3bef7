package org.bitnetj.cache;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.bitnetj.memory.FileBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;

/**
 * What a packed model is known by, whatever its source's files are called and wherever they are.
 */
final class SourceIdentity {
  /** Changes when the same source and options give another file. */
  private static final String VERSION = "1";

  private static final int PIECE = 1 << 20;

  /** Bytes of each tensor's start and end: models of one shape may differ in nothing else. */
  private static final long SAMPLE = 64;

  private SourceIdentity() {}

  /**
   * A hash of each file's size, time of modification, bytes before its first tensor and samples of
   * every tensor, and of what else the packed file depends on.
   *
   * @param options in words
   * @return hexadecimal digits; empty for bytes that are not those of files
   * @throws IOException if a file cannot be looked at
   */
  static Optional<String> of(ModelSource source, String options) throws IOException {
    MessageDigest digest = sha256();
    digest.update((VERSION + '\n' + options + '\n').getBytes(StandardCharsets.UTF_8));
    for (FileBytes file : source.bytes().files()) {
      Optional<Path> path = file.path();
      if (path.isEmpty()) {
        return Optional.empty();
      }
      Instant modified = Files.getLastModifiedTime(path.get()).toInstant();
      MemorySegment bytes = file.segment();
      digest.update(
          ByteBuffer.allocate(32)
              .putLong(bytes.byteSize())
              .putLong(modified.getEpochSecond())
              .putLong(modified.getNano())
              .putLong(Files.size(path.get()))
              .flip());
      long end =
          source.tensors().stream()
              .filter(tensor -> file.holds(tensor.data()))
              .mapToLong(Tensor::offset)
              .min()
              .orElse(bytes.byteSize());
      for (long at = 0; at < end; at += PIECE) {
        digest.update(bytes.asSlice(at, Math.min(PIECE, end - at)).asByteBuffer());
      }
    }
    for (Tensor tensor : source.tensors()) {
      MemorySegment data = tensor.data();
      long sample = Math.min(SAMPLE, data.byteSize());
      digest.update(data.asSlice(0, sample).asByteBuffer());
      digest.update(data.asSlice(data.byteSize() - sample, sample).asByteBuffer());
    }
    return Optional.of(HexFormat.of().formatHex(digest.digest(), 0, 16));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
