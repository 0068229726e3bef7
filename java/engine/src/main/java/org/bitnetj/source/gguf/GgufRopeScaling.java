package org.bitnetj.source.gguf;

import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.tensor.RopeScaling;

/**
 * Reads how a model's rotations are scaled. Keys and defaults are llama.cpp's; what it computes
 * with and the engine does not is refused.
 */
final class GgufRopeScaling {
  private final Metadata metadata;
  private final String prefix; // of the keys, without what follows the family
  private final boolean hasLongDivisors;

  /**
   * @param hasLongDivisors whether the file has LongRoPE's tensors of divisors
   */
  GgufRopeScaling(Metadata metadata, String prefix, boolean hasLongDivisors) {
    this.metadata = metadata;
    this.prefix = prefix;
    this.hasLongDivisors = hasLongDivisors;
  }

  RopeScaling read() throws ModelFileException {
    String type = metadata.findText(prefix + "rope.scaling.type").orElse("linear");
    if (type.equals("longrope") && hasLongDivisors) {
      return longRope();
    }
    return switch (type) {
      case "none" -> RopeScaling.NONE;
      case "linear" -> linear();
      case "yarn" -> yarn();
      default ->
          throw refused(
              "rope.scaling.type", "of type " + metadata.describe(key("rope.scaling.type")));
    };
  }

  private RopeScaling linear() throws ModelFileException {
    double attention = number("attn_factor", 1);
    if (attention != 1) {
      throw refused("rope.scaling.attn_factor", "by " + attention);
    }
    double factor = factor();
    return factor == 1 ? RopeScaling.NONE : scaling(() -> new RopeScaling.Linear(factor));
  }

  private RopeScaling yarn() throws ModelFileException {
    for (String other : List.of("yarn_ext_factor", "yarn_log_multiplier")) {
      double value = number(other, -1);
      double usual = other.equals("yarn_ext_factor") ? 1 : 0;
      if (value >= 0 && value != usual) {
        throw refused("rope.scaling." + other, "with a value of " + value);
      }
    }
    double factor = factor();
    long context = metadata.integer(key("rope.scaling.original_context_length"));
    double attention = number("attn_factor", 1) * number("yarn_attn_factor", 1);
    return scaling(
        () ->
            new RopeScaling.Yarn(
                factor,
                Math.toIntExact(context),
                number("yarn_beta_fast", RopeScaling.Yarn.FAST_TURNS),
                number("yarn_beta_slow", RopeScaling.Yarn.SLOW_TURNS),
                attention * RopeScaling.Yarn.magnitude(factor)));
  }

  /**
   * LongRoPE (Ding et al., arXiv 2402.13753) has one tensor of divisors up to the context of the
   * first training and another beyond; models are not used beyond it here.
   */
  private RopeScaling longRope() throws ModelFileException {
    long context = metadata.integer(key("context_length"));
    if (metadata.findInteger(key("rope.scaling.original_context_length")).orElse(context)
        < context) {
      throw refused(
          "rope.scaling.original_context_length", "beyond the context of the first training");
    }
    double attention = number("attn_factor", 1);
    if (attention != 1) {
      throw refused("rope.scaling.attn_factor", "by " + attention);
    }
    return RopeScaling.NONE;
  }

  /** To ggml a factor of 0 means none. */
  private double factor() throws ModelFileException {
    double old = metadata.findNumber(key("rope.scale_linear")).orElse(1);
    double factor = number("factor", old);
    return factor == 0 ? 1 : factor;
  }

  private double number(String name, double otherwise) throws ModelFileException {
    return metadata.findNumber(key("rope.scaling." + name)).orElse(otherwise);
  }

  private String key(String name) {
    return prefix + name;
  }

  @FunctionalInterface
  private interface Maker {
    RopeScaling make() throws ModelFileException;
  }

  private RopeScaling scaling(Maker maker) throws ModelFileException {
    try {
      return maker.make();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw metadata.failure(
          "its keys '" + prefix + "rope.scaling.*' cannot be right: " + e.getMessage() + ".");
    }
  }

  private ModelFileException refused(String name, String how) {
    return metadata.failure(
        "metadata key '"
            + key(name)
            + "' asks for a scaling of RoPE "
            + how
            + ", which this engine does not compute; it computes none, linear and yarn.");
  }
}
