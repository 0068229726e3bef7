package org.bitnetj.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.util.ArrayList;
import java.util.List;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.NativeKernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.scalar.ScalarKernels;

/** The kernel tiers that run on this machine. */
public final class Tiers {
  private Tiers() {}

  /** All of them, the definition first, in rising order of preference. */
  public static List<Kernels> available() {
    List<Kernels> kernels = new ArrayList<>();
    kernels.add(new ScalarKernels());
    if (NativeLibrary.status() instanceof NativeLibrary.Loaded loaded) {
      loaded.supported().stream().sorted().forEach(t -> kernels.add(new NativeKernels(loaded, t)));
    }
    return kernels;
  }

  /** The fastest. */
  public static Kernels best() {
    return available().getLast();
  }

  /** The kernels of a tier; skips the test, and says why, where it does not run. */
  public static Kernels orSkip(KernelTier tier) {
    return available().stream()
        .filter(kernels -> kernels.tier() == tier)
        .findFirst()
        .orElseGet(
            () ->
                abort(
                    switch (NativeLibrary.status()) {
                      case NativeLibrary.Missing missing -> missing.reason();
                      case NativeLibrary.Loaded loaded ->
                          "the native library runs "
                              + loaded.supported()
                              + " on this machine, not "
                              + tier;
                    }));
  }
}
