package org.bitnetj.kernel.selection;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.NativeKernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kernel.vector.VectorTier;
import org.bitnetj.memory.Pages;
import org.bitnetj.parallel.Background;
import org.jspecify.annotations.Nullable;

/**
 * The kernels a process computes with, and the account of how they were chosen. Immutable and
 * thread-safe; choosing loads the native library and checks the kernels in short.
 *
 * <p>What is wanted is the caller's option, else the system property {@code bitnet.kernels}, else
 * the environment variable {@code BITNET_KERNELS}, else {@code auto}: the best tier that runs here
 * and passes the self-check. A tier that is named is used or refused, never replaced.
 */
public final class KernelSelection {
  /** Names the wanted tier when the caller does not. */
  public static final String PROPERTY = "bitnet.kernels";

  /** Like it, as an environment variable. */
  public static final String VARIABLE = "BITNET_KERNELS";

  /** The choice of the best tier. */
  public static final String AUTO = "auto";

  /**
   * The order in which {@code auto} takes them. The Vector API comes before portable C since it
   * uses what instructions the CPU has; portable C is compiled for the oldest CPU.
   */
  public static final List<KernelTier> PREFERENCE =
      List.of(
          KernelTier.AMX,
          KernelTier.AVX512VBMI,
          KernelTier.AVX512,
          KernelTier.AVXVNNI,
          KernelTier.AVX2,
          KernelTier.I8MM,
          KernelTier.DOTPROD,
          KernelTier.NEON,
          KernelTier.VECTOR,
          KernelTier.C,
          KernelTier.SCALAR);

  private static final String SCALAR_COST =
      "the same answers come from plain Java, some hundred times slower, and with java "
          + VectorTier.FLAG
          + " only a few times";

  private static final String VECTOR_COST =
      "the same answers come from the Java Vector API, a few times slower";

  /** Whether a tier can be used on this machine, and if not why. */
  public enum State {
    /** It is the one in use. */
    USED("in use"),
    /** It could be used as well. */
    RUNS("runs here"),
    /** It did not return the bits it should. */
    FAILED("fails the self-check"),
    /** Its kernels could not be made, and a warning says why. */
    UNUSABLE("cannot be used"),
    /** It is in the library, but the CPU lacks its instructions. */
    UNSUPPORTED("not on this CPU"),
    /** The CPU has its instructions, but the operating system does not save their registers. */
    DISABLED("on this CPU, but disabled by the operating system"),
    /** This process has no permission to use its registers: refused, or not asked for here. */
    REFUSED("on this CPU, but not permitted to this process"),
    /** The CPU claims its instructions, but one of them is illegal when it runs. */
    FAULTING("claimed by this CPU, but its instructions fault"),
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

  private static volatile @Nullable Background<KernelSelection, KernelTierException> prepared;

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
    Background<KernelSelection, KernelTierException> begun = prepared;
    return option == null && begun != null ? begun.get() : chosen(option);
  }

  /**
   * Begins to choose what {@link #choose} gives if no tier is named, and to link what computes with
   * it, on threads of their own: for programs that know that they will need it and have something
   * else to do first.
   */
  public static synchronized void prepare() {
    if (prepared == null) {
      prepared =
          Background.start(
              "bitnet-kernels",
              () -> {
                KernelSelection selection = chosen(null);
                Background.start("bitnet-linking", selection::link);
                return selection;
              });
    }
  }

  private boolean link() {
    Pages.size(); // of the calls that give memory
    if (kernels instanceof NativeKernels) {
      NativeKernels.link();
    }
    return true;
  }

  private static KernelSelection chosen(@Nullable String option) {
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
        throw new KernelTierException("cannot use kernels '" + tier + "': " + e.getMessage());
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
    return switch (library.support(tier)) {
      case NOT_BUILT -> State.ABSENT;
      case NOT_CLAIMED -> State.UNSUPPORTED;
      case DISABLED -> State.DISABLED;
      case REFUSED -> State.REFUSED;
      case FAULTS -> State.FAULTING;
      case RUNS -> State.RUNS;
    };
  }

  private State state(KernelTier tier) {
    return states[tier.ordinal()];
  }

  private Kernels best() {
    for (KernelTier tier : PREFERENCE) {
      if (state(tier) == State.FAULTING) {
        warnings.add(refusal(tier, ""));
      } else if (state(tier) == State.RUNS) {
        try {
          Kernels candidate = checked(tier);
          noteShortfall(tier);
          return candidate;
        } catch (KernelTierException e) {
          warnings.add(String.valueOf(e.getMessage()));
        }
      }
    }
    throw new AssertionError("the scalar kernels always run");
  }

  /** Makes the kernels and compares them with the scalar ones. */
  private Kernels checked(KernelTier tier) {
    Kernels made;
    try {
      made = maker.make(tier);
    } catch (KernelTierException e) {
      states[tier.ordinal()] = State.UNUSABLE;
      throw e;
    }
    Optional<String> difference =
        tier == KernelTier.SCALAR ? Optional.empty() : SelfCheck.firstDifference(made);
    if (difference.isPresent()) {
      states[tier.ordinal()] = State.FAILED;
      throw new KernelTierException(
          "cannot use kernels '"
              + tier
              + "': they fail the self-check on this machine ("
              + difference.get()
              + " differs from the scalar definition); please report this with the output of"
              + " 'bitnet doctor'");
    }
    return made;
  }

  /** Says what is lost if the best tier is none for the CPU's instructions. */
  private void noteShortfall(KernelTier best) {
    String lost =
        library instanceof NativeLibrary.Missing missing
            ? "cannot use the native kernels: " + missing.reason() + "; "
            : best == KernelTier.VECTOR
                ? "cannot use native kernels other than the portable ones; "
                : "cannot use any native kernels; ";
    shortfall =
        switch (best) {
          case SCALAR -> lost + SCALAR_COST;
          case VECTOR -> lost + VECTOR_COST;
          case C ->
              "the portable C kernels are used, tens of times slower than those for "
                  + KernelTier.AVX2.needs()
                  + (state(KernelTier.VECTOR) == State.UNRESOLVED
                      ? "; java " + VectorTier.FLAG + " makes faster ones available"
                      : "");
          default -> null;
        };
    if (shortfall != null) {
      warnings.add(shortfall);
    }
  }

  /** Why the kernels are not for the CPU's own instructions, if they are not. */
  private String cause() {
    boolean missing = library instanceof NativeLibrary.Missing;
    return switch (kernels.tier()) {
      case SCALAR ->
          missing
              ? ": there are no native kernels, and the Java Vector API cannot be used"
              : ": no others can be used";
      case C -> ": no kernels for the CPU's instructions can be used";
      case VECTOR ->
          missing
              ? ": there are no native kernels"
              : ": no native kernels can be used but the portable ones, which are slower";
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
    if (state(tier) != State.RUNS) {
      throw new KernelTierException(refusal(tier, source));
    }
    return checked(tier);
  }

  /** Why a tier in another state than RUNS cannot be used. */
  private String refusal(KernelTier tier, String source) {
    String why =
        switch (state(tier)) {
          case UNSUPPORTED -> "this machine is not " + tier.needs();
          case DISABLED ->
              "this CPU has the instructions, but the operating system or the virtual machine"
                  + " disabled them (it does not save their registers)";
          case REFUSED ->
              "this CPU has the instructions, but " + notPermitted(System.getProperty("os.name"));
          case FAULTING ->
              "this CPU claims the instructions, but they fault when they run, as happens in"
                  + " virtual machines that are set up wrongly";
          case UNRESOLVED -> "java was started without " + VectorTier.FLAG;
          default ->
              library instanceof NativeLibrary.Missing missing
                  ? missing.reason()
                  : "the native library was built without them";
        };
    return "cannot use kernels '" + tier + "'" + source + ": " + why;
  }

  /** Why this process may not use registers, by the name of the system: only Linux is asked. */
  static String notPermitted(String system) {
    return system.startsWith("Linux")
        ? "the operating system refused this process their registers, as happens in sandboxes and"
            + " where a thread has an alternate signal stack that is too small for them"
        : "bitnet.java does not ask " + system + " for their registers yet";
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

  /** Every tier and its state. */
  public List<Tier> tiers() {
    List<Tier> tiers = new ArrayList<>();
    for (KernelTier tier : KernelTier.values()) {
      tiers.add(new Tier(tier, state(tier)));
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
