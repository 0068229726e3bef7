package org.bitnetj.tensor;

/** The activation function of a gated feed-forward network: {@code act(gate) * up}. */
public enum Activation {
  /** {@code max(g, 0)^2}, which is exactly zero for most units (BitNet b1.58 2B-4T). */
  RELU_SQUARED,
  /** {@code g / (1 + exp(-g))}, SwiGLU's. */
  SILU,
  /** GELU by the tanh approximation, {@code g (1 + tanh(sqrt(2 / pi) (g + 0.044715 g^3))) / 2}. */
  GELU
}
