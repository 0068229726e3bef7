package org.bitnetj.source;

import java.util.Optional;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.tensor.RopeScaling;

/**
 * How far back some layers of a Gemma see, whose rotations have a base of their own and are never
 * scaled. The engine's attention has no windows: a context of as many positions computes the same,
 * if all layers are rotated alike.
 *
 * @param positions what such a layer sees
 * @param theta base of its rotations
 */
public record AttentionWindow(int positions, double theta) {
  /** The base where a file names none. */
  public static final double USUAL_THETA = 10000;

  /**
   * Why the engine does not compute such a model, in a sentence; empty if it does.
   *
   * @param others how layers without a window are rotated
   */
  public Optional<String> refusal(LayerPlan.Rotation others) {
    if ((float) theta != (float) others.theta()) {
      return Optional.of(
          "layers with a window have the base "
              + theta
              + " for rotations and others "
              + others.theta()
              + "; this engine has one base for all layers.");
    }
    if (!others.scaling().equals(RopeScaling.NONE)) {
      return Optional.of(
          "rotations are scaled, but not those of layers with a window; this engine scales those of"
              + " all layers alike.");
    }
    return Optional.empty();
  }
}
