package org.bitnetj.model;

import java.util.List;
import java.util.OptionalLong;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.Metadata;
import org.bitnetj.source.ModelFile;
import org.bitnetj.source.ModelFileException;
import org.bitnetj.source.Printable;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.TernaryMatrix;

/**
 * The shape of a model and the constants of its graph, read from GGUF metadata (keys prefixed by
 * the architecture's name) and checked against each other.
 *
 * @param architecture its family
 * @param name what the file calls the model, safe to show and not long
 * @param layers transformer blocks
 * @param width length of the residual stream (embedding_length)
 * @param feedForward hidden units of the feed-forward network
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads}
 * @param headDim length of a head
 * @param vocabulary number of tokens
 * @param contextLength positions the model was made for
 * @param normEpsilon RMSNorm's epsilon
 * @param ropeTheta RoPE's frequency base
 * @param ropeDimensions rotated elements of a head
 * @param activationScaling what shares a scale among int8 activations
 */
public record ModelSpec(
    Architecture architecture,
    String name,
    int layers,
    int width,
    int feedForward,
    int heads,
    int kvHeads,
    int headDim,
    int vocabulary,
    int contextLength,
    float normEpsilon,
    double ropeTheta,
    int ropeDimensions,
    ActivationScaling activationScaling)
    implements Sizes {

  private static final int MOST_NAME = 200;
  private static final int MAX_LAYERS = 4096;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_VOCABULARY = 1 << 24;
  private static final int MAX_CONTEXT = 1 << 24;

  /** Reads and checks the specification of an open file. */
  public static ModelSpec of(ModelFile file) throws ModelFileException {
    Metadata metadata = file.metadata();
    refuseParts(file);
    String label = metadata.text("general.architecture");
    Architecture architecture =
        Architecture.ofLabel(label)
            .orElseThrow(
                () ->
                    new ModelFileException(
                        file.path()
                            + ": architecture "
                            + metadata.describe("general.architecture")
                            + " is not supported; supported are "
                            + Architecture.labels()
                            + "."));
    Reader in = new Reader(file, label + ".");
    int width = in.required("embedding_length", TernaryMatrix.MAX_COLUMNS);
    int heads = in.required("attention.head_count", MAX_HEADS);
    int kvHeads = in.optional("attention.head_count_kv", heads, MAX_HEADS);
    in.check(heads % kvHeads == 0, heads + " heads cannot share " + kvHeads + " KV heads");
    int headDim = in.optional("attention.key_length", width / heads, AttentionLayer.MAX_HEAD_DIM);
    in.check(
        headDim > 0 && headDim <= AttentionLayer.MAX_HEAD_DIM,
        heads + " heads do not fit a width of " + width);
    int valueDim = in.optional("attention.value_length", headDim, AttentionLayer.MAX_HEAD_DIM);
    in.check(valueDim == headDim, "keys of " + headDim + " and values of " + valueDim + " differ");
    in.check(
        (long) heads * headDim <= TernaryMatrix.MAX_COLUMNS,
        heads + " heads of " + headDim + " are too wide");
    int ropeDimensions = in.optional("rope.dimension_count", headDim, headDim);
    in.check(ropeDimensions % 2 == 0, ropeDimensions + " rotated elements are no pairs");
    in.check(
        !architecture.manifest().has(Place.QUERY_NORM) || headDim % 16 == 0,
        "heads of " + headDim + " elements, which is no multiple of 16, cannot have norms");
    double theta = metadata.findNumber(label + ".rope.freq_base").orElse(10000);
    in.check(theta > 0 && Double.isFinite(theta), "rope.freq_base " + theta + " is out of range");
    refuseStretchedRope(file, label);
    float epsilon = (float) metadata.number(label + ".attention.layer_norm_rms_epsilon");
    in.check(
        epsilon >= 0 && epsilon < 1,
        "attention.layer_norm_rms_epsilon " + epsilon + " is out of range");
    Tensor embedding = file.tensor("token_embd.weight");
    int vocabulary = (int) Math.min(embedding.rows(), Integer.MAX_VALUE);
    in.check(
        vocabulary > 0 && vocabulary <= MAX_VOCABULARY,
        "a vocabulary of " + vocabulary + " tokens is out of range");
    return new ModelSpec(
        architecture,
        Printable.of(metadata.findText("general.name").orElse(architecture.label()), MOST_NAME),
        in.required("block_count", MAX_LAYERS),
        width,
        in.required("feed_forward_length", TernaryMatrix.MAX_COLUMNS),
        heads,
        kvHeads,
        headDim,
        vocabulary,
        in.required("context_length", MAX_CONTEXT),
        epsilon,
        theta,
        ropeDimensions,
        activationScaling(file, architecture));
  }

  /**
   * Where families leave it open, matrices with scales by groups of columns are those of models of
   * which only the weights are ternary.
   */
  private static ActivationScaling activationScaling(ModelFile file, Architecture architecture) {
    boolean groups =
        file.tensors().stream()
            .anyMatch(
                tensor ->
                    tensor.format() instanceof TernaryFormat format
                        && format.scaleKind() instanceof ScaleKind.Group);
    return architecture
        .activationScaling()
        .orElse(groups ? ActivationScaling.GROUP : ActivationScaling.ROW);
  }

  /**
   * The same model with activations scaled as its user knows and the file does not say.
   *
   * @throws ModelFileException if its family is always scaled otherwise
   */
  public ModelSpec with(ActivationScaling scaling, ModelFile file) throws ModelFileException {
    ActivationScaling fixed = architecture.activationScaling().orElse(scaling);
    if (fixed != scaling) {
      throw new ModelFileException(
          file.path()
              + ": models of architecture '"
              + architecture.label()
              + "' were trained with one activation scale a "
              + fixed.label()
              + ", not a "
              + scaling.label()
              + "; leave the choice to the engine.");
    }
    return new ModelSpec(
        architecture,
        name,
        layers,
        width,
        feedForward,
        heads,
        kvHeads,
        headDim,
        vocabulary,
        contextLength,
        normEpsilon,
        ropeTheta,
        ropeDimensions,
        scaling);
  }

  /** A model that was split over several files lacks tensors or even metadata here. */
  private static void refuseParts(ModelFile file) throws ModelFileException {
    long parts = file.metadata().findInteger("split.count").orElse(0);
    if (parts > 1) {
      throw new ModelFileException(
          file.path()
              + ": this is one of the "
              + parts
              + " files that the model was split into; join them by 'llama-gguf-split --merge"
              + " FIRST_PART OUTPUT' and use that.");
    }
  }

  /**
   * Positions are used as they are. Files that say so in as many words (bitnet.cpp's converter
   * writes "linear" by a factor of 1) are fine, those that stretch them would compute nonsense.
   */
  private static void refuseStretchedRope(ModelFile file, String label) throws ModelFileException {
    Metadata metadata = file.metadata();
    String type = metadata.findText(label + ".rope.scaling.type").orElse("linear");
    for (String key : List.of("rope.scaling.factor", "rope.scale_linear")) {
      double factor = metadata.findNumber(label + "." + key).orElse(1);
      // To ggml a factor of 0 means none.
      if (!type.equals("none") && factor != 0 && factor != 1) {
        throw new ModelFileException(
            file.path()
                + ": metadata key '"
                + label
                + "."
                + key
                + "' is "
                + factor
                + ", but this engine does not scale RoPE; use a file of the model without it.");
      }
    }
  }

  /** Sizes from metadata, each in a range that is sane for a model. */
  private record Reader(ModelFile file, String prefix) {
    int required(String key, int max) throws ModelFileException {
      return inRange(key, file.metadata().integer(prefix + key), max);
    }

    int optional(String key, int otherwise, int max) throws ModelFileException {
      OptionalLong value = file.metadata().findInteger(prefix + key);
      return value.isPresent() ? inRange(key, value.getAsLong(), max) : otherwise;
    }

    private int inRange(String key, long value, int max) throws ModelFileException {
      check(value > 0 && value <= max, prefix + key + " is " + value + ", not in 1.." + max);
      return (int) value;
    }

    void check(boolean holds, String what) throws ModelFileException {
      if (!holds) {
        throw new ModelFileException(
            file.path() + ": " + what + "; the file is damaged or not a language model.");
      }
    }
  }
}
