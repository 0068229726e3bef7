package org.bitnetj.kernel.vector;

import static org.bitnetj.kernel.vector.Width.FLOAT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Elementary functions of {@code FloatMath} in every lane, operation by operation. */
final class FloatLanes {
  /**
   * 1.5 * 2^23: a float x of at most 2^22 in size plus this has x rounded half to even in its low
   * bits, as an integer and more than those of this float, {@link #ROUNDER_BITS}.
   */
  static final float ROUNDER = 0x1.8p23f;

  static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

  private static final float LEAST = -104f;
  private static final float MOST = 89f;
  private static final float LOG2_E = 0x1.715476p0f;

  /** The exponent of 1 in a float. */
  private static final int BIAS = 127;

  private FloatLanes() {}

  /** Elements that {@link #exp} takes at a time; its array must reach as far. */
  static final int EXP_STEP = 2 * Width.LANES;

  /**
   * {@code x[i] = FloatMath.exp(x[i] - shift)} for i in [0, n) and on to the next multiple of
   * {@link #EXP_STEP}. Where n is +0 instead of -0, r may be the other zero, and 1 + r is 1.
   *
   * <p>From array to array, and two vectors in one method written out, because a vector that C2
   * does not follow is an object: C2 gives up on some of those it finds in very large methods, and
   * it never inlines a method of more than 325 bytes of code (FreqInlineSize) into its caller.
   */
  static void exp(float[] x, int n, float shift) {
    for (int i = 0; i < n; i += EXP_STEP) {
      FloatVector a = FloatVector.fromArray(FLOAT, x, i).sub(shift);
      FloatVector b = FloatVector.fromArray(FLOAT, x, i + Width.LANES).sub(shift);
      a = a.blend(LEAST, a.compare(VectorOperators.LT, LEAST)); // comparisons let NaN through
      b = b.blend(LEAST, b.compare(VectorOperators.LT, LEAST));
      a = a.blend(MOST, a.compare(VectorOperators.GT, MOST));
      b = b.blend(MOST, b.compare(VectorOperators.GT, MOST));
      FloatVector aShifted = a.mul(LOG2_E).add(ROUNDER);
      FloatVector bShifted = b.mul(LOG2_E).add(ROUNDER);
      FloatVector aTurns = aShifted.sub(ROUNDER);
      FloatVector bTurns = bShifted.sub(ROUNDER);
      a = aTurns.fma(FloatVector.broadcast(FLOAT, -0x1.62e4p-1f), a);
      b = bTurns.fma(FloatVector.broadcast(FLOAT, -0x1.62e4p-1f), b);
      a = aTurns.fma(FloatVector.broadcast(FLOAT, -0x1.7f7d1cp-20f), a);
      b = bTurns.fma(FloatVector.broadcast(FLOAT, -0x1.7f7d1cp-20f), b);
      FloatVector c = FloatVector.broadcast(FLOAT, 0x1.123a2p-7f);
      FloatVector p = a.fma(FloatVector.broadcast(FLOAT, 0x1.6a23dap-10f), c);
      FloatVector q = b.fma(FloatVector.broadcast(FLOAT, 0x1.6a23dap-10f), c);
      c = FloatVector.broadcast(FLOAT, 0x1.5558f2p-5f);
      p = p.fma(a, c);
      q = q.fma(b, c);
      c = FloatVector.broadcast(FLOAT, 0x1.555492p-3f);
      p = p.fma(a, c);
      q = q.fma(b, c);
      c = FloatVector.broadcast(FLOAT, 0x1.fffffcp-2f);
      p = p.fma(a, c);
      q = q.fma(b, c);
      c = FloatVector.broadcast(FLOAT, 1f);
      p = p.fma(a, c).fma(a, c);
      q = q.fma(b, c).fma(b, c);
      IntVector k = aShifted.reinterpretAsInts().sub(ROUNDER_BITS);
      IntVector half = k.lanewise(VectorOperators.ASHR, 1); // 2^k in two factors, each normal
      p = p.mul(half.add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
      k = k.sub(half).add(BIAS);
      p.mul(k.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()).intoArray(x, i);
      k = bShifted.reinterpretAsInts().sub(ROUNDER_BITS);
      half = k.lanewise(VectorOperators.ASHR, 1);
      q = q.mul(half.add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
      k = k.sub(half).add(BIAS);
      q.mul(k.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
          .intoArray(x, i + Width.LANES);
    }
  }
}
