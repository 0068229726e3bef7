package org.bitnetj.kernel.vector;

import java.nio.ByteOrder;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The width of this process's vectors. Species must be constants for the JIT compiler to make
 * instructions of the operations, so there is one width to a process.
 */
final class Width {
  static final VectorSpecies<Float> FLOAT;
  static final VectorSpecies<Integer> INT;
  static final VectorSpecies<Short> SHORT;

  /** As many shorts as there are 32-bit lanes. */
  static final VectorSpecies<Short> HALF_SHORT;

  /** 32-bit lanes: 4, 8 or 16. */
  static final int LANES;

  /** The engine's data is little-endian, like every CPU it runs on. */
  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  static {
    Integer bits = Integer.getInteger(VectorTier.BITS);
    VectorShape shape = bits == null ? VectorShape.preferredShape() : VectorShape.forBitSize(bits);
    if (shape.vectorBitSize() > 512) {
      shape = VectorShape.S_512_BIT; // of the 16 lanes of a reduction none may be left over
    }
    FLOAT = VectorSpecies.of(float.class, shape);
    INT = VectorSpecies.of(int.class, shape);
    SHORT = VectorSpecies.of(short.class, shape);
    HALF_SHORT = VectorSpecies.of(short.class, VectorShape.forBitSize(shape.vectorBitSize() / 2));
    LANES = FLOAT.length();
  }

  private Width() {}
}
