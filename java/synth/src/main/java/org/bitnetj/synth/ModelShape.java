package org.bitnetj.synth;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitnetj.family.Sizes;

/**
 * The sizes of a model, and the names under which well-known ones are found.
 *
 * @param name what a person calls it
 * @param architecture GGUF's {@code general.architecture} of the published model
 * @param layers transformer blocks
 * @param width length of the residual stream
 * @param feedForward hidden units of the feed-forward network
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim length of a head, which need not be {@code width / heads}
 * @param vocabulary number of tokens
 * @param context positions it was trained for
 * @param ropeTheta RoPE's frequency base
 * @param normEpsilon RMSNorm's epsilon
 * @param tiedHead whether the output head is the embedding
 */
public record ModelShape(
    String name,
    String architecture,
    int layers,
    int width,
    int feedForward,
    int heads,
    int kvHeads,
    int headDim,
    int vocabulary,
    int context,
    float ropeTheta,
    float normEpsilon,
    boolean tiedHead)
    implements Sizes {

  /** A shape with the other names it is known by. */
  private record Known(ModelShape shape, List<String> aliases) {}

  private static final List<Known> KNOWN =
      List.of(
          dummy("125M", 11, 768, 3072, 12),
          dummy("350M", 24, 1024, 3072, 16),
          dummy("1B", 24, 2048, 3584, 32),
          dummy("1.5B", 28, 1536, 9216, 32),
          dummy("2.7B", 24, 3072, 7680, 32),
          dummy("3.8B", 24, 3840, 8192, 32),
          dummy("7B", 32, 4096, 12032, 32),
          dummy("13B", 40, 5120, 13824, 40),
          dummy("30B", 60, 6656, 16384, 52),
          dummy("70B", 80, 8192, 24576, 64),
          dummy("100B", 72, 8192, 45568, 64),
          new Known(
              new ModelShape(
                  "2B4T",
                  "bitnet-b1.58",
                  30,
                  2560,
                  6912,
                  20,
                  5,
                  128256,
                  4096,
                  500000f,
                  1e-5f,
                  true),
              List.of("2B-4T", "BitNet-b1.58-2B-4T", "bitnet-b1.58-2B-4T")),
          new Known(
              new ModelShape(
                  "bitnet_b1_58-large",
                  "bitnet",
                  24,
                  1536,
                  4096,
                  16,
                  16,
                  32002,
                  2048,
                  10000f,
                  1e-5f,
                  true),
              List.of("large")),
          new Known(
              new ModelShape(
                  "bitnet_b1_58-3B",
                  "bitnet",
                  26,
                  3200,
                  8640,
                  32,
                  32,
                  32002,
                  2048,
                  10000f,
                  1e-5f,
                  true),
              List.of("3B")),
          new Known(
              new ModelShape(
                  "Llama3-8B-1.58",
                  "llama",
                  32,
                  4096,
                  14336,
                  32,
                  8,
                  128256,
                  8192,
                  500000f,
                  1e-5f,
                  false),
              List.of("8B", "Llama3-8B-1.58-100B-tokens")),
          falcon3("Falcon3-1B", 18, 2048, 8192, 8),
          falcon3("Falcon3-3B", 22, 3072, 9216, 12),
          falcon3("Falcon3-7B", 28, 3072, 23040, 12),
          falcon3("Falcon3-10B", 40, 3072, 23040, 12));

  public ModelShape {
    if (layers < 1 || width < 1 || feedForward < 1 || vocabulary < 1 || context < 1) {
      throw new IllegalArgumentException("a size of '" + name + "' is not positive");
    }
    if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "'" + name + "': " + heads + " heads cannot share " + kvHeads + " KV heads");
    }
    if (headDim < 2 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "'" + name + "': heads of " + headDim + " cannot be rotated in pairs");
    }
  }

  /** A shape whose query heads share the width. */
  public ModelShape(
      String name,
      String architecture,
      int layers,
      int width,
      int feedForward,
      int heads,
      int kvHeads,
      int vocabulary,
      int context,
      float ropeTheta,
      float normEpsilon,
      boolean tiedHead) {
    this(
        name,
        architecture,
        layers,
        width,
        feedForward,
        heads,
        kvHeads,
        share(name, width, heads),
        vocabulary,
        context,
        ropeTheta,
        normEpsilon,
        tiedHead);
  }

  private static int share(String name, int width, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot split " + width + " into " + heads + " heads");
    }
    return width / heads;
  }

  /** A shape from the usual speed tables: kv heads as many as heads, Llama-2's vocabulary. */
  private static Known dummy(String name, int layers, int width, int feedForward, int heads) {
    return new Known(
        new ModelShape(
            name,
            "bitnet",
            layers,
            width,
            feedForward,
            heads,
            heads,
            32002,
            2048,
            10000f,
            1e-5f,
            true),
        List.of());
  }

  private static Known falcon3(String name, int layers, int width, int feedForward, int heads) {
    return new Known(
        new ModelShape(
            name,
            "llama",
            layers,
            width,
            feedForward,
            heads,
            4,
            131072,
            32768,
            1000042f,
            1e-6f,
            false),
        List.of(name + "-1.58bit"));
  }

  /**
   * The shape of that name, upper and lower case alike.
   *
   * @throws IllegalArgumentException a sentence that lists the names, if there is none
   */
  public static ModelShape named(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    for (Known known : KNOWN) {
      if (known.shape.name.toLowerCase(Locale.ROOT).equals(wanted)
          || known.aliases.stream().anyMatch(a -> a.toLowerCase(Locale.ROOT).equals(wanted))) {
        return known.shape;
      }
    }
    throw new IllegalArgumentException(
        "There is no model shape '"
            + name
            + "'; choose one of "
            + all().stream().map(ModelShape::name).collect(Collectors.joining(", "))
            + ".");
  }

  /** Every known shape, speed-table sizes first. */
  public static List<ModelShape> all() {
    return KNOWN.stream().map(Known::shape).toList();
  }

  @Override
  public int ropeDimensions() {
    return headDim;
  }

  /** The same sizes with another vocabulary. */
  public ModelShape withVocabulary(int tokens) {
    return new ModelShape(
        name,
        architecture,
        layers,
        width,
        feedForward,
        heads,
        kvHeads,
        headDim,
        tokens,
        context,
        ropeTheta,
        normEpsilon,
        tiedHead);
  }

  /** Weights in ternary matrices. */
  public long ternaryWeights() {
    long attention = 2L * width * queryWidth() + 2L * width * kvWidth();
    return layers * (attention + 3L * width * feedForward);
  }
}
