package org.bitnetj.family;

import java.util.Objects;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.TernaryMatrix;

/**
 * The shape of a model and the constants of its graph, checked against each other.
 *
 * @param architecture its family
 * @param name what the file calls the model, safe to show and not long
 * @param layers transformer blocks
 * @param width length of the residual stream
 * @param feedForward hidden units of the feed-forward network
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of {@code heads}
 * @param headDim length of a head
 * @param vocabulary number of tokens
 * @param contextLength positions the model was made for
 * @param normEpsilon RMSNorm's epsilon
 * @param rotation how queries and keys are rotated, which depends on the order in which the file
 *     has their rows
 * @param multipliers constant factors
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
    LayerPlan.Rotation rotation,
    Multipliers multipliers,
    ActivationScaling activationScaling)
    implements Sizes {

  /** Most layers, and most heads. */
  public static final int MAX_LAYERS = 4096;

  public static final int MAX_HEADS = 4096;

  /** Longest row of a matrix, so of the residual stream and of the hidden units. */
  public static final int MAX_WIDTH = TernaryMatrix.MAX_COLUMNS;

  public static final int MAX_HEAD_DIM = AttentionLayer.MAX_HEAD_DIM;
  public static final int MAX_VOCABULARY = 1 << 24;
  public static final int MAX_CONTEXT = 1 << 24;

  /**
   * @throws IllegalArgumentException if there can be no such model; the message is a clause
   */
  public ModelSpec {
    check(inRange(layers, MAX_LAYERS), layers + " layers are out of range");
    check(inRange(width, MAX_WIDTH), "a width of " + width + " is out of range");
    check(inRange(feedForward, MAX_WIDTH), feedForward + " hidden units are out of range");
    check(inRange(heads, MAX_HEADS), heads + " heads are out of range");
    check(
        inRange(kvHeads, heads) && heads % kvHeads == 0,
        heads + " heads cannot share " + kvHeads + " KV heads");
    check(inRange(headDim, MAX_HEAD_DIM), heads + " heads do not fit a width of " + width);
    check((long) heads * headDim <= MAX_WIDTH, heads + " heads of " + headDim + " are too wide");
    check(
        inRange(vocabulary, MAX_VOCABULARY),
        "a vocabulary of " + vocabulary + " tokens is out of range");
    check(
        inRange(contextLength, MAX_CONTEXT), "a context of " + contextLength + " is out of range");
    check(
        normEpsilon >= 0 && normEpsilon < 1,
        "a norm's epsilon of " + normEpsilon + " is out of range");
    check(
        rotation.theta() > 0 && Double.isFinite(rotation.theta()),
        "a base of " + rotation.theta() + " for rotations is out of range");
    check(
        rotation.dimensions() > 0
            && rotation.dimensions() <= headDim
            && rotation.dimensions() % 2 == 0,
        rotation.dimensions() + " rotated elements do not make pairs within a head of " + headDim);
    check(
        !architecture.manifest().has(Place.QUERY_NORM) || headDim % 16 == 0,
        "heads with norms must have a multiple of 16 elements, not " + headDim);
  }

  private static boolean inRange(int value, int max) {
    return value > 0 && value <= max;
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  /**
   * The same model with activations scaled as its user knows and the file does not say.
   *
   * @throws IllegalArgumentException if its family is always scaled otherwise
   */
  public ModelSpec with(ActivationScaling scaling) {
    ActivationScaling fixed = architecture.activationScaling().orElse(scaling);
    check(
        fixed == scaling,
        "models of architecture '"
            + architecture.label()
            + "' were trained with one activation scale a "
            + fixed.label()
            + ", not a "
            + scaling.label()
            + "; leave the choice to the engine.");
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
        rotation,
        multipliers,
        scaling);
  }

  @Override
  public int ropeDimensions() {
    return rotation.dimensions();
  }

  /** What a layer computes. */
  public LayerPlan plan(int layer) {
    Objects.checkIndex(layer, layers);
    return new LayerPlan(
        architecture.headNorms(),
        architecture.activation(),
        rotation,
        (float) (1 / Math.sqrt(headDim)));
  }
}
