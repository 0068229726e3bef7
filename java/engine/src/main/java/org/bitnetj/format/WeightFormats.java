package org.bitnetj.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.option.I2sLayout;

/** The formats that are known, those to compute with and those to list. */
public final class WeightFormats {
  public static final FloatFormat F32 = new F32Format();
  public static final FloatFormat F16 = new F16Format();
  public static final FloatFormat BF16 = new BF16Format();
  public static final FloatFormat Q4_0 = new Q4Format(true);
  public static final FloatFormat IQ4_NL = new Q4Format(false);
  public static final FloatFormat Q4_K = new QkFormat(4);
  public static final FloatFormat Q5_K = new QkFormat(5);
  public static final FloatFormat Q8_0 = new Q8Format();
  public static final FloatFormat Q6_K = new Q6kFormat();
  public static final TernaryEncoder I2_S = new I2sFormat();
  public static final TernaryEncoder TQ1_0 = new Tq1Format();
  public static final TernaryEncoder TQ2_0 = new Tq2Format();
  public static final TernaryEncoder Q2_0 = new Q2Format("Q2_0", 42, 64);
  public static final TernaryEncoder Q2_0_G128 = new Q2Format("Q2_0_G128", 42, 128);
  public static final TernaryEncoder PQ2_0 = new Q2Format("PQ2_0", 142, 128);
  public static final TernaryEncoder PTQ1_0 = new Ptq1Format();
  public static final TernaryEncoder Q1_0 = new Q1Format();
  public static final TernaryEncoder STQ1_0 = new Stq1Format(false);
  public static final TernaryEncoder STQ1_0_STRIDED = new Stq1Format(true);
  public static final TernaryEncoder IQ1_BN = new Iq1BnFormat();
  public static final TernaryEncoder IQ2_BN = new Iq2BnFormat(false);
  public static final TernaryEncoder IQ2_BN_R4 = new Iq2BnFormat(true);

  /** Bytes, which the engine's own layouts are stored as. */
  public static final WeightFormat I8 = new OpaqueFormat("I8", 24, 1, 1);

  /** Not one of GGUF's, and so not in the lists. */
  public static final TernaryFormat PACKED = new PackedFormat();

  private static final TernaryFormat I2_S_ARM = new StrayI2sFormat(false);
  private static final TernaryFormat I2_S_ROWS4 = new StrayI2sFormat(true);

  /** In the order of their ids; of one id, upstream ggml's meaning first. */
  private static final List<WeightFormat> ALL =
      List.of(
          F32,
          F16,
          Q4_0,
          new OpaqueFormat("Q4_1", 3, 32, 20),
          new OpaqueFormat("Q5_0", 6, 32, 22),
          new OpaqueFormat("Q5_1", 7, 32, 24),
          Q8_0,
          new OpaqueFormat("Q2_K", 10, 256, 84),
          new OpaqueFormat("Q3_K", 11, 256, 110),
          Q4_K,
          Q5_K,
          Q6_K,
          new OpaqueFormat("IQ2_XXS", 16, 256, 66),
          new OpaqueFormat("IQ2_XS", 17, 256, 74),
          new OpaqueFormat("IQ3_XXS", 18, 256, 98),
          new OpaqueFormat("IQ1_S", 19, 256, 50),
          IQ4_NL,
          new OpaqueFormat("IQ3_S", 21, 256, 110),
          new OpaqueFormat("IQ2_S", 22, 256, 82),
          new OpaqueFormat("IQ4_XS", 23, 256, 136),
          I8,
          new OpaqueFormat("I16", 25, 1, 2),
          new OpaqueFormat("I32", 26, 1, 4),
          new OpaqueFormat("I64", 27, 1, 8),
          new OpaqueFormat("F64", 28, 1, 8),
          new OpaqueFormat("IQ1_M", 29, 256, 56),
          BF16,
          TQ1_0,
          TQ2_0,
          I2_S,
          new LookupTable("TL1", 38, false),
          new OpaqueFormat("MXFP4", 39, 32, 17),
          new LookupTable("TL2", 39, true), // its id until 2025
          Q1_0,
          Q2_0,
          Q2_0_G128,
          STQ1_0,
          new LookupTable("TL2", 42, true),
          STQ1_0_STRIDED,
          IQ1_BN,
          IQ2_BN,
          PQ2_0,
          PTQ1_0,
          IQ2_BN_R4);

  /** Ids that more than one project gave away; 142 and 143 have meanings that are not listed. */
  private static final Set<Integer> CONTESTED = Set.of(39, 42, 43, 142, 143);

  private WeightFormats() {}

  /** All of them, in the order of their ids. */
  public static List<WeightFormat> all() {
    return ALL;
  }

  /** Those that ternary matrices may be stored in. */
  public static List<TernaryFormat> ternary() {
    return only(TernaryFormat.class);
  }

  /** The same, as what can be written. */
  public static List<TernaryEncoder> encoders() {
    return only(TernaryEncoder.class);
  }

  /** Those that embeddings, heads, norms and other vectors may be stored in. */
  public static List<FloatFormat> floats() {
    return only(FloatFormat.class);
  }

  /** I2_S in that layout; those that are not canonical are not in the lists. */
  public static TernaryFormat i2s(I2sLayout layout) {
    return switch (layout) {
      case CANONICAL -> I2_S;
      case ARM -> I2_S_ARM;
      case ROWS4 -> I2_S_ROWS4;
    };
  }

  /** Whether it is I2_S in any layout. */
  public static boolean isI2s(WeightFormat format) {
    return format.id() == I2_S.id();
  }

  /** Whether it is a layout for lookup tables, its tiles known or not. */
  public static boolean isLookupTable(WeightFormat format) {
    return format instanceof LookupTable || format instanceof TiledFormat;
  }

  private static <T> List<T> only(Class<T> kind) {
    return ALL.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Every format that is written under that id, upstream ggml's first. */
  public static List<WeightFormat> ofId(int id) {
    List<WeightFormat> found = new ArrayList<>(1);
    for (WeightFormat format : ALL) {
      if (format.id() == id) {
        found.add(format);
      }
    }
    return List.copyOf(found);
  }

  /**
   * Whether a file must prove by the sizes of its tensors that it means a known format by that id.
   */
  public static boolean isContested(int id) {
    return CONTESTED.contains(id);
  }

  /**
   * Its name in options: in lower case, and where another one has the name and is before it, with
   * its id behind.
   */
  public static String label(WeightFormat format) {
    String name = format.name().toLowerCase(Locale.ROOT);
    return named(format.name()).orElse(format).equals(format) ? name : name + ":" + format.id();
  }

  /**
   * The format of that label, in whatever case.
   *
   * @throws IllegalArgumentException a sentence that lists the labels, if there is none
   */
  public static <T extends WeightFormat> T labelled(String label, List<T> formats) {
    return formats.stream()
        .filter(format -> label(format).equalsIgnoreCase(label))
        .findFirst()
        .orElseThrow(
            () -> unknownLabel(label, formats.stream().map(WeightFormats::label).toList()));
  }

  /** What to throw where {@code label} is none of {@code known}. */
  public static IllegalArgumentException unknownLabel(String label, Iterable<String> known) {
    return new IllegalArgumentException(
        "There is no type '" + label + "' here; choose one of " + String.join(", ", known) + ".");
  }

  /** The first format of that name. */
  public static Optional<WeightFormat> named(String name) {
    return ALL.stream().filter(format -> format.name().equals(name)).findFirst();
  }
}
