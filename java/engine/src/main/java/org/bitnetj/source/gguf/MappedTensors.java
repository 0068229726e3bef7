package org.bitnetj.source.gguf;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;

/**
 * Tensors in the engine's own layouts, which a GGUF file has as bytes, of type I8 and one
 * dimension. Keys say what they are, in arrays with an element for each: name, layout, rows,
 * columns, the columns that share a scale, the largest digit and the type that it had before. A
 * reader that does not know the keys can list the tensors and cannot take them for weights of
 * another type.
 */
public final class MappedTensors {
  /** The name of the low-bit copy of the head in files that are written. */
  public static final String LOW_BIT_HEAD_NAME = "bitnet.low_bit_head";

  /** What is written and read; it changes when files mean something else. */
  public static final int VERSION = 1;

  /** What all keys begin with. */
  static final String PREFIX = "bitnet.layout.";

  private static final String VERSION_KEY = PREFIX + "version";
  private static final String NAMES = PREFIX + "tensors";
  private static final String LAYOUTS = PREFIX + "layouts";
  private static final String ROWS = PREFIX + "rows";
  private static final String COLUMNS = PREFIX + "columns";
  private static final String SCALE_COLUMNS = PREFIX + "scale_columns";
  private static final String LARGEST = PREFIX + "largest_digits";
  private static final String SOURCES = PREFIX + "source_types";
  private static final String LOW_BIT_HEAD = PREFIX + "low_bit_head";

  private final GgufMetadata metadata;

  private MappedTensors(GgufMetadata metadata) {
    this.metadata = metadata;
  }

  /**
   * Writes the keys.
   *
   * @param formats of the matrices, by the names of their tensors
   * @param lowBitHead whether there is a low-bit copy of the head, {@link #LOW_BIT_HEAD_NAME}
   */
  public static void put(GgufHeader header, Map<String, MappedFormat> formats, boolean lowBitHead) {
    List<MappedFormat> all = List.copyOf(formats.values());
    header
        .u32(VERSION_KEY, VERSION)
        .texts(NAMES, List.copyOf(formats.keySet()))
        .texts(LAYOUTS, all.stream().map(MappedFormat::name).toList())
        .i32s(ROWS, all.stream().mapToInt(MappedFormat::rows).toArray())
        .i32s(COLUMNS, all.stream().mapToInt(MappedFormat::columns).toArray())
        .i32s(
            SCALE_COLUMNS,
            all.stream().mapToInt(f -> MappedFormat.scaleColumns(f.scaleKind())).toArray())
        .i32s(LARGEST, all.stream().mapToInt(MappedFormat::largest).toArray())
        .texts(SOURCES, all.stream().map(MappedFormat::source).toList());
    if (lowBitHead) {
      header.text(LOW_BIT_HEAD, LOW_BIT_HEAD_NAME);
    }
  }

  /**
   * A file's tensors as they are to be understood: those in layouts of the engine as ternary
   * matrices of their shape, the others as they are.
   *
   * @throws ModelFileException if the keys are not those of this version, or do not fit the tensors
   */
  static Collection<Tensor> read(GgufMetadata metadata, Collection<Tensor> tensors)
      throws ModelFileException {
    if (!isMarked(metadata)) {
      return tensors;
    }
    long version = metadata.integer(VERSION_KEY);
    if (version != VERSION) {
      throw metadata.failure(
          "its weights are in version "
              + version
              + " of the engine's own layouts, but this engine reads version "
              + VERSION
              + "; convert the model that it was made of again (bitnet convert --weights panels).");
    }
    return new MappedTensors(metadata).understood(tensors);
  }

  private static boolean isMarked(GgufMetadata metadata) {
    return metadata.keys().stream().anyMatch(key -> key.startsWith(PREFIX));
  }

  private Collection<Tensor> understood(Collection<Tensor> tensors) throws ModelFileException {
    Map<String, Tensor> all = LinkedHashMap.newLinkedHashMap(tensors.size());
    tensors.forEach(tensor -> all.put(tensor.name(), tensor));
    Map<String, MappedFormat> formats = formats();
    for (Map.Entry<String, MappedFormat> entry : formats.entrySet()) {
      Tensor bytes = all.get(entry.getKey());
      if (bytes == null) {
        throw failure(entry.getKey(), "is not in the file");
      }
      all.put(entry.getKey(), understood(bytes, entry.getValue()));
    }
    Optional<String> head = metadata.findText(LOW_BIT_HEAD);
    if (head.isPresent() && (!all.containsKey(head.get()) || formats.containsKey(head.get()))) {
      throw failure(head.get(), "is to be the low-bit copy of the head, but there is no such");
    }
    return all.values();
  }

  private Map<String, MappedFormat> formats() throws ModelFileException {
    StringArray names = metadata.findTexts(NAMES).orElseThrow(() -> metadata.missing(NAMES));
    int count = names.size();
    StringArray layouts = texts(LAYOUTS, count);
    StringArray sources = texts(SOURCES, count);
    int[] rows = integers(ROWS, count);
    int[] columns = integers(COLUMNS, count);
    int[] scaleColumns = integers(SCALE_COLUMNS, count);
    int[] largest = integers(LARGEST, count);
    Map<String, MappedFormat> formats = HashMap.newHashMap(count);
    Map<String, Optional<DigitLayout>> knownLayouts = new HashMap<>(); // few, in many tensors
    Map<Integer, Optional<ScaleKind>> knownScales = new HashMap<>();
    for (int i = 0; i < count; i++) {
      String name = names.get(i);
      String label = layouts.get(i);
      int shared = scaleColumns[i];
      DigitLayout layout =
          knownLayouts
              .computeIfAbsent(label, MappedFormat::layout)
              .orElseThrow(
                  () -> failure(name, "is in the layout '" + label + "', which is unknown"));
      ScaleKind scales =
          knownScales
              .computeIfAbsent(shared, MappedFormat::scaleKind)
              .orElseThrow(() -> failure(name, "has a scale for " + shared + " columns"));
      if (rows[i] > ModelSpec.MAX_WIDTH || columns[i] > ModelSpec.MAX_WIDTH) {
        throw failure(name, "has the shape " + columns[i] + " x " + rows[i]);
      }
      try {
        MappedFormat format =
            new MappedFormat(layout, rows[i], columns[i], scales, largest[i], sources.get(i));
        if (formats.put(name, format) != null) {
          throw failure(name, "has two layouts");
        }
      } catch (IllegalArgumentException e) {
        throw failure(name, e.getMessage());
      }
    }
    return formats;
  }

  private StringArray texts(String key, int count) throws ModelFileException {
    StringArray texts = metadata.findTexts(key).orElseThrow(() -> metadata.missing(key));
    requireCount(key, texts.size(), count);
    return texts;
  }

  private int[] integers(String key, int count) throws ModelFileException {
    int[] integers = metadata.findIntegers(key).orElseThrow(() -> metadata.missing(key));
    requireCount(key, integers.length, count);
    return integers;
  }

  private void requireCount(String key, int count, int expected) throws ModelFileException {
    if (count != expected) {
      throw metadata.failure(
          "metadata key '"
              + key
              + "' has "
              + count
              + " elements, but '"
              + NAMES
              + "' has "
              + expected
              + "; the file is damaged.");
    }
  }

  private Tensor understood(Tensor tensor, MappedFormat format) throws ModelFileException {
    long bytes = tensor.data().byteSize();
    if (!tensor.format().equals(WeightFormats.I8) || bytes != format.bytes()) {
      throw failure(
          tensor.name(),
          "is %d bytes of type %s, but in the layout '%s' a matrix of %d x %d takes %d of type I8"
              .formatted(
                  bytes,
                  tensor.format().name(),
                  format.name(),
                  format.columns(),
                  format.rows(),
                  format.bytes()));
    }
    List<Long> dims = List.of((long) format.columns(), (long) format.rows());
    return new Tensor(tensor.file(), tensor.name(), format, dims, tensor.offset(), tensor.data());
  }

  private ModelFileException failure(String name, String clause) {
    return metadata.failure(
        "tensor '" + name + "' of its layouts " + clause + "; the file is damaged.");
  }

  /** The name of the low-bit copy of a file's head; empty if it has none. */
  static Optional<String> lowBitHead(GgufMetadata metadata) {
    try {
      return metadata.findText(LOW_BIT_HEAD);
    } catch (ModelFileException e) {
      return Optional.empty(); // read() said so when the file was opened
    }
  }

  /** What is to be said of such tensors. */
  static List<String> readings(Collection<Tensor> tensors) {
    List<String> sources = new ArrayList<>();
    for (Tensor tensor : tensors) {
      if (tensor.format() instanceof MappedFormat format && !sources.contains(format.source())) {
        sources.add(format.source());
      }
    }
    return sources.isEmpty()
        ? List.of()
        : List.of(
            "Ternary weights are in the engine's own layouts, version "
                + VERSION
                + ", and are used where they are mapped; they were "
                + String.join(", ", sources)
                + ".");
  }
}
