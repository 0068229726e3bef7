package org.bitnetj.synth;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.EngineLayouts;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWords;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.source.gguf.MappedTensors;
import org.bitnetj.source.gguf.MatrixWriter;
import org.bitnetj.tensor.FloatMatrix;

/**
 * A model of random ternary weights, as Microsoft's published GGUF lays one out: ternary matrices,
 * float32 norms, embedding (and head, where it is not tied). The file is a function of the fields:
 * the same ones give the same bytes on every machine, and other types hold the same weights,
 * rounded where they must be.
 *
 * <p>Magnitudes keep activations near 1 through any depth: a matrix of K columns has the scale 1 /
 * √(K · share of non-zeros), the two that add to the residual stream also 1 / √(2 · layers), and
 * each times a random factor in [0.875, 1.125) so that no two are alike. Embedding and head have
 * the deviation 2 / √width, so that logits have about 2. What a {@link Likeness} changes is said
 * there.
 *
 * @param shape the sizes
 * @param architecture {@code general.architecture}, one of {@link #ARCHITECTURES}
 * @param seed picks the weights
 * @param zeroShare share of zero weights, 0 to 0.9, rounded to 256ths; of no effect on types that
 *     have none or one of four
 * @param vocabulary its tokens
 * @param weights how the matrices are stored
 * @param groupScales whether each group of columns has a scale of its own, as in models of which
 *     only the weights are ternary; else a matrix has one, as in BitNet
 * @param head how embedding and head are stored
 * @param panels the engine's own layout of all ternary matrices, so that the file is used where it
 *     is mapped; then {@code weights} says nothing but what they were before, and a large head gets
 *     a low-bit copy
 * @param likeness to a trained model
 */
public record SyntheticModel(
    ModelShape shape,
    String architecture,
    long seed,
    double zeroShare,
    SyntheticVocabulary vocabulary,
    TernaryEncoder weights,
    boolean groupScales,
    FloatFormat head,
    Optional<PanelLayout> panels,
    Likeness likeness) {

  /** Architectures whose tensors this class knows. */
  public static final List<String> ARCHITECTURES =
      Arrays.stream(Architecture.values()).map(Architecture::label).toList();

  /** As many zeros as of each other digit. */
  public static final double DEFAULT_ZERO_SHARE = 1.0 / 3;

  /** How the matrices are stored in the published file. */
  public static final TernaryEncoder TERNARY = WeightFormats.I2_S;

  /** How its embedding is stored. */
  public static final FloatFormat HEAD = WeightFormats.F16;

  private static final int QUANTIZATION_VERSION = 2;

  /** A tensor to be written; {@code deviation} is that of its weights. */
  private record Part(
      Place place,
      int layer,
      String name,
      WeightFormat format,
      int columns,
      int rows,
      double deviation) {}

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
    if (groupScales && !(weights.scaleKind() instanceof ScaleKind.Group)) {
      throw new IllegalArgumentException(
          weights.name() + " has no scales by groups of columns; choose another type.");
    }
    likeness.requireFits(shape, Architecture.ofLabel(architecture).orElseThrow(), weights);
    if (panels.isPresent() && groupScales) {
      throw new IllegalArgumentException(
          "Panels of synthetic models have no scales by groups of columns; choose another type.");
    }
  }

  /** In the types of the published file. */
  public SyntheticModel(
      ModelShape shape,
      String architecture,
      long seed,
      double zeroShare,
      SyntheticVocabulary vocabulary) {
    this(
        shape,
        architecture,
        seed,
        zeroShare,
        vocabulary,
        TERNARY,
        false,
        HEAD,
        Optional.empty(),
        Likeness.NONE);
  }

  /** The same model in other types. */
  public SyntheticModel in(TernaryEncoder ternary, boolean byGroups, FloatFormat floats) {
    return new SyntheticModel(
        shape,
        architecture,
        seed,
        zeroShare,
        vocabulary,
        ternary,
        byGroups,
        floats,
        panels,
        likeness);
  }

  /** The same model with another likeness to a trained one. */
  public SyntheticModel like(Likeness other) {
    return new SyntheticModel(
        shape,
        architecture,
        seed,
        zeroShare,
        vocabulary,
        weights,
        groupScales,
        head,
        panels,
        other);
  }

  /** The same model, its matrices in panels. */
  public SyntheticModel inPanels(PanelLayout layout) {
    return new SyntheticModel(
        shape,
        architecture,
        seed,
        zeroShare,
        vocabulary,
        weights,
        groupScales,
        head,
        Optional.of(layout),
        likeness);
  }

  /** With the shape's own architecture, a third of zeros and a dummy vocabulary. */
  public static SyntheticModel of(ModelShape shape, long seed) {
    return new SyntheticModel(
        shape, shape.architecture(), seed, DEFAULT_ZERO_SHARE, new SyntheticVocabulary.Dummy());
  }

  /**
   * Writes the file, using all processors; nothing is left behind unless it is complete.
   *
   * @throws ModelFileException if the disk or the vocabulary's file fails, or a type cannot hold
   *     the shape of a matrix
   */
  public void write(Path path, MatrixWriter.Progress progress) throws ModelFileException {
    try (VocabularyKeys keys = VocabularyKeys.of(vocabulary, shape.vocabulary())) {
      ModelShape sizes = shape.withVocabulary(keys.size());
      List<Part> parts = parts(sizes);
      GgufHeader header = header(sizes, keys);
      boolean lowBitHead =
          panels.isPresent() && EngineLayouts.hasLowBit(sizes, head, HeadMode.AUTO);
      if (panels.isPresent()) {
        declareMapped(header, parts, lowBitHead);
      }
      try {
        for (Part part : parts) {
          if (part.format instanceof MappedFormat mapped) {
            header.tensor(part.name, WeightFormats.I8, mapped.bytes());
          } else if (part.rows == 1) {
            header.tensor(part.name, part.format, part.columns);
          } else {
            header.tensor(part.name, part.format, part.columns, part.rows);
          }
        }
        if (lowBitHead) {
          header.tensor(
              MappedTensors.LOW_BIT_HEAD_NAME, WeightFormats.I8, EngineLayouts.lowBitBytes(sizes));
        }
      } catch (IllegalArgumentException e) {
        throw new ModelFileException(
            "cannot write " + path + ": " + e.getMessage() + "; choose another type.", e);
      }
      try (GgufWriter writer = GgufWriter.create(path, header);
          ThreadTeam team = new ThreadTeam(ThreadTeam.defaultThreads());
          MatrixWriter matrices = new MatrixWriter(writer, progress, team)) {
        for (int i = 0; i < parts.size(); i++) {
          write(parts.get(i), sizes, CounterRandom.of(seed, i), matrices, team);
        }
        if (lowBitHead) {
          writeLowBitHead(parts, sizes, matrices, team);
        }
        writer.commit();
      }
    }
  }

  /** In the order and under the names of Microsoft's published 2B-4T file. */
  private GgufHeader header(ModelShape sizes, VocabularyKeys keys) {
    String a = architecture + ".";
    GgufHeader header =
        (panels.isPresent() ? new GgufHeader(DigitLayout.ALIGNMENT) : new GgufHeader())
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
        .f32(a + "rope.freq_base", sizes.ropeTheta());
    weights.fileType().ifPresent(type -> header.u32(GgufWords.FILE_TYPE, type));
    keys.addTokens(header);
    return header.u32("general.quantization_version", QUANTIZATION_VERSION);
  }

  /** The family's tensors, in the order of its manifest. */
  private List<Part> parts(ModelShape sizes) {
    Manifest manifest = Architecture.ofLabel(architecture).orElseThrow().manifest();
    List<Part> parts = new ArrayList<>();
    for (Manifest.Entry entry : manifest.entries(sizes.layers())) {
      add(parts, entry.role(), entry.layer(), sizes);
    }
    return parts;
  }

  private void add(List<Part> parts, Role role, int layer, ModelShape sizes) {
    Place place = role.place();
    boolean written = place == Place.HEAD ? !sizes.tiedHead() : !role.optional();
    if (written) {
      int columns = place.columns(sizes);
      parts.add(
          new Part(
              place,
              layer,
              role.gguf(layer),
              format(place, sizes),
              columns,
              place.rows(sizes),
              gain(place, sizes) / Math.sqrt(columns)));
    }
  }

  private WeightFormat format(Place place, ModelShape sizes) {
    return switch (place.kind()) {
      case VECTOR -> WeightFormats.F32;
      case VOCABULARY_MATRIX -> head;
      case LINEAR ->
          panels.isEmpty()
              ? weights
              : new MappedFormat(
                  panels.get(),
                  place.rows(sizes),
                  place.columns(sizes),
                  ScaleKind.TENSOR,
                  2,
                  weights.name());
    };
  }

  private static void declareMapped(GgufHeader header, List<Part> parts, boolean lowBitHead) {
    Map<String, MappedFormat> formats = new LinkedHashMap<>();
    for (Part part : parts) {
      if (part.format instanceof MappedFormat mapped) {
        formats.put(part.name, mapped);
      }
    }
    MappedTensors.put(header, formats, lowBitHead);
  }

  private double gain(Place place, ModelShape sizes) {
    return switch (place) {
      case EMBEDDING -> likeness.embeddingGain(sizes.width());
      case HEAD -> 2;
      case ATTENTION_OUTPUT, DOWN -> 1 / Math.sqrt(2.0 * sizes.layers());
      default -> 1;
    };
  }

  private void write(
      Part part, ModelShape sizes, CounterRandom random, MatrixWriter out, ThreadTeam team)
      throws ModelFileException {
    if (part.format instanceof MappedFormat format) {
      try (NativeMemory memory = new NativeMemory()) {
        MemorySegment data = memory.allocate(format.bytes());
        pack(part, format, sizes, random, data, team);
        out.copy(part.name, data);
      }
    } else if (part.format instanceof TernaryEncoder format) {
      RandomDigits digits = RandomDigits.of(format, random, part.rows, part.columns, zeroShare);
      float scale = digits.scale(part.deviation);
      out.write(
          part.name,
          format,
          part.rows,
          part.columns,
          (row, u, scales) -> {
            digits.read(row, u);
            likeness.apply(part.place, sizes, row, u);
            for (int g = 0; g < scales.length; g++) {
              float factor = groupScales ? digits.factor(row, g, scales.length) : 1;
              scales[g] = format.storable(scale * factor);
            }
          });
    } else {
      RandomFloats floats =
          part.rows == 1
              ? RandomFloats.norms(random)
              : RandomFloats.halves(random, part.deviation, part.columns);
      out.write(
          part.name,
          (FloatFormat) part.format,
          part.rows,
          part.columns,
          (row, values) -> {
            floats.read(row, values);
            likeness.apply(part.place, part.layer, sizes, zeroShare, values);
          });
    }
  }

  /** The digits that other types have, by panels. */
  private void pack(
      Part part,
      MappedFormat format,
      ModelShape sizes,
      CounterRandom random,
      MemorySegment data,
      ThreadTeam team) {
    RandomDigits digits = RandomDigits.of(weights, random, part.rows, part.columns, zeroShare);
    MemorySegment to = format.digits(data);
    PanelLayout layout = (PanelLayout) format.layout();
    team.run(
        (begin, end) -> {
          byte[] row = new byte[layout.paddedColumns(part.columns)];
          int last = Math.min(end * PanelLayout.ROWS, part.rows);
          for (int r = begin * PanelLayout.ROWS; r < last; r++) {
            digits.read(r, row);
            likeness.apply(part.place, sizes, r, row);
            layout.pack(row, to, part.columns, r);
          }
        },
        PanelLayout.panels(part.rows),
        4);
    float scale = weights.storable(digits.scale(part.deviation));
    format.scales(data).set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, scale);
  }

  /** Of the head, which is made again. */
  private void writeLowBitHead(
      List<Part> parts, ModelShape sizes, MatrixWriter out, ThreadTeam team)
      throws ModelFileException {
    Place place = sizes.tiedHead() ? Place.EMBEDDING : Place.HEAD;
    int index = 0;
    while (parts.get(index).place != place) {
      index++;
    }
    Part part = parts.get(index);
    RandomFloats floats =
        RandomFloats.halves(CounterRandom.of(seed, index), part.deviation, part.columns);
    try (NativeMemory memory = new NativeMemory()) {
      MemorySegment data = memory.allocate(head.bytes(part.rows, part.columns));
      team.run(
          (begin, end) -> {
            float[] values = new float[part.columns];
            for (int r = begin; r < end; r++) {
              floats.read(r, values);
              likeness.apply(part.place, part.layer, sizes, zeroShare, values);
              head.encode(values, data, part.columns, r);
            }
          },
          part.rows,
          16);
      MemorySegment copy = memory.allocate(EngineLayouts.lowBitBytes(sizes));
      boolean finite =
          EngineLayouts.packLowBit(
              new FloatMatrix(data, head, part.rows, part.columns),
              copy,
              KernelSelection.choose(KernelSelection.AUTO).kernels(),
              team);
      if (!finite) {
        throw new ModelFileException("the head of " + shape.name() + " is not finite.");
      }
      out.copy(MappedTensors.LOW_BIT_HEAD_NAME, copy);
    }
  }
}
