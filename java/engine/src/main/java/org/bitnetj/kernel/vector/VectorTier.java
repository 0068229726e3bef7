package org.bitnetj.kernel.vector;

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

  private VectorTier() {}

  /** Whether the module is there. */
  public static boolean isResolved() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /**
   * The kernels; only if {@link #isResolved}.
   *
   * @throws IllegalArgumentException if {@link #BITS} names no width; its message is a sentence
   */
  public static Kernels kernels() {
    if (System.getProperty(BITS) instanceof String bits && !bits.matches("128|256|512")) {
      throw new IllegalArgumentException(
          "the property " + BITS + " is '" + bits + "': it must be 128, 256 or 512");
    }
    return new VectorKernels();
  }
}
