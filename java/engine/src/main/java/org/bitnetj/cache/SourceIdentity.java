package org.bitnetj.cache;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.bitnetj.convert.Conversion;
import org.bitnetj.memory.FileBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;

/**
 * What a packed model is known by, whatever its source's files are called and wherever they are.
 */
final class SourceIdentity {
  private static final int PIECE = 1 << 20;

  /** Bytes of each tensor's start and end: models of one shape may differ in nothing else. */
  private static final int SAMPLE = 64;

  private SourceIdentity() {}

  /**
   * Checksums of each file's size, time of modification, bytes before its first tensor and samples
   * of every tensor, and of what else the packed file depends on. They are such as even an
   * interpreter takes at the speed of memory: a vocabulary has millions of bytes, and this is
   * computed at every start. Nobody gains by two files that agree in all of that: whoever makes
   * them could as well change weights between the samples.
   *
   * @param options in words
   * @return hexadecimal digits; empty for bytes that are not those of files
   * @throws IOException if a file cannot be looked at
   */
  static Optional<String> of(ModelSource source, String options) throws IOException {
    StringBuilder words = new StringBuilder(Conversion.PACKED_VERSION + '\n' + options + '\n');
    Sums headers = new Sums();
    for (FileBytes file : source.bytes().files()) {
      Optional<Path> path = file.path();
      if (path.isEmpty()) {
        return Optional.empty();
      }
      Instant modified = Files.getLastModifiedTime(path.get()).toInstant();
      MemorySegment bytes = file.segment();
      words.append(bytes.byteSize()).append(' ').append(Files.size(path.get())).append(' ');
      words.append(modified.getEpochSecond()).append(' ').append(modified.getNano()).append('\n');
      headers.add(bytes.asSlice(0, dataStart(source, file)));
    }
    Sums samples = new Sums();
    samples.add(MemorySegment.ofArray(words.toString().getBytes(StandardCharsets.UTF_8)));
    samples.add(MemorySegment.ofArray(samples(source)));
    return Optional.of(headers.digits() + samples.digits());
  }

  /** The start and the end of every tensor. */
  private static byte[] samples(ModelSource source) {
    byte[] samples = new byte[source.tensors().size() * 2 * SAMPLE];
    int at = 0;
    for (Tensor tensor : source.tensors()) {
      MemorySegment data = tensor.data();
      int sample = (int) Math.min(SAMPLE, data.byteSize());
      long last = data.byteSize() - sample;
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, samples, at, sample);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, last, samples, at + SAMPLE, sample);
      at += 2 * SAMPLE;
    }
    return samples;
  }

  private static long dataStart(ModelSource source, FileBytes file) {
    long start = file.segment().byteSize();
    for (Tensor tensor : source.tensors()) {
      if (tensor.offset() < start && file.holds(tensor.data())) {
        start = tensor.offset();
      }
    }
    return start;
  }

  /** CRC-32 and CRC-32C of the same bytes. */
  private static final class Sums {
    private final CRC32 crc32 = new CRC32();
    private final CRC32C crc32c = new CRC32C();

    void add(MemorySegment bytes) {
      for (long at = 0; at < bytes.byteSize(); at += PIECE) {
        MemorySegment piece = bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at));
        crc32.update(piece.asByteBuffer());
        crc32c.update(piece.asByteBuffer());
      }
    }

    String digits() {
      HexFormat hex = HexFormat.of();
      return hex.toHexDigits((int) crc32.getValue()) + hex.toHexDigits((int) crc32c.getValue());
    }
  }
}
