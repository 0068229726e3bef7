package org.bitnetj.source.gguf;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.Pooling;
import org.bitnetj.source.AttentionWindow;
import org.bitnetj.source.ImpliedScaling;
import org.bitnetj.source.Printable;

/**
 * Reads a model's specification from metadata, whose keys are prefixed by the name of its family.
 */
final class GgufSpec {
  static final String FAMILY = "general.architecture";

  /** This project's own key: {@code row} or {@code group}, see {@link ActivationScaling}. */
  static final String ACTIVATIONS = "bitnet.activation_scaling";

  /**
   * Keys of PrismML's llama.cpp. They change what weights mean whatever their type: {@code
   * prism.hadamard.*} says that rows are rotated, which nothing else in a file does.
   */
  private static final String PRISM = "prism.";

  static final String POOLING = ".pooling_type";
  static final int MEAN = 1;
  static final int LAST = 3;

  private static final int MOST_NAME = 200;

  private final GgufFile file;
  private final Metadata metadata;
  private final String prefix;

  private GgufSpec(GgufFile file, String family) {
    this.file = file;
    this.metadata = file.metadata();
    this.prefix = family + ".";
  }

  static ModelSpec read(GgufFile file) throws ModelFileException {
    String family = file.metadata().text(FAMILY);
    Architecture architecture =
        Architecture.ofLabel(family)
            .orElseThrow(
                () ->
                    file.metadata()
                        .failure(
                            "architecture "
                                + file.metadata().describe(FAMILY)
                                + " is not supported; supported are "
                                + Architecture.labels()
                                + "."));
    for (String key : file.metadata().keys()) {
      if (key.startsWith(PRISM)) {
        throw file.metadata()
            .failure(
                "metadata key '"
                    + Printable.of(key, MOST_NAME)
                    + "' changes what weights mean, as in PrismML's models with rotated weights;"
                    + " this engine does not compute such models.");
      }
    }
    return new GgufSpec(file, family).read(architecture);
  }

  /** llama.cpp's numbers: 0 none, 1 mean, 2 first, 3 last, 4 rank. */
  static Optional<Pooling> pooling(Metadata metadata, String family) throws ModelFileException {
    String key = family + POOLING;
    long type = metadata.findInteger(key).orElse(0);
    if (type == 0) {
      return Optional.empty();
    }
    if (type != MEAN && type != LAST) {
      throw metadata.failure(
          "metadata key '"
              + key
              + "' is "
              + type
              + "; this engine makes embeddings of the mean (1) or the last (3) hidden state.");
    }
    return Optional.of(type == MEAN ? Pooling.MEAN : Pooling.LAST);
  }

  private ModelSpec read(Architecture architecture) throws ModelFileException {
    int width = required("embedding_length", ModelSpec.MAX_WIDTH);
    int heads = required("attention.head_count", ModelSpec.MAX_HEADS);
    int headDim = optional("attention.key_length", width / heads, ModelSpec.MAX_HEAD_DIM);
    int valueDim = optional("attention.value_length", headDim, ModelSpec.MAX_HEAD_DIM);
    if (valueDim != headDim) {
      throw damaged("keys of " + headDim + " and values of " + valueDim + " differ");
    }
    LayerPlan.Rotation rotation =
        new LayerPlan.Rotation(
            architecture.ropeStyle(),
            theta(architecture, headDim),
            optional("rope.dimension_count", headDim, ModelSpec.MAX_HEAD_DIM),
            new GgufRopeScaling(metadata, prefix, hasLongDivisors(architecture)).read());
    try {
      return new ModelSpec(
          architecture,
          Printable.of(metadata.findText("general.name").orElse(architecture.label()), MOST_NAME),
          required("block_count", ModelSpec.MAX_LAYERS),
          width,
          required("feed_forward_length", ModelSpec.MAX_WIDTH),
          heads,
          optional("attention.head_count_kv", heads, ModelSpec.MAX_HEADS),
          headDim,
          vocabulary(architecture),
          contextLength(architecture, rotation),
          (float) metadata.number(prefix + "attention.layer_norm_rms_epsilon"),
          rotation,
          multipliers(architecture, width),
          activationScaling(architecture));
    } catch (IllegalArgumentException e) {
      throw damaged(e.getMessage());
    }
  }

  /** Where families leave it open, a key of the engine's own says it, or else the weights do. */
  private ActivationScaling activationScaling(Architecture architecture) throws ModelFileException {
    Optional<ActivationScaling> fixed = architecture.activationScaling();
    Optional<String> stated = metadata.findText(ACTIVATIONS);
    if (stated.isPresent()) {
      return ActivationScaling.ofLabel(stated.get())
          .filter(scaling -> scaling == fixed.orElse(scaling))
          .orElseThrow(() -> notComputed(stated.get()));
    }
    return fixed.orElseGet(() -> ImpliedScaling.of(architecture, file::find));
  }

  private ModelFileException notComputed(String activations) {
    return metadata.failure(
        "metadata key '"
            + ACTIVATIONS
            + "' is '"
            + Printable.of(activations, MOST_NAME)
            + "', which this engine does not compute for models of this architecture.");
  }

  /**
   * The base of the rotations' frequencies, a float32; Hunyuan's may be raised by an alpha
   * ("NTK-aware scaling").
   */
  private double theta(Architecture architecture, int headDim) throws ModelFileException {
    double theta = metadata.findNumber(prefix + "rope.freq_base").orElse(10000);
    double alpha = metadata.findNumber(prefix + "rope.scaling.alpha").orElse(0);
    if (architecture != Architecture.HUNYUAN_DENSE && alpha > 0) {
      throw notComputed("rope.scaling.alpha", alpha);
    }
    return (float) (alpha > 0 ? theta * StrictMath.pow(alpha, headDim / (headDim - 2.0)) : theta);
  }

  /** MiniCPM's files must have them: readers differ in what they take if there are none. */
  private Multipliers multipliers(Architecture architecture, int width) throws ModelFileException {
    if (architecture == Architecture.MINICPM) {
      return new Multipliers(
          (float) metadata.number(prefix + "embedding_scale"),
          (float) metadata.number(prefix + "residual_scale"),
          (float) metadata.number(prefix + "logit_scale"));
    }
    for (String key : List.of("attn_logit_softcapping", "final_logit_softcapping")) {
      double cap = metadata.findNumber(prefix + key).orElse(0);
      if (cap != 0) {
        throw notComputed(key, cap);
      }
    }
    for (String key : List.of("embedding_scale", "residual_scale", "logit_scale")) {
      double factor = metadata.findNumber(prefix + key).orElse(1);
      if (factor != 1) {
        throw notComputed(key, factor);
      }
    }
    return architecture == Architecture.GEMMA3 ? Multipliers.ofEmbedding(width) : Multipliers.NONE;
  }

  /** Positions; of a model with windows no more than they have. */
  private int contextLength(Architecture architecture, LayerPlan.Rotation rotation)
      throws ModelFileException {
    int context = required("context_length", ModelSpec.MAX_CONTEXT);
    long positions = metadata.findInteger(prefix + "attention.sliding_window").orElse(0);
    if (positions <= 0 || architecture != Architecture.GEMMA3 && positions >= context) {
      return context;
    }
    if (architecture != Architecture.GEMMA3) {
      throw notComputed("attention.sliding_window", positions);
    }
    AttentionWindow window =
        new AttentionWindow(
            (int) Math.min(context, positions),
            metadata.findNumber(prefix + "rope.freq_base_swa").orElse(AttentionWindow.USUAL_THETA));
    Optional<String> refusal = window.refusal(rotation);
    if (refusal.isPresent()) {
      throw metadata.failure(refusal.get());
    }
    return window.positions();
  }

  private ModelFileException notComputed(String key, double value) {
    return metadata.failure(
        "metadata key '"
            + prefix
            + key
            + "' is "
            + value
            + ", which this engine does not compute for models of this architecture.");
  }

  /** Tokens, by the rows of the embedding. */
  private int vocabulary(Architecture architecture) throws ModelFileException {
    Role embedding = architecture.manifest().at(Place.EMBEDDING).orElseThrow();
    return (int) Math.min(file.tensor(embedding, 0).rows(), Integer.MAX_VALUE);
  }

  private boolean hasLongDivisors(Architecture architecture) {
    return architecture
        .manifest()
        .at(Place.ROPE_LONG_DIVISORS)
        .filter(role -> file.find(role, 0).isPresent())
        .isPresent();
  }

  private int required(String key, int max) throws ModelFileException {
    return inRange(key, metadata.integer(prefix + key), max);
  }

  private int optional(String key, int otherwise, int max) throws ModelFileException {
    OptionalLong value = metadata.findInteger(prefix + key);
    return value.isPresent() ? inRange(key, value.getAsLong(), max) : otherwise;
  }

  private int inRange(String key, long value, int max) throws ModelFileException {
    if (value <= 0 || value > max) {
      throw damaged(prefix + key + " is " + value + ", not in 1.." + max);
    }
    return (int) value;
  }

  private ModelFileException damaged(String what) {
    return metadata.failure(what + "; the file is damaged or not a language model.");
  }
}
