package org.bitnetj.synth;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.bitnetj.format.TernaryFormat;
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

  /** Stores a matrix in floats, rounded to the format, roughly where that has blocks. */
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
    int length = format.blockColumns();
    long block = 0;
    for (double[] row : matrix) {
      for (int start = 0; start < row.length; start += length, block += format.blockBytes()) {
        put(format.name(), bytes.asSlice(block), Arrays.copyOfRange(row, start, start + length));
      }
    }
    return bytes;
  }

  /** Puts the weights of one block at the start of some bytes, by the format's definition. */
  private static void put(String format, MemorySegment to, double[] weights) {
    float first = (float) weights[0];
    float largest = (float) Arrays.stream(weights).map(Math::abs).max().orElseThrow();
    switch (format) {
      case "F32" -> to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, first);
      case "F16" -> putHalf(to, 0, first);
      case "BF16" ->
          to.set(
              ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) (Float.floatToRawIntBits(first) >>> 16));
      case "Q4_0", "IQ4_NL" -> {
        float step = largest / (format.equals("Q4_0") ? 8 : 127);
        putHalf(to, 0, step);
        for (int j = 0; j < 32; j++) { // codes of IQ4_NL are not those nearest, but some
          int code = Math.clamp(Math.round(8 + weights[j] * 8 / largest), 0, 15);
          add(to, 2 + j % 16, code << j / 16 * 4);
        }
      }
      case "Q2_0", "PQ2_0" -> {
        float step = largest / 2;
        putHalf(to, 0, step);
        for (int j = 0; j < weights.length; j++) {
          int digit = 1 + Math.clamp(Math.round(weights[j] / step), -1, 2);
          add(to, 2 + j / 4, digit << 2 * (j % 4));
        }
      }
      case "Q4_K", "Q5_K" -> {
        int bits = format.equals("Q4_K") ? 4 : 5;
        float step = largest / (1 << bits - 1);
        putHalf(to, 0, step / 2); // all scales are 2
        putHalf(to, 2, largest / 33); // all minimums are 33
        for (int i = 0; i < 12; i++) {
          int three = i < 8 ? (i < 4 ? 2 : 33 | 2 << 6) : 2 | 1 << 4;
          to.set(ValueLayout.JAVA_BYTE, 4 + i, (byte) three);
        }
        for (int j = 0; j < 256; j++) {
          int most = (1 << bits) - 1;
          int code = Math.clamp(Math.round((weights[j] + largest) / step), 0, most);
          add(to, (bits == 4 ? 16 : 48) + j / 64 * 32 + j % 32, (code & 15) << j / 32 % 2 * 4);
          if (bits == 5) {
            add(to, 16 + j % 32, code >> 4 << j / 32);
          }
        }
      }
      default -> throw new IllegalArgumentException(format);
    }
  }

  private static void putHalf(MemorySegment to, long at, float value) {
    to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
  }

  private static void add(MemorySegment to, long at, int value) {
    to.set(ValueLayout.JAVA_BYTE, at, (byte) (to.get(ValueLayout.JAVA_BYTE, at) + value));
  }

  /** Adds a norm for each linear layer of the two layers, each another. */
  static Path withInputNorms(Path from, Path to) throws Exception {
    Rewriting more = new Rewriting(from);
    try (GgufFile file = GgufFile.open(from)) {
      Random random = new Random(8);
      for (Tensor tensor : file.tensors()) {
        if (tensor.format() instanceof TernaryFormat) {
          float[] weights = new float[(int) tensor.columns()];
          for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextFloat(0.5f, 2);
          }
          more.with(tensor.name().replace(".weight", "_norm_in.weight"), weights);
        }
      }
    }
    return more.write(to);
  }
}
