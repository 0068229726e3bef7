package org.bitnetj.testing;

import java.util.List;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;

/** The kernel tiers that run on this machine. */
public final class Tiers {
  private Tiers() {}

  /** All of them, the definition first. */
  public static List<Kernels> available() {
    return List.of(new ScalarKernels());
  }

  /** The fastest. */
  public static Kernels best() {
    return available().getLast();
  }
}
