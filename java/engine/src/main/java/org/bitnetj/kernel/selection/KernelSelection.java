package org.bitnetj.kernel.selection;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.NativeKernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kernel.vector.VectorTier;
import org.jspecify.annotations.Nullable;

/**
 * The kernels a process computes with, and the account of how they were chosen. Immutable and
 * thread-safe; choosing loads the native library and runs the {@link SelfCheck}.
 *
 * <p>What is wanted is the caller's option, else the system property {@code bitnet.kernels}, else
 * the environment variable {@code BITNET_KERNELS}, else {@code auto}: the best tier that runs here
 * and passes the self-check. A tier that is named is used or refused, never replaced.
 */
public final class KernelSelection {
  /** Names the wanted tier when the caller does not. */
  public static final String PROPERTY = "bitnet.kernels";

  /** The same as an environment variable. */
  public static final String VARIABLE = "BITNET_KERNELS";

  /** The choice of the best tier. */
  public static final String AUTO = "auto";

  private static final String SCALAR_COST =
      "the same answers come from plain Java, some hundred times slower, and with java "
          + VectorTier.FLAG
          + " only a few times";

  private static final String VECTOR_COST =
      "the same answers come from the Java Vector API, a few times slower";

  /** Where a tier stands on this machine. */
  public enum State {
    /** It is the one in use. */
    USED("in use"),
    /** It could be used as well. */
    RUNS("runs here"),
    /** It did not return the bits it should. */
    FAILED("fails the self-check"),
    /** Its kernels could not be made, and a warning says why. */
    UNUSABLE("cannot be used"),
    /** It is in the library, but the CPU or the operating system cannot run it. */
    UNSUPPORTED("not on this CPU"),
    /** There is no library, or it was built without this tier. */
    ABSENT("not in this build"),
    /** Java was started without the module it is made with. */
    UNRESOLVED("module not loaded");

    private final String words;

    State(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  /** One line of the account. */
  public record Tier(KernelTier tier, State state) {}

  /** Makes the kernels of a tier that is supported; tests replace it. */
  interface Maker {
    Kernels make(KernelTier tier);
  }

  private final NativeLibrary.Status library;
  private final boolean incubator;
  private final Maker maker;
  private final State[] states = new State[KernelTier.values().length];
  private final List<String> warnings = new ArrayList<>();
  private @Nullable String shortfall;
  private final String wanted;
  private final Kernels kernels;

  /**
   * Chooses.
   *
   * @param option {@code auto} or a tier's label; null if the user gave none
   * @throws KernelTierException if what is wanted does not exist, does not run here, or does not
   *     pass the self-check
   */
  public static KernelSelection choose(@Nullable String option) {
    String wanted = AUTO;
    String source = "";
    if (option != null) {
      wanted = option;
    } else if (System.getProperty(PROPERTY) instanceof String property) {
      wanted = property;
      source = " (set by the property " + PROPERTY + ")";
    } else if (System.getenv(VARIABLE) instanceof String variable && !variable.isEmpty()) {
      wanted = variable;
      source = " (set by the environment variable " + VARIABLE + ")";
    }
    NativeLibrary.Status library = NativeLibrary.status();
    return new KernelSelection(
        wanted, source, library, VectorTier.isResolved(), tier -> make(tier, library));
  }

  private static Kernels make(KernelTier tier, NativeLibrary.Status library) {
    if (tier.isNative() && library instanceof NativeLibrary.Loaded loaded) {
      return new NativeKernels(loaded, tier);
    }
    if (tier == KernelTier.VECTOR) {
      try {
        return VectorTier.kernels();
      } catch (IllegalArgumentException e) {
        throw new KernelTierException(
            "kernels '" + tier + "' cannot be used, for " + e.getMessage());
      }
    }
    return new ScalarKernels();
  }

  /**
   * @param incubator whether the module of the vector kernels is there
   */
  KernelSelection(
      String wanted, String source, NativeLibrary.Status library, boolean incubator, Maker maker) {
    this.library = library;
    this.incubator = incubator;
    this.maker = maker;
    for (KernelTier tier : KernelTier.values()) {
      states[tier.ordinal()] = stateOf(tier);
    }
    if (wanted.toLowerCase(Locale.ROOT).equals(AUTO)) {
      this.kernels = best();
      this.wanted = "chosen automatically" + cause();
    } else {
      this.wanted = "as asked" + source;
      this.kernels = named(wanted, source);
    }
    states[kernels.tier().ordinal()] = State.USED;
  }

  private State stateOf(KernelTier tier) {
    if (!tier.isNative()) {
      return tier == KernelTier.VECTOR && !incubator ? State.UNRESOLVED : State.RUNS;
    }
    return switch (library) {
      case NativeLibrary.Missing missing -> State.ABSENT;
      case NativeLibrary.Loaded loaded ->
          loaded.supported().contains(tier)
              ? State.RUNS
              : loaded.compiled().contains(tier) ? State.UNSUPPORTED : State.ABSENT;
    };
  }

  private Kernels best() {
    KernelTier[] tiers = KernelTier.values();
    for (int i = tiers.length - 1; i > 0; i--) {
      if (states[i] == State.RUNS) {
        Kernels candidate;
        try {
          candidate = maker.make(tiers[i]);
        } catch (KernelTierException e) {
          states[i] = State.UNUSABLE;
          warnings.add(String.valueOf(e.getMessage()));
          continue;
        }
        Optional<String> difference = SelfCheck.firstDifference(candidate);
        if (difference.isEmpty()) {
          if (tiers[i] == KernelTier.C) {
            fallShort(
                "the portable C kernels are used, tens of times slower than those for "
                    + KernelTier.AVX2.needs()
                    + (states[KernelTier.VECTOR.ordinal()] == State.UNRESOLVED
                        ? "; with java " + VectorTier.FLAG + " faster ones can be"
                        : ""));
          } else if (!tiers[i].isNative()) {
            fallShort(
                switch (library) {
                  case NativeLibrary.Missing missing -> withoutNative(missing) + VECTOR_COST;
                  case NativeLibrary.Loaded loaded ->
                      "no native kernels but the portable ones can be used; the same answers come"
                          + " from the Java Vector API, faster than those and a few times slower"
                          + " than native kernels for the CPU's instructions";
                });
          }
          return candidate;
        }
        states[i] = State.FAILED;
        warnings.add(failure(tiers[i], difference.get()));
      }
    }
    fallShort(
        switch (library) {
              case NativeLibrary.Missing missing -> withoutNative(missing);
              case NativeLibrary.Loaded loaded -> "no native kernels can be used; ";
            }
            + SCALAR_COST);
    return maker.make(KernelTier.SCALAR);
  }

  private void fallShort(String cost) {
    shortfall = cost;
    warnings.add(cost);
  }

  private static String withoutNative(NativeLibrary.Missing library) {
    return "the native kernels are not used, for " + library.reason() + "; ";
  }

  /** Why it is not one of the tiers for the CPU's instructions, if it is none. */
  private String cause() {
    boolean missing = library instanceof NativeLibrary.Missing;
    return switch (kernels.tier()) {
      case SCALAR ->
          missing
              ? ", for there are no native kernels, and the Java Vector API cannot be used"
              : ", for no others can be used";
      case C -> ", for none for the CPU's instructions can be used";
      case VECTOR ->
          missing
              ? ", for there are no native kernels"
              : ", for no native kernels can be used but the portable ones, which are slower";
      default -> "";
    };
  }

  private Kernels named(String label, String source) {
    KernelTier tier =
        KernelTier.ofLabel(label)
            .orElseThrow(
                () ->
                    new KernelTierException(
                        "there are no kernels named '"
                            + label
                            + "'"
                            + source
                            + ": choose one of "
                            + AUTO
                            + ", "
                            + KernelTier.labels()));
    if (states[tier.ordinal()] != State.RUNS) {
      String why =
          switch (library) {
            case NativeLibrary.Status any when !tier.isNative() ->
                "java was started without " + VectorTier.FLAG;
            case NativeLibrary.Missing missing -> missing.reason();
            case NativeLibrary.Loaded loaded when loaded.compiled().contains(tier) ->
                "this machine is not " + tier.needs();
            case NativeLibrary.Loaded loaded -> "the native library was built without them";
          };
      throw new KernelTierException(
          "kernels '" + tier + "'" + source + " cannot be used, for " + why);
    }
    Kernels made = maker.make(tier);
    if (tier != KernelTier.SCALAR) {
      SelfCheck.firstDifference(made)
          .ifPresent(
              difference -> {
                throw new KernelTierException(failure(tier, difference));
              });
    }
    return made;
  }

  private static String failure(KernelTier tier, String difference) {
    return "kernels '"
        + tier
        + "' are not used, for they fail the self-check on this machine ("
        + difference
        + " differs from the scalar definition): please report this with the output of 'bitnet"
        + " doctor'";
  }

  /** The kernels to compute with. */
  public Kernels kernels() {
    return kernels;
  }

  public KernelTier tier() {
    return kernels.tier();
  }

  /**
   * Why this tier: {@code chosen automatically}, and why it is none for the CPU's instructions
   * where it is not, or {@code as asked} and by what.
   */
  public String reason() {
    return wanted;
  }

  public NativeLibrary.Status library() {
    return library;
  }

  /** Every tier and where it stands, in rising order of preference. */
  public List<Tier> tiers() {
    List<Tier> tiers = new ArrayList<>();
    for (KernelTier tier : KernelTier.values()) {
      tiers.add(new Tier(tier, states[tier.ordinal()]));
    }
    return tiers;
  }

  /**
   * What the user must be told at every start: sentences without full stop about kernels that
   * should run and do not, and what that costs. Mostly empty.
   */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /**
   * That of the warnings which says that the tier chosen automatically is none for the CPU's
   * instructions, and what that costs.
   */
  public Optional<String> shortfall() {
    return Optional.ofNullable(shortfall);
  }

  /** The start-up line: {@code avx2 kernels (x86-64 with AVX2, FMA and F16C)}. */
  public String summary() {
    return tier() + " kernels (" + tier().needs() + ")";
  }
}
