package org.bitnetj.testing;

import static java.util.Comparator.comparing;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.NativeKernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kernel.selection.KernelSelection;

/** The kernel tiers that run on this machine; of the vector tier, every width the JVM has. */
public final class Tiers {
  /**
   * Kernels to test.
   *
   * @param bits the width of the vector tier, 0 for the others
   */
  public record Tested(KernelTier tier, int bits) {
    @Override
    public String toString() {
      return bits == 0 ? tier.label() : tier + " of " + bits + " bits";
    }
  }

  private Tiers() {}

  /** All there may be but the definition. */
  public static Stream<Tested> tested() {
    return Arrays.stream(KernelTier.values())
        .filter(tier -> tier != KernelTier.SCALAR)
        .flatMap(
            tier ->
                tier == KernelTier.VECTOR
                    ? VectorWidths.ALL.stream().map(bits -> new Tested(tier, bits))
                    : Stream.of(new Tested(tier, 0)));
  }

  /** All of them, the definition first and the one that {@code auto} prefers last. */
  public static List<Kernels> available() {
    List<Kernels> kernels = new ArrayList<>();
    kernels.add(new ScalarKernels());
    for (int bits : VectorWidths.ALL) {
      if (bits <= VectorWidths.widest()) {
        kernels.add(VectorWidths.kernels(bits));
      }
    }
    if (NativeLibrary.status() instanceof NativeLibrary.Loaded loaded) {
      loaded.supported().forEach(tier -> kernels.add(new NativeKernels(loaded, tier)));
    }
    List<KernelTier> bestFirst = KernelSelection.PREFERENCE;
    kernels.sort(comparing((Kernels k) -> bestFirst.indexOf(k.tier())).reversed()); // stable
    return kernels;
  }

  /** The fastest. */
  public static Kernels best() {
    return available().getLast();
  }

  /** The kernels of a tier; skips the test, and says why, where it does not run. */
  public static Kernels orSkip(Tested tested) {
    if (tested.bits() == 0) {
      return orSkip(tested.tier());
    }
    return tested.bits() <= VectorWidths.widest()
        ? VectorWidths.kernels(tested.bits())
        : abort("this JVM has vectors of " + VectorWidths.widest() + " bits at most");
  }

  /**
   * The same, but skips the test too where the tier has none of these operations of its own: it
   * would compare the definition with itself.
   *
   * @param operations names of methods of {@link Kernels}
   * @throws IllegalArgumentException if there is no such method
   */
  public static Kernels ownOrSkip(Tested tested, String... operations) {
    List<String> names = List.of(operations);
    List<String> known = Arrays.stream(Kernels.class.getMethods()).map(Method::getName).toList();
    if (!known.containsAll(names)) { // else every tier would be skipped
      throw new IllegalArgumentException("Kernels have no operations " + names + ".");
    }
    Kernels kernels = orSkip(tested);
    boolean own =
        Arrays.stream(kernels.getClass().getMethods())
            .anyMatch(
                method ->
                    names.contains(method.getName())
                        && method.getDeclaringClass() != ScalarKernels.class);
    return own ? kernels : abort(tested + " has " + names + " of the definition");
  }

  /** The kernels of a tier, of the vector tier the widest. */
  public static Kernels orSkip(KernelTier tier) {
    return available().stream()
        .filter(kernels -> kernels.tier() == tier)
        .reduce((narrow, wide) -> wide)
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
