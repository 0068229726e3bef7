package org.bitnetj.kernel.vector;

import java.util.Optional;
import jdk.incubator.vector.VectorShape;
import org.bitnetj.kernel.Kernels;

/** The door to this package: safe to load where the module {@code jdk.incubator.vector} is not. */
public final class VectorTier {
  /** What java must be started with. */
  public static final String FLAG = "--add-modules jdk.incubator.vector";

  /**
   * The system property with the width of a vector in bits, 128, 256 or 512. Without it vectors are
   * as wide as the JVM prefers on this CPU; wider ones than the CPU has are very slow. Read once.
   */
  public static final String BITS = "bitnet.vector.bits";

  private static final int LEAST_BITS = 128;

  private VectorTier() {}

  /** Whether the module is there. */
  public static boolean isResolved() {
    return incubator().isPresent();
  }

  private static Optional<Module> incubator() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector");
  }

  /**
   * The kernels; only if {@link #isResolved}.
   *
   * @throws IllegalArgumentException if {@link #BITS} names no width, or is not set and the JVM's
   *     vectors are narrower than all of them; its message is a sentence
   */
  public static Kernels kernels() {
    VectorTier.class.getModule().addReads(incubator().orElseThrow());
    if (System.getProperty(BITS) == null) {
      int bits = VectorShape.preferredShape().vectorBitSize();
      if (bits < LEAST_BITS) {
        throw new IllegalArgumentException(
            "this JVM's vectors have "
                + bits
                + " bits and must have "
                + LEAST_BITS
                + " at least (see its option MaxVectorSize)");
      }
    }
    if (System.getProperty(BITS) instanceof String bits && !bits.matches("128|256|512")) {
      throw new IllegalArgumentException(
          "the property " + BITS + " is '" + bits + "': it must be 128, 256 or 512");
    }
    return new VectorKernels();
  }
}
