package org.bitnetj.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of a model's files, whether it can be run or not, as plain data that
 * outlives them.
 *
 * @param container what kind of file or folder it is
 * @param size bytes of all its files
 * @param metadata every key in file order
 * @param tensors every tensor in file order
 * @param totals one line for each type in use, in the order in which they occur
 * @param readings how ambiguous tensors were understood, and why: sentences
 */
public record Inspection(
    String container,
    long size,
    List<Entry> metadata,
    List<Row> tensors,
    List<Total> totals,
    List<String> readings) {

  /**
   * A metadata entry.
   *
   * @param type as the container calls it: {@code u32}, {@code string}, {@code array of 3 i32}
   * @param value a String, Boolean, Long, BigInteger (above 2^63-1), Float, Double, a List of such,
   *     or a {@link LongArray}; null for anything else
   * @param shown the value in one line, safe for a terminal, long texts and arrays cut short
   */
  public record Entry(String key, String type, @Nullable Object value, String shown) {}

  /**
   * An array of more than {@value LongArray#MOST_ELEMENTS} elements, as those of vocabularies, of
   * which only the size is told.
   *
   * @param element what the container calls the type of its elements
   */
  public record LongArray(String element, int length) {
    /** Longer arrays are not listed. */
    public static final int MOST_ELEMENTS = 256;
  }

  /**
   * A tensor.
   *
   * @param dims sizes, fastest first
   * @param offset from the start of its file
   * @param sharing what shares a scale in a ternary tensor whose type has room for several:
   *     "tensor", "row" or "group of 128"
   */
  public record Row(
      Path file,
      String name,
      String type,
      List<Long> dims,
      long offset,
      long bytes,
      Optional<String> sharing) {

    /** All that is known of a tensor; reads the scales of ternary ones. */
    public static Row of(Tensor tensor) {
      return new Row(
          tensor.file(),
          tensor.name(),
          tensor.format().name(),
          tensor.dims(),
          tensor.offset(),
          tensor.data().byteSize(),
          sharing(tensor));
    }

    private static Optional<String> sharing(Tensor tensor) {
      boolean usable = Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH;
      if (!usable
          || !(tensor.format() instanceof TernaryFormat format)
          || format.scaleKind() == ScaleKind.TENSOR) {
        return Optional.empty();
      }
      // Floats that are ternary (a type that GGUF does not have) would have to be read for that.
      boolean one =
          format.id() >= 0
              && format
                  .uniformScale(tensor.data(), (int) tensor.rows(), (int) tensor.columns())
                  .isPresent();
      return Optional.of(
          one
              ? "tensor"
              : format.scaleKind() instanceof ScaleKind.Group group
                  ? "group of " + group.columns()
                  : "row");
    }

    private long elements() {
      return dims.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
    }
  }

  /** All tensors of one type together. */
  public record Total(String type, int tensors, long elements, long bytes) {
    private Total plus(Row row) {
      return new Total(type, tensors + 1, elements + row.elements(), bytes + row.bytes);
    }
  }

  /** Sums the tensors up. */
  public static Inspection of(
      String container,
      long size,
      List<Entry> metadata,
      Collection<Row> tensors,
      List<String> readings) {
    Map<String, Total> totals = new LinkedHashMap<>();
    for (Row row : tensors) {
      totals.put(row.type, totals.getOrDefault(row.type, new Total(row.type, 0, 0, 0)).plus(row));
    }
    return new Inspection(
        container,
        size,
        List.copyOf(metadata),
        List.copyOf(tensors),
        new ArrayList<>(totals.values()),
        List.copyOf(readings));
  }
}
