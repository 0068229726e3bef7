package org.bitnetj.source.gguf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of a GGUF file without reading a weight, as plain data that outlives it.
 *
 * @param version the container's version
 * @param size bytes of the file
 * @param metadata every key in file order
 * @param tensors every tensor in file order
 * @param totals one line per format in use, in the order of {@link WeightFormats#all}
 */
public record Inspection(
    int version, long size, List<Entry> metadata, List<Row> tensors, List<Total> totals) {

  /**
   * A metadata entry.
   *
   * @param type as the format calls it: {@code u32}, {@code string}, {@code array of 3 i32}
   * @param scalar the value as a String, Boolean, Long, BigInteger (u64 above 2^63-1), Float or
   *     Double; null for an array
   * @param shown the value in one line, safe for a terminal, long texts and arrays cut short
   */
  public record Entry(String key, String type, @Nullable Object scalar, String shown) {}

  /** A tensor; {@code offset} counts from the start of the file. */
  public record Row(String name, WeightFormat format, List<Long> dims, long offset, long bytes) {}

  /** All tensors of one format together. */
  public record Total(WeightFormat format, int tensors, long elements, long bytes) {
    private Total plus(Tensor tensor) {
      return new Total(
          format, tensors + 1, elements + tensor.elements(), bytes + tensor.data().byteSize());
    }
  }

  public static Inspection of(GgufFile file) {
    List<Entry> entries = new ArrayList<>();
    GgufMetadata metadata = file.keyValues();
    for (String key : metadata.keys()) {
      entries.add(new Entry(key, metadata.type(key), metadata.scalar(key), metadata.describe(key)));
    }
    List<Row> rows = new ArrayList<>();
    Map<WeightFormat, Total> totals = new HashMap<>();
    for (Tensor tensor : file.tensors()) {
      long bytes = tensor.data().byteSize();
      rows.add(new Row(tensor.name(), tensor.format(), tensor.dims(), tensor.offset(), bytes));
      totals.put(
          tensor.format(),
          totals.getOrDefault(tensor.format(), new Total(tensor.format(), 0, 0, 0)).plus(tensor));
    }
    return new Inspection(
        file.version(),
        file.size(),
        List.copyOf(entries),
        List.copyOf(rows),
        WeightFormats.all().stream().map(totals::get).filter(Objects::nonNull).toList());
  }
}
