package org.bitnetj.family;

import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RopeScaling;

/**
 * What the forward pass does in a layer where families, or the layers of a model, differ. Norms
 * that a family lacks are the identity among its weights.
 *
 * @param headNorms whether and when each query and key head is normalized
 * @param activation the function applied to the gate of the feed-forward network
 * @param rotation how queries and keys are rotated
 * @param scoreScale scores of attention are {@code (q . k) * scoreScale}
 */
public record LayerPlan(
    HeadNorms headNorms, Activation activation, Rotation rotation, float scoreScale) {

  /** Whether and when each query and key head is normalized. */
  public enum HeadNorms {
    NONE,
    BEFORE_ROTATION,
    AFTER_ROTATION
  }

  /**
   * A rotary position embedding.
   *
   * @param style which elements of a head form a pair
   * @param theta base of the frequencies
   * @param dimensions rotated elements of a head, the first ones
   * @param scaling what is done to the frequencies
   */
  public record Rotation(Rope.Style style, double theta, int dimensions, RopeScaling scaling) {}
}
