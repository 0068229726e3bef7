package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitnetj.source.ModelFileException;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.TensorType;

/** Reads and checks the list of tensors that ends a GGUF header. */
final class TensorDirectory {
  static final int MAX_TENSORS = 1 << 18;
  static final int MAX_DIMS = 4;

  /** An entry as it stands in the file; {@code at} is its byte, offset counts from the data. */
  private record Entry(String name, List<Long> dims, int typeId, long offset, long at) {
    String subject() {
      return "tensor '" + name + "'";
    }
  }

  private final HeaderCursor cursor;
  private final int alignment;
  private final List<Entry> entries;

  private TensorDirectory(HeaderCursor cursor, int alignment, List<Entry> entries) {
    this.cursor = cursor;
    this.alignment = alignment;
    this.entries = entries;
  }

  /**
   * The tensors in file order, each with a view that lies inside the file and overlaps no other.
   */
  static List<Tensor> read(HeaderCursor cursor, int count, int alignment)
      throws ModelFileException {
    List<Entry> entries = new ArrayList<>(count);
    Set<String> names = HashSet.newHashSet(count);
    for (int i = 0; i < count; i++) {
      cursor.place("tensor entry " + (i + 1) + " of " + count);
      Entry entry = readEntry(cursor, alignment);
      if (!names.add(entry.name)) {
        throw cursor.failure(entry.at, "occurs twice; the file is damaged");
      }
      entries.add(entry);
    }
    return new TensorDirectory(cursor, alignment, entries).place();
  }

  private static Entry readEntry(HeaderCursor cursor, int alignment) throws ModelFileException {
    long at = cursor.position();
    String name = cursor.name("name");
    cursor.place("tensor '" + name + "'");
    int rank = cursor.u32("its number of dimensions");
    if (rank < 1 || rank > MAX_DIMS) {
      throw cursor.failure(
          at,
          "has "
              + Integer.toUnsignedString(rank)
              + " dimensions, but GGUF allows 1 to "
              + MAX_DIMS
              + "; the file is damaged");
    }
    Long[] dims = new Long[rank];
    for (int d = 0; d < rank; d++) {
      dims[d] = cursor.u64("its dimensions");
      if (dims[d] <= 0) {
        throw cursor.failure(
            at,
            "has "
                + Long.toUnsignedString(dims[d])
                + " as its dimension "
                + d
                + "; the file is damaged");
      }
    }
    int typeId = cursor.u32("its type");
    long offset = cursor.u64("its offset");
    if (offset < 0 || offset % alignment != 0) {
      throw cursor.failure(
          at,
          "has the offset "
              + Long.toUnsignedString(offset)
              + ", which is not a multiple of the"
              + " alignment "
              + alignment
              + "; the file is damaged");
    }
    return new Entry(name, List.of(dims), typeId, offset, at);
  }

  private List<Tensor> place() throws ModelFileException {
    MemorySegment file = cursor.file();
    long dataStart = (cursor.position() + alignment - 1) / alignment * alignment;
    long dataBytes = Math.max(0, file.byteSize() - dataStart);
    Integer[] order = byOffset();
    Map<Integer, TensorType> types = types(order, dataBytes);

    Tensor[] tensors = new Tensor[entries.size()];
    long end = 0;
    String previous = "";
    for (int i : order) {
      Entry entry = entries.get(i);
      TensorType type = types.get(entry.typeId);
      long bytes = bytes(entry, type);
      if (entry.offset < end) {
        throw failure(
            entry,
            "starts at byte "
                + (dataStart + entry.offset)
                + ", inside "
                + previous
                + "; the file is damaged");
      }
      if (bytes > dataBytes - entry.offset) {
        throw failure(
            entry,
            "needs "
                + bytes
                + " bytes from byte "
                + Long.toUnsignedString(dataStart + entry.offset)
                + ", but the file ends at byte "
                + file.byteSize()
                + "; it is damaged or incomplete, download it again");
      }
      end = entry.offset + bytes;
      previous = entry.subject();
      long start = dataStart + entry.offset;
      tensors[i] = new Tensor(entry.name, type, entry.dims, start, file.asSlice(start, bytes));
    }
    return List.of(tensors);
  }

  private Integer[] byOffset() {
    Integer[] order = new Integer[entries.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingLong(i -> entries.get(i).offset));
    return order;
  }

  /** The type behind each id used; where an id means several, the one whose sizes fit the file. */
  private Map<Integer, TensorType> types(Integer[] order, long dataBytes)
      throws ModelFileException {
    Map<Integer, List<TensorType>> candidates = new HashMap<>();
    for (Entry entry : entries) {
      if (candidates.computeIfAbsent(entry.typeId, TensorType::allOfId).isEmpty()) {
        throw failure(
            entry,
            "has the type id "
                + Integer.toUnsignedString(entry.typeId)
                + ", which is unknown; this engine knows "
                + knownTypes());
      }
    }
    Map<Integer, TensorType> types = new HashMap<>();
    for (Map.Entry<Integer, List<TensorType>> candidate : candidates.entrySet()) {
      List<TensorType> meanings = candidate.getValue();
      types.put(
          candidate.getKey(),
          meanings.size() == 1 ? meanings.getFirst() : fitting(meanings, order, dataBytes));
    }
    return types;
  }

  private TensorType fitting(List<TensorType> meanings, Integer[] order, long dataBytes)
      throws ModelFileException {
    List<TensorType> left = new ArrayList<>(meanings);
    for (int k = 0; k < order.length; k++) {
      Entry entry = entries.get(order[k]);
      if (!TensorType.allOfId(entry.typeId).equals(meanings)) {
        continue;
      }
      long end = k + 1 < order.length ? entries.get(order[k + 1]).offset : dataBytes;
      long room = end - entry.offset;
      left.removeIf(type -> !fits(type, entry.dims, room));
      if (left.isEmpty()) {
        throw failure(
            entry,
            "has the type id "
                + entry.typeId
                + ", which stands for "
                + meanings.stream().map(TensorType::name).collect(Collectors.joining(" or "))
                + ", but its "
                + room
                + " bytes fit none of them; the file is damaged or"
                + " incomplete, download it again");
      }
    }
    return left.getFirst();
  }

  private boolean fits(TensorType type, List<Long> dims, long room) {
    try {
      long bytes = type.bytes(dims);
      return bytes <= room && room - bytes < alignment;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private long bytes(Entry entry, TensorType type) throws ModelFileException {
    try {
      return type.bytes(entry.dims);
    } catch (IllegalArgumentException e) {
      throw failure(entry, e.getMessage() + "; the file is damaged");
    }
  }

  private static String knownTypes() {
    return Arrays.stream(TensorType.values())
        .map(type -> type + " (" + type.id() + ")")
        .collect(Collectors.joining(", "));
  }

  private ModelFileException failure(Entry entry, String clause) {
    cursor.place(entry.subject());
    return cursor.failure(entry.at, clause);
  }
}
