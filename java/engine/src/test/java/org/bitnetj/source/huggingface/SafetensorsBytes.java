package org.bitnetj.source.huggingface;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** Makes safetensors files, by the format's description and not by the engine's reader. */
public final class SafetensorsBytes {
  private record Part(String type, String shape, byte[] data) {}

  private final Map<String, Part> parts = new LinkedHashMap<>();

  /**
   * @param shape slowest first
   */
  public SafetensorsBytes tensor(String name, String type, byte[] data, long... shape) {
    parts.put(name, new Part(type, Arrays.toString(shape), data));
    return this;
  }

  public byte[] toByteArray() {
    StringJoiner entries = new StringJoiner(",", "{\"__metadata__\":{\"format\":\"pt\"},", "}");
    int at = 0;
    for (Map.Entry<String, Part> entry : parts.entrySet()) {
      Part part = entry.getValue();
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(entry.getKey(), part.type, part.shape, at, at + part.data.length));
      at += part.data.length;
    }
    String header = parts.isEmpty() ? "{}" : entries.toString();
    byte[] file = file(header + " ".repeat(-header.length() & 7), at);
    int to = file.length - at;
    for (Part part : parts.values()) {
      System.arraycopy(part.data, 0, file, to, part.data.length);
      to += part.data.length;
    }
    return file;
  }

  /** A file with any header, and zeros after it. */
  static byte[] file(String header, int dataBytes) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }

  public Path write(Path path) throws IOException {
    return Files.write(path, toByteArray());
  }
}
