package org.bitnetj.kernel;

import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;

/** The activation function of a gated feed-forward network: {@code act(gate) * up}. */
public enum Activation {
  /** {@code max(g, 0)^2}, which is exactly zero for most units (BitNet b1.58 2B-4T). */
  RELU_SQUARED(BitnetLibrary.BN_ACT_RELU2()),
  /** {@code g / (1 + exp(-g))}, SwiGLU's. */
  SILU(BitnetLibrary.BN_ACT_SILU());

  private final int nativeId;

  Activation(int nativeId) {
    this.nativeId = nativeId;
  }

  /** Its number in the native library. */
  public int nativeId() {
    return nativeId;
  }
}
