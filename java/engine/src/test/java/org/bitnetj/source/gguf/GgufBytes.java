package org.bitnetj.source.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Builds GGUF files for tests, field by field and with no check, so that broken ones can be built
 * as easily as good ones. Counts in the header default to what was added.
 */
public final class GgufBytes {
  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private int version = 3;
  private int alignment = 32;
  private long keys;
  private long tensors;

  public GgufBytes version(int version) {
    this.version = version;
    return this;
  }

  /** Aligns data to this; the key is added by the caller. */
  public GgufBytes alignment(int alignment) {
    this.alignment = alignment;
    return this;
  }

  /** Adds {@code n} to the count of keys without writing any. */
  public GgufBytes claimKeys(long n) {
    keys += n;
    return this;
  }

  /** Adds {@code n} to the count of tensors without writing any. */
  public GgufBytes claimTensors(long n) {
    tensors += n;
    return this;
  }

  /** A key with its type id and raw value bytes. */
  public GgufBytes key(String key, int type, byte[] value) {
    keys++;
    metadata.writeBytes(string(key));
    metadata.writeBytes(u32(type));
    metadata.writeBytes(value);
    return this;
  }

  public GgufBytes key(String key, String text) {
    return key(key, ValueType.STRING.id(), string(text));
  }

  public GgufBytes key(String key, int value) {
    return key(key, ValueType.U32.id(), u32(value));
  }

  public GgufBytes key(String key, float value) {
    return key(key, ValueType.F32.id(), u32(Float.floatToRawIntBits(value)));
  }

  public GgufBytes key(String key, boolean value) {
    return key(key, ValueType.BOOL.id(), new byte[] {(byte) (value ? 1 : 0)});
  }

  public GgufBytes key(String key, String... texts) {
    byte[][] elements = new byte[texts.length][];
    for (int i = 0; i < texts.length; i++) {
      elements[i] = string(texts[i]);
    }
    return key(key, ValueType.ARRAY.id(), array(ValueType.STRING.id(), elements));
  }

  /** A directory entry as given, with no data. */
  public GgufBytes entry(String name, int type, long offset, long... dims) {
    tensors++;
    directory.writeBytes(string(name));
    directory.writeBytes(u32(dims.length));
    for (long dim : dims) {
      directory.writeBytes(u64(dim));
    }
    directory.writeBytes(u32(type));
    directory.writeBytes(u64(offset));
    return this;
  }

  /** A tensor whose data follows the previous one, aligned. */
  public GgufBytes tensor(String name, int type, byte[] bytes, long... dims) {
    pad(data);
    entry(name, type, data.size(), dims);
    data.writeBytes(bytes);
    return this;
  }

  /** Raw bytes at the end of the data. */
  public GgufBytes data(int bytes) {
    data.writeBytes(new byte[bytes]);
    return this;
  }

  /** Magic, version, counts, metadata and directory, without data or padding. */
  public byte[] header() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(u32(version));
    out.writeBytes(u64(tensors));
    out.writeBytes(u64(keys));
    out.writeBytes(metadata.toByteArray());
    out.writeBytes(directory.toByteArray());
    return out.toByteArray();
  }

  public byte[] toByteArray() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header());
    pad(out);
    out.writeBytes(data.toByteArray());
    return out.toByteArray();
  }

  private void pad(ByteArrayOutputStream out) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }

  public static byte[] array(int elementType, byte[]... elements) {
    return array(elementType, elements.length, elements);
  }

  /** An array that claims {@code count} elements. */
  public static byte[] array(int elementType, long count, byte[]... elements) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(u32(elementType));
    out.writeBytes(u64(count));
    for (byte[] element : elements) {
      out.writeBytes(element);
    }
    return out.toByteArray();
  }

  public static byte[] string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + utf8.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(utf8.length)
        .put(utf8)
        .array();
  }

  public static byte[] u32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  public static byte[] u64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }
}
