package org.bitnetj.synth;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;

/**
 * A model of random ternary weights, as Microsoft's published GGUF lays one out: ternary matrices,
 * float32 norms, float16 embedding (and head, where it is not tied). The file is a function of the
 * fields: the same ones give the same bytes on every machine.
 *
 * <p>Magnitudes keep activations near 1 through any depth: a matrix of K columns has the scale 1 /
 * √(K · share of non-zeros), the two that add to the residual stream also 1 / √(2 · layers), and
 * each times a random factor in [0.875, 1.125) so that no two are alike. Embedding and head have
 * the deviation 2 / √width, so that logits have about 2.
 *
 * @param shape the sizes
 * @param architecture {@code general.architecture}, one of {@link #ARCHITECTURES}
 * @param seed picks the weights
 * @param zeroShare share of zero weights, 0 to 0.9, rounded to 256ths
 * @param vocabulary its tokens
 */
public record SyntheticModel(
    ModelShape shape,
    String architecture,
    long seed,
    double zeroShare,
    SyntheticVocabulary vocabulary) {

  /** Architectures whose tensors this class knows. */
  public static final List<String> ARCHITECTURES =
      Arrays.stream(Architecture.values()).map(Architecture::label).toList();

  /** As many zeros as of each other digit. */
  public static final double DEFAULT_ZERO_SHARE = 1.0 / 3;

  /** How the matrices are stored: as in the published file. */
  public static final TernaryFormat TERNARY = WeightFormats.I2_S;

  /** GGUF's number for files of such matrices. */
  private static final int FILE_TYPE = 40;

  private static final int QUANTIZATION_VERSION = 2;
  private static final int CHUNK_BYTES = 16 << 20;
  private static final int PIECE_BYTES = 256 << 10;

  /** Told how far writing is. */
  @FunctionalInterface
  public interface Progress {
    /** After every chunk of at most 16 MiB: bytes of the file written, and all there will be. */
    void at(long written, long size);
  }

  /** A tensor to be written; {@code deviation} is that of its weights. */
  private record Part(
      String name, WeightFormat format, long columns, long rows, double deviation) {}

  public SyntheticModel {
    if (!ARCHITECTURES.contains(architecture)) {
      throw new IllegalArgumentException(
          "There is no architecture '"
              + architecture
              + "' for synthetic models; choose one of "
              + String.join(", ", ARCHITECTURES)
              + ".");
    }
    if (!(zeroShare >= 0 && zeroShare <= 0.9)) {
      throw new IllegalArgumentException(
          "The share of zeros is " + zeroShare + ", but must be from 0 to 0.9.");
    }
  }

  /** With the shape's own architecture, a third of zeros and a dummy vocabulary. */
  public static SyntheticModel of(ModelShape shape, long seed) {
    return new SyntheticModel(
        shape, shape.architecture(), seed, DEFAULT_ZERO_SHARE, new SyntheticVocabulary.Dummy());
  }

  /**
   * Writes the file, using all processors; nothing is left behind unless it is complete.
   *
   * @throws ModelFileException if the disk or the vocabulary's file fails
   */
  public void write(Path path, Progress progress) throws ModelFileException {
    try (VocabularyKeys keys = VocabularyKeys.of(vocabulary, shape.vocabulary());
        Arena arena = Arena.ofShared()) {
      ModelShape sizes = shape.withVocabulary(keys.size());
      List<Part> parts = parts(sizes);
      GgufHeader header = header(sizes, keys);
      for (Part part : parts) {
        if (part.format == WeightFormats.F32) {
          header.tensor(part.name, part.format, part.columns);
        } else {
          header.tensor(part.name, part.format, part.columns, part.rows);
        }
      }
      MemorySegment chunk = arena.allocate(CHUNK_BYTES, 64);
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        progress.at(writer.written(), writer.size());
        for (int i = 0; i < parts.size(); i++) {
          write(parts.get(i), i, chunk, writer, progress);
        }
        writer.commit();
      }
    }
  }

  /** In the order and under the names of Microsoft's published 2B-4T file. */
  private GgufHeader header(ModelShape sizes, VocabularyKeys keys) {
    String a = architecture + ".";
    GgufHeader header =
        new GgufHeader()
            .text("general.architecture", architecture)
            .text("general.name", "synthetic-" + shape.name())
            .u32(a + "vocab_size", sizes.vocabulary())
            .u32(a + "context_length", sizes.context())
            .u32(a + "embedding_length", sizes.width())
            .u32(a + "block_count", sizes.layers())
            .u32(a + "feed_forward_length", sizes.feedForward())
            .u32(a + "rope.dimension_count", sizes.headDim())
            .u32(a + "attention.head_count", sizes.heads())
            .u32(a + "attention.head_count_kv", sizes.kvHeads());
    if (sizes.headDim() * sizes.heads() != sizes.width()) {
      header
          .u32(a + "attention.key_length", sizes.headDim())
          .u32(a + "attention.value_length", sizes.headDim());
    }
    if (architecture.equals("minicpm")) { // as its recipe for scaling models has them
      header
          .f32(a + "embedding_scale", 12)
          .f32(a + "residual_scale", (float) (1.4 / Math.sqrt(sizes.layers())))
          .f32(a + "logit_scale", sizes.width() / 256f);
    }
    keys.addBos(header);
    header
        .f32(a + "attention.layer_norm_rms_epsilon", sizes.normEpsilon())
        .f32(a + "rope.freq_base", sizes.ropeTheta())
        .u32("general.file_type", FILE_TYPE);
    keys.addTokens(header);
    return header.u32("general.quantization_version", QUANTIZATION_VERSION);
  }

  /** The family's tensors, in the order of its manifest. */
  private List<Part> parts(ModelShape sizes) {
    List<Role> roles = Architecture.ofLabel(architecture).orElseThrow().manifest().roles();
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < roles.size(); i++) {
      if (!roles.get(i).place().isInLayers()) {
        add(parts, roles.get(i), 0, sizes);
      } else if (i == 0 || !roles.get(i - 1).place().isInLayers()) {
        for (int layer = 0; layer < sizes.layers(); layer++) {
          for (int j = i; roles.get(j).place().isInLayers(); j++) {
            add(parts, roles.get(j), layer, sizes);
          }
        }
      }
    }
    return parts;
  }

  private static void add(List<Part> parts, Role role, int layer, ModelShape sizes) {
    Place place = role.place();
    boolean written = place == Place.HEAD ? !sizes.tiedHead() : !role.optional();
    if (written) {
      long columns = place.columns(sizes);
      parts.add(
          new Part(
              role.gguf(layer),
              format(place),
              columns,
              place.rows(sizes),
              gain(place, sizes.layers()) / Math.sqrt(columns)));
    }
  }

  private static WeightFormat format(Place place) {
    return switch (place.kind()) {
      case VECTOR -> WeightFormats.F32;
      case VOCABULARY_MATRIX -> WeightFormats.F16;
      case LINEAR -> TERNARY;
    };
  }

  private static double gain(Place place, int layers) {
    return switch (place) {
      case EMBEDDING, HEAD -> 2;
      case ATTENTION_OUTPUT, DOWN -> 1 / Math.sqrt(2.0 * layers);
      default -> 1;
    };
  }

  private int zeros() {
    return (int) Math.round(zeroShare * 256);
  }

  private void write(
      Part part, int index, MemorySegment chunk, GgufWriter writer, Progress progress)
      throws ModelFileException {
    CounterRandom random = CounterRandom.of(seed, index);
    long elements = part.columns * part.rows;
    writer.begin(part.name);
    if (part.format == WeightFormats.F32) {
      fill(TensorFiller.norms(random), 4 * elements, chunk, writer, progress);
    } else if (part.format == WeightFormats.F16) {
      TensorFiller halves = TensorFiller.halves(random, part.deviation);
      fill(halves, 2 * elements, chunk, writer, progress);
    } else {
      fill(TensorFiller.digits(random, zeros()), elements / 4, chunk, writer, progress);
      double scale = part.deviation / Math.sqrt((256 - zeros()) / 256.0);
      // The word after the digits' last one.
      float factor = 0.875f + 0.25f * random.unit(elements / 8);
      writer.write(scaleAndPadding((float) scale * factor));
    }
  }

  private static ByteBuffer scaleAndPadding(float scale) {
    return ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, scale);
  }

  private static void fill(
      TensorFiller filler, long bytes, MemorySegment chunk, GgufWriter writer, Progress progress)
      throws ModelFileException {
    for (long from = 0; from < bytes; from += CHUNK_BYTES) {
      long start = from;
      MemorySegment part = chunk.asSlice(0, Math.min(CHUNK_BYTES, bytes - from));
      int pieces = (int) ((part.byteSize() + PIECE_BYTES - 1) / PIECE_BYTES);
      IntStream.range(0, pieces)
          .parallel()
          .forEach(
              piece -> {
                long at = (long) piece * PIECE_BYTES;
                long length = Math.min(PIECE_BYTES, part.byteSize() - at);
                filler.fill(part.asSlice(at, length), start + at);
              });
      writer.write(part);
      progress.at(writer.written(), writer.size());
    }
  }
}
