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
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;

/** Reads and checks the list of tensors that ends a GGUF header. */
final class TensorDirectory {
  static final int MAX_TENSORS = 1 << 18;
  static final int MAX_DIMS = 4;

  /** An entry as it is in the file; {@code at} is its byte, offset counts from the data. */
  private record Entry(String name, List<Long> dims, int typeId, long offset, long at) {
    String subject() {
      return "tensor '" + name + "'";
    }
  }

  private final HeaderCursor cursor;
  private final int alignment;
  private final List<Entry> entries;
  private final StoredLayouts layouts;

  private TensorDirectory(
      HeaderCursor cursor, int alignment, List<Entry> entries, StoredLayouts layouts) {
    this.cursor = cursor;
    this.alignment = alignment;
    this.entries = entries;
    this.layouts = layouts;
  }

  /**
   * The tensors in file order, each with a view that lies inside the file and overlaps no other.
   *
   * @param layouts what types mean whose layout the file does not say; is told what is chosen here
   */
  static List<Tensor> read(HeaderCursor cursor, int count, int alignment, StoredLayouts layouts)
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
    return new TensorDirectory(cursor, alignment, entries, layouts).place();
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
    Map<Integer, WeightFormat> formats = formats(order, dataBytes);

    Tensor[] tensors = new Tensor[entries.size()];
    long end = 0;
    String previous = "";
    for (int i : order) {
      Entry entry = entries.get(i);
      WeightFormat format = laidOut(entry, formats.get(entry.typeId));
      long bytes = bytes(entry, format);
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
      tensors[i] =
          new Tensor(
              cursor.path(), entry.name, format, entry.dims, start, file.asSlice(start, bytes));
    }
    return List.of(tensors);
  }

  private Integer[] byOffset() {
    Integer[] order = new Integer[entries.size()];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingLong(i -> entries.get(i).offset));
    return order;
  }

  /** The format behind each id used. */
  private Map<Integer, WeightFormat> formats(Integer[] order, long dataBytes)
      throws ModelFileException {
    Map<Integer, WeightFormat> formats = new HashMap<>();
    for (Entry entry : entries) {
      if (formats.containsKey(entry.typeId)) {
        continue;
      }
      List<WeightFormat> meanings = WeightFormats.ofId(entry.typeId);
      if (meanings.isEmpty()) {
        throw failure(
            entry,
            "has the type id "
                + Integer.toUnsignedString(entry.typeId)
                + ", which is unknown; this engine knows "
                + knownTypes());
      }
      formats.put(
          entry.typeId,
          WeightFormats.isContested(entry.typeId)
              ? fitting(entry.typeId, meanings, order, dataBytes)
              : meanings.getFirst());
    }
    return formats;
  }

  /** What a contested id means: the one meaning that fits the room of every tensor with it. */
  private WeightFormat fitting(
      int typeId, List<WeightFormat> meanings, Integer[] order, long dataBytes)
      throws ModelFileException {
    List<WeightFormat> left = new ArrayList<>(meanings);
    Entry last = entries.getFirst();
    for (int k = 0; k < order.length; k++) {
      Entry entry = entries.get(order[k]);
      if (entry.typeId != typeId) {
        continue;
      }
      long end = k + 1 < order.length ? entries.get(order[k + 1]).offset : dataBytes;
      long room = end - entry.offset;
      left.removeIf(format -> !fits(format, entry.dims, room));
      if (left.isEmpty()) {
        throw failure(
            entry,
            "has the type id "
                + typeId
                + ", which stands for "
                + names(meanings)
                + ", but "
                + (meanings.size() > 1 ? "none of them fits" : "that does not fit")
                + " its "
                + room
                + " bytes and those of the tensors before it; the file is damaged, incomplete or"
                + " in a format that this engine does not know");
      }
      last = entry;
    }
    if (left.size() > 1) {
      throw failure(
          last,
          "has the type id "
              + typeId
              + ", and the sizes of the tensors with it fit "
              + names(left)
              + " alike; convert the file to a type that is not ambiguous");
    }
    layouts.chose(typeId, left.getFirst());
    return left.getFirst();
  }

  private static String names(List<WeightFormat> formats) {
    return formats.stream().map(WeightFormat::name).collect(Collectors.joining(" or "));
  }

  private boolean fits(WeightFormat format, List<Long> dims, long room) {
    try {
      long bytes = format.bytes(dims);
      return bytes <= room && room - bytes < alignment;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private WeightFormat laidOut(Entry entry, WeightFormat type) throws ModelFileException {
    try {
      return layouts.of(type, entry.dims);
    } catch (IllegalArgumentException e) {
      throw failure(entry, e.getMessage());
    }
  }

  private long bytes(Entry entry, WeightFormat format) throws ModelFileException {
    try {
      return format.bytes(entry.dims);
    } catch (IllegalArgumentException e) {
      throw failure(entry, e.getMessage() + "; the file is damaged");
    }
  }

  private static String knownTypes() {
    return WeightFormats.all().stream()
        .map(format -> format.name() + " (" + format.id() + ")")
        .collect(Collectors.joining(", "));
  }

  private ModelFileException failure(Entry entry, String clause) {
    cursor.place(entry.subject());
    return cursor.failure(entry.at, clause);
  }
}
