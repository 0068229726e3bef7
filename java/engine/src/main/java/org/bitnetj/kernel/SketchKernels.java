package org.bitnetj.kernel;

import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * Bounds of logits that cost a fraction of the logits, by a sketch of the output head. Every
 * implementation returns the same bits, and what {@link Kernels} demands of callers holds here too.
 * Not every tier has them: {@link Kernels#sketch}.
 */
public interface SketchKernels {
  /**
   * Sketches the rows of {@code m}, by panels of {@code sketch}, which holds zeros.
   *
   * @return false if some weight is NaN or infinite; the sketch means nothing then
   */
  boolean buildSketch(FloatMatrix m, LowBitMatrix sketch, int begin, int end);

  /** Bounds the logits of {@code x} by the sketch's coarse plane, by panels. */
  void boundLogits(LowBitMatrix sketch, Activation16 x, LogitBounds bounds, int begin, int end);

  /**
   * Bounds the logits of {@code x} by both planes where the upper bound reaches the threshold;
   * other rows and panels get −∞, except that rows of a panel without any such row keep their
   * bounds. By panels.
   */
  void refineBounds(
      LowBitMatrix sketch, Activation16 x, LogitBounds bounds, float threshold, int begin, int end);
}
