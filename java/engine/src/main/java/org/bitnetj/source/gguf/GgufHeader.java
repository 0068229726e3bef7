package org.bitnetj.source.gguf;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.source.StringArray;

/**
 * The header of a GGUF file to be written: metadata and the directory of tensors, in the order of
 * the calls. Offsets follow from types and dimensions. A name used twice, malformed or too long, or
 * a shape the format cannot hold, is an {@link IllegalArgumentException}. Not thread-safe.
 */
public final class GgufHeader {
  private static final int VERSION = 3;

  /** A declared tensor and where its data starts, counted from the start of the data. */
  record Slot(String name, WeightFormat format, List<Long> dims, long offset, long bytes) {}

  private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
  private final Set<String> keys = new HashSet<>();
  private final Set<String> names = new HashSet<>();
  private final List<Slot> slots = new ArrayList<>();
  private final int alignment;
  private long dataBytes;

  /** With the alignment that files have which name none. */
  public GgufHeader() {
    this.alignment = GgufFile.DEFAULT_ALIGNMENT;
  }

  /**
   * With an alignment that the file names.
   *
   * @param alignment of tensors in bytes, a power of two from 8 on
   */
  public GgufHeader(int alignment) {
    if (alignment < 8 || Integer.bitCount(alignment) != 1) {
      throw new IllegalArgumentException("tensors cannot be aligned to " + alignment + " bytes");
    }
    this.alignment = alignment;
    keys.add(GgufFile.ALIGNMENT_KEY);
    string(GgufFile.ALIGNMENT_KEY.getBytes(StandardCharsets.UTF_8));
    metadata.writeBytes(little(8).putInt(ValueType.U32.id()).putInt(alignment).array());
  }

  public GgufHeader text(String key, String value) {
    key(key, ValueType.STRING);
    string(value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** A 32-bit unsigned integer. */
  public GgufHeader u32(String key, long value) {
    if (value < 0 || value > 0xFFFFFFFFL) {
      throw new IllegalArgumentException(key + " = " + value + " does not fit a u32");
    }
    key(key, ValueType.U32);
    metadata.writeBytes(little(4).putInt((int) value).array());
    return this;
  }

  public GgufHeader f32(String key, float value) {
    key(key, ValueType.F32);
    metadata.writeBytes(little(4).putFloat(value).array());
    return this;
  }

  public GgufHeader flag(String key, boolean value) {
    key(key, ValueType.BOOL);
    metadata.write(value ? 1 : 0);
    return this;
  }

  public GgufHeader texts(String key, StringArray values) {
    array(key, ValueType.STRING, values.size());
    for (int i = 0; i < values.size(); i++) {
      string(values.bytes(i));
    }
    return this;
  }

  public GgufHeader texts(String key, List<String> values) {
    array(key, ValueType.STRING, values.size());
    values.forEach(value -> string(value.getBytes(StandardCharsets.UTF_8)));
    return this;
  }

  public GgufHeader i32s(String key, int... values) {
    array(key, ValueType.I32, values.length);
    ByteBuffer bytes = little(4 * values.length);
    bytes.asIntBuffer().put(values);
    metadata.writeBytes(bytes.array());
    return this;
  }

  public GgufHeader f32s(String key, float... values) {
    array(key, ValueType.F32, values.length);
    ByteBuffer bytes = little(4 * values.length);
    bytes.asFloatBuffer().put(values);
    metadata.writeBytes(bytes.array());
    return this;
  }

  /** The value that {@code source} has under that key, whatever its type, bit for bit. */
  public GgufHeader copy(GgufFile source, String key) {
    byte[] value = source.keyValues().raw(key).toArray(ValueLayout.JAVA_BYTE);
    newKey(key);
    metadata.writeBytes(value);
    return this;
  }

  /** Declares the next tensor; {@code dims} fastest first. */
  public GgufHeader tensor(String name, WeightFormat format, long... dims) {
    HeaderCursor.checkName(name);
    if (dims.length < 1 || dims.length > TensorDirectory.MAX_DIMS) {
      throw new IllegalArgumentException(
          "tensor '" + name + "' has " + dims.length + " dimensions");
    }
    List<Long> sizes = new ArrayList<>();
    for (long d : dims) {
      if (d < 1) {
        throw new IllegalArgumentException("tensor '" + name + "' has a dimension of " + d);
      }
      sizes.add(d);
    }
    long bytes;
    try {
      bytes = format.bytes(sizes);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("tensor '" + name + "' " + e.getMessage(), e);
    }
    if (!names.add(name)) {
      throw new IllegalArgumentException("tensor '" + name + "' is declared twice");
    }
    slots.add(new Slot(name, format, List.copyOf(sizes), dataBytes, bytes));
    dataBytes = Math.addExact(dataBytes, padded(bytes));
    return this;
  }

  List<Slot> slots() {
    return List.copyOf(slots);
  }

  /** Bytes of all tensors with their padding. */
  long dataBytes() {
    return dataBytes;
  }

  /** {@code bytes} rounded up to the alignment. */
  long padded(long bytes) {
    return Math.addExact(bytes, alignment - 1) / alignment * alignment;
  }

  /** The header as it is written to the file, padded to where the data starts. */
  byte[] toByteArray() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(metadata.size() + 128 * slots.size());
    out.writeBytes(
        little(24)
            .putInt(GgufVersion.MAGIC)
            .putInt(VERSION)
            .putLong(slots.size())
            .putLong(keys.size())
            .array());
    out.writeBytes(metadata.toByteArray());
    for (Slot slot : slots) {
      byte[] name = slot.name.getBytes(StandardCharsets.UTF_8);
      ByteBuffer entry = little(8 + name.length + 4 + 8 * slot.dims.size() + 4 + 8);
      entry.putLong(name.length).put(name).putInt(slot.dims.size());
      slot.dims.forEach(entry::putLong);
      out.writeBytes(entry.putInt(slot.format.id()).putLong(slot.offset).array());
    }
    out.writeBytes(new byte[(int) (padded(out.size()) - out.size())]);
    return out.toByteArray();
  }

  private void newKey(String key) {
    HeaderCursor.checkName(key);
    if (key.equals(GgufFile.ALIGNMENT_KEY)) {
      throw new IllegalArgumentException("the header itself says how its tensors are aligned");
    }
    if (!keys.add(key)) {
      throw new IllegalArgumentException("metadata key '" + key + "' is declared twice");
    }
    string(key.getBytes(StandardCharsets.UTF_8));
  }

  private void key(String key, ValueType type) {
    newKey(key);
    metadata.writeBytes(little(4).putInt(type.id()).array());
  }

  private void array(String key, ValueType element, int count) {
    key(key, ValueType.ARRAY);
    metadata.writeBytes(little(12).putInt(element.id()).putLong(count).array());
  }

  private void string(byte[] utf8) {
    metadata.writeBytes(little(8).putLong(utf8.length).array());
    metadata.writeBytes(utf8);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
