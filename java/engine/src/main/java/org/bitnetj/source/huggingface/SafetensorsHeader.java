package org.bitnetj.source.huggingface;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Printable;
import org.bitnetj.source.json.Json;

/**
 * The header of a safetensors file: its length in 8 bytes, then a JSON object that gives each
 * tensor's type, shape and place among the bytes that follow. Nothing in it is trusted: every view
 * lies inside the file and overlaps no other. Format: the README of Hugging Face's {@code
 * safetensors}.
 */
final class SafetensorsHeader {
  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LENGTH_BYTES = 8;

  /** Longest header, as the format's own reader has it. */
  private static final long MOST_BYTES = 100_000_000;

  private static final int MOST_DIMS = 8;
  private static final int MOST_NAME = 256;

  private final Path file;
  private final MemorySegment bytes;
  private final long dataStart;

  private SafetensorsHeader(Path file, MemorySegment bytes, long dataStart) {
    this.file = file;
    this.bytes = bytes;
    this.dataStart = dataStart;
  }

  /**
   * The tensors in the order of their bytes.
   *
   * @param bytes the whole file
   */
  static List<StoredTensor> read(Path file, MemorySegment bytes) throws ModelFileException {
    if (bytes.byteSize() < LENGTH_BYTES) {
      throw new ModelFileException(
          file
              + ": the file ends at byte "
              + bytes.byteSize()
              + ", inside the length of its header; it is no safetensors file or incomplete.");
    }
    long length = bytes.get(LENGTH, 0);
    long room = Math.min(MOST_BYTES, bytes.byteSize() - LENGTH_BYTES);
    if (length < 2 || length > room) {
      throw new ModelFileException(
          file
              + ": the header's length is "
              + Long.toUnsignedString(length)
              + " bytes, but can only be from 2 to "
              + room
              + "; it is no safetensors file, damaged or incomplete.");
    }
    String text =
        Printable.strictUtf8(bytes.asSlice(LENGTH_BYTES, length).toArray(ValueLayout.JAVA_BYTE));
    if (text == null) {
      throw new ModelFileException(
          file + ": the header is not UTF-8; it is no safetensors file or damaged.");
    }
    Section header = Section.parse(file, "the header", text);
    return new SafetensorsHeader(file, bytes, LENGTH_BYTES + length).tensors(header);
  }

  private List<StoredTensor> tensors(Section header) throws ModelFileException {
    List<StoredTensor> tensors = new ArrayList<>(header.members().size());
    for (Map.Entry<String, Json> entry : header.members().entrySet()) {
      if (!entry.getKey().equals("__metadata__")) {
        tensors.add(tensor(entry.getKey(), header.section(entry.getKey(), entry.getValue())));
      }
    }
    tensors.sort(Comparator.comparingLong(StoredTensor::offset));
    for (int i = 1; i < tensors.size(); i++) {
      StoredTensor before = tensors.get(i - 1);
      if (tensors.get(i).offset() < before.offset() + before.data().byteSize()) {
        throw tensors
            .get(i)
            .failure(
                "starts at byte "
                    + tensors.get(i).offset()
                    + ", inside tensor '"
                    + before.name()
                    + "'; the file is damaged");
      }
    }
    return tensors;
  }

  private StoredTensor tensor(String name, Section entry) throws ModelFileException {
    if (name.isEmpty() || name.length() > MOST_NAME || Printable.hides(name)) {
      throw entry.failure(
          "the tensor name '"
              + Section.shown(name)
              + "' is empty, too long or not printable; the file is damaged.");
    }
    String label = entry.findText("dtype").orElseThrow(() -> entry.missing("dtype"));
    ElementType type =
        ElementType.named(label)
            .orElseThrow(
                () ->
                    entry.failure(
                        "tensor '"
                            + name
                            + "' is of type '"
                            + Section.shown(label)
                            + "'; this engine reads "
                            + ElementType.names()
                            + "."));
    List<Long> shape = integers(entry, "shape");
    List<Long> offsets = integers(entry, "data_offsets");
    if (shape.size() > MOST_DIMS || shape.stream().anyMatch(d -> d < 1)) {
      throw entry.failure(
          "tensor '" + name + "' has the shape " + shape + "; the file is damaged.");
    }
    long room = bytes.byteSize() - dataStart;
    if (offsets.size() != 2
        || offsets.getFirst() < 0
        || offsets.getLast() < offsets.getFirst()
        || offsets.getLast() > room) {
      throw entry.failure(
          "tensor '"
              + name
              + "' is said to be at "
              + offsets
              + " of "
              + room
              + " bytes after the header; the file is damaged or incomplete, download it again.");
    }
    long size = offsets.getLast() - offsets.getFirst();
    if (size != size(shape, type)) {
      throw entry.failure(
          "tensor '"
              + name
              + "' of type "
              + type
              + " and shape "
              + shape
              + " has "
              + size
              + " bytes, which do not fit; the file is damaged.");
    }
    long start = dataStart + offsets.getFirst();
    if (start % type.bytes() != 0) {
      throw entry.failure(
          "tensor '"
              + name
              + "' starts at byte "
              + start
              + ", which is not a multiple of the size of its elements; write the file again by"
              + " the safetensors library.");
    }
    return new StoredTensor(file, name, type, shape, start, bytes.asSlice(start, size));
  }

  private static List<Long> integers(Section entry, String key) throws ModelFileException {
    List<Json> items = entry.findItems(key).orElseThrow(() -> entry.missing(key));
    List<Long> integers = new ArrayList<>(items.size());
    for (Json item : items) {
      integers.add(entry.integer(key, item));
    }
    return List.copyOf(integers);
  }

  /** Bytes of a tensor; -1 if they are too many to count. */
  private static long size(List<Long> shape, ElementType type) {
    try {
      long size = type.bytes();
      for (long d : shape) {
        size = Math.multiplyExact(size, d);
      }
      return size;
    } catch (ArithmeticException e) {
      return -1;
    }
  }
}
