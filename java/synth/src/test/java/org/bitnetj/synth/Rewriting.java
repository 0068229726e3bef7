package org.bitnetj.synth;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;

/** A copy of a model file in which some tensors are stored in another format or new. */
final class Rewriting {
  private final Path from;
  private final Map<String, WeightFormat> formats = new LinkedHashMap<>();
  private final Map<String, float[]> vectors = new LinkedHashMap<>();
  private Consumer<GgufHeader> keys = header -> {};

  Rewriting(Path from) {
    this.from = from;
  }

  /** Stores a matrix in floats, rounded to the format. */
  Rewriting as(WeightFormat format, String name) {
    formats.put(name, format);
    return this;
  }

  /** Adds a float32 vector. */
  Rewriting with(String name, float... values) {
    vectors.put(name, values);
    return this;
  }

  /** Adds metadata. */
  Rewriting keys(Consumer<GgufHeader> more) {
    keys = keys.andThen(more);
    return this;
  }

  Path write(Path to) throws Exception {
    try (GgufFile file = GgufFile.open(from);
        Arena arena = Arena.ofConfined()) {
      GgufHeader header = new GgufHeader();
      file.metadata().keys().forEach(key -> header.copy(file, key));
      keys.accept(header);
      for (Tensor tensor : file.tensors()) {
        long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
        header.tensor(tensor.name(), formats.getOrDefault(tensor.name(), tensor.format()), dims);
      }
      vectors.forEach((name, v) -> header.tensor(name, WeightFormats.F32, v.length));
      NaiveModel reader = new NaiveModel(file, 0);
      try (GgufWriter writer = GgufWriter.create(to, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          WeightFormat format = formats.get(tensor.name());
          writer.write(
              format == null
                  ? tensor.data()
                  : stored(format, tensor.dims(), reader.matrix(tensor.name()), arena));
        }
        for (Map.Entry<String, float[]> vector : vectors.entrySet()) {
          writer.begin(vector.getKey());
          writer.write(arena.allocateFrom(ValueLayout.JAVA_FLOAT, vector.getValue()));
        }
        writer.commit();
      }
    }
    return to;
  }

  private static MemorySegment stored(
      WeightFormat format, List<Long> dims, double[][] matrix, Arena arena) {
    MemorySegment bytes = arena.allocate(format.bytes(dims), 64);
    long i = 0;
    for (double[] row : matrix) {
      for (double weight : row) {
        float value = (float) weight;
        switch (format.name()) {
          case "F32" -> bytes.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
          case "F16" -> bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
          case "BF16" ->
              bytes.setAtIndex(
                  ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
          default -> throw new IllegalArgumentException(format.name());
        }
        i++;
      }
    }
    return bytes;
  }
}
