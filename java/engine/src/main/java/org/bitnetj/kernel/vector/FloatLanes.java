package org.bitnetj.kernel.vector;

import static org.bitnetj.kernel.vector.Width.FLOAT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The elementary functions of {@code FloatMath} in every lane, operation by operation. */
final class FloatLanes {
  /** 1.5 * 2^23: a float of at most 2^22 in size plus this has its integer part in the low bits. */
  private static final float ROUNDER = 0x1.8p23f;

  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

  private FloatLanes() {}

  /** x rounded half to even, for |x| <= 2^22; a zero is always +0. */
  static FloatVector rint(FloatVector x) {
    return x.add(ROUNDER).sub(ROUNDER);
  }

  /** x rounded half to even as an integer, for |x| <= 2^22; of NaN, any integer. */
  static IntVector toInt(FloatVector x) {
    return x.add(ROUNDER).reinterpretAsInts().sub(ROUNDER_BITS);
  }

  /**
   * {@code FloatMath.exp}. Where n = +0 stands for its -0, r may be the other zero, and 1 + r is 1.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector c = x.blend(-104f, x.lt(-104f)); // both comparisons let NaN through
    c = c.blend(89f, c.compare(VectorOperators.GT, 89f));
    FloatVector turns = c.mul(0x1.715476p0f);
    FloatVector n = rint(turns);
    FloatVector r = n.fma(broadcast(-0x1.62e4p-1f), c);
    r = n.fma(broadcast(-0x1.7f7d1cp-20f), r);
    FloatVector p = r.fma(broadcast(0x1.6a23dap-10f), broadcast(0x1.123a2p-7f));
    p = p.fma(r, broadcast(0x1.5558f2p-5f));
    p = p.fma(r, broadcast(0x1.555492p-3f));
    p = p.fma(r, broadcast(0x1.fffffcp-2f));
    p = p.fma(r, broadcast(1f));
    p = p.fma(r, broadcast(1f));
    IntVector k = toInt(turns);
    IntVector half = k.lanewise(VectorOperators.ASHR, 1);
    return p.mul(powerOfTwo(half)).mul(powerOfTwo(k.sub(half)));
  }

  /** 2^n for n in [-126, 127]. */
  private static FloatVector powerOfTwo(IntVector n) {
    return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /** {@code FloatMath.silu}. */
  static FloatVector silu(FloatVector x) {
    return x.div(exp(x.neg()).add(1f));
  }

  /** {@code FloatMath.reluSquared}. */
  static FloatVector reluSquared(FloatVector x) {
    FloatVector r = x.blend(0f, x.lt(0f));
    return r.mul(r);
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOAT, value);
  }
}
