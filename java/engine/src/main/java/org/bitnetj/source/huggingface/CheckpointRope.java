package org.bitnetj.source.huggingface;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.source.AttentionWindow;
import org.bitnetj.source.json.Json;
import org.bitnetj.tensor.RopeScaling;

/**
 * What {@code config.json} says of the rotation of queries and keys. Keys and formulas:
 * transformers' {@code modeling_rope_utils.py}; what a model computes is the same as of a GGUF
 * file, which has numbers as float32, and some scalings as divisors of frequencies.
 *
 * @param json the file
 * @param headDim rotated elements of a head
 * @param kind the layers that it is about, where a file tells them apart
 */
record CheckpointRope(Section json, Architecture architecture, int headDim, LayerKinds.Kind kind) {
  private static final String ORIGINAL_CONTEXT = "original_max_position_embeddings";

  /** Names of the section, the older one first. */
  private static final List<String> SECTIONS = List.of("rope_scaling", "rope_parameters");

  /** Of layers with a window, files of transformers 4 say nothing here: they are not scaled. */
  private Optional<Section> section() throws ModelFileException {
    for (String key : SECTIONS) {
      Optional<Section> rope = json.findSection(key);
      if (rope.isPresent()) {
        Optional<Section> own = rope.get().findSection(kind.label());
        return own.isPresent() || kind == LayerKinds.Kind.WINDOW || hasKinds(rope.get())
            ? own
            : rope;
      }
    }
    return Optional.empty();
  }

  /** Whether a section has one for each kind of layers, as transformers 5 writes it. */
  private static boolean hasKinds(Section rope) {
    return Arrays.stream(LayerKinds.Kind.values()).anyMatch(kind -> rope.has(kind.label()));
  }

  private static String type(Section rope) throws ModelFileException {
    Optional<String> type = rope.findText("rope_type");
    return type.isPresent() ? type.get() : rope.findText("type").orElse("default");
  }

  /**
   * The base of the frequencies, a float32. Hunyuan's may be raised by an alpha ("NTK-aware
   * scaling").
   */
  double theta() throws ModelFileException {
    double theta = plainTheta();
    Optional<Section> rope = section();
    if (architecture == Architecture.HUNYUAN_DENSE && rope.isPresent()) {
      double alpha = rope.get().findNumber("alpha").orElse(0);
      if (alpha > 0) {
        theta *= StrictMath.pow(alpha, headDim / (headDim - 2.0));
      }
    }
    return (float) theta;
  }

  private double plainTheta() throws ModelFileException {
    Optional<Section> parameters = json.findSection("rope_parameters");
    if (parameters.isPresent()) {
      Optional<Section> own = parameters.get().findSection(kind.label());
      Section section = own.orElse(parameters.get());
      if (section.has("rope_theta")) {
        return section.findNumber("rope_theta").getAsDouble();
      }
    }
    if (kind == LayerKinds.Kind.WINDOW) {
      return json.findNumber("rope_local_base_freq").orElse(AttentionWindow.USUAL_THETA);
    }
    OptionalDouble theta = json.findNumber("rope_theta");
    boolean differs = json.findText("model_type").orElse("").equals("bitnet");
    if (theta.isEmpty() && (differs || architecture == Architecture.GEMMA3)) {
      throw json.missing("rope_theta"); // readers differ in what it is then
    }
    return theta.orElse(10000);
  }

  /** What is done to the frequencies besides {@link #divisors}. */
  RopeScaling scaling() throws ModelFileException {
    refusePartialRotation();
    Optional<Section> section = section();
    if (section.isEmpty()) {
      return RopeScaling.NONE;
    }
    Section rope = section.get();
    String type = type(rope);
    if (type.equals("dynamic") && architecture == Architecture.HUNYUAN_DENSE) {
      if (!(rope.findNumber("alpha").orElse(0) > 0)) {
        throw rope.failure(rope.name("alpha") + " must be above 0 for the type 'dynamic'.");
      }
      return RopeScaling.NONE;
    }
    return switch (type) {
      case "default" -> RopeScaling.NONE;
      case "linear" -> new RopeScaling.Linear((float) required(rope, "factor"));
      case "yarn" -> yarn(rope);
      case "llama3", "longrope" -> {
        boolean known =
            architecture == (type.equals("llama3") ? Architecture.LLAMA : Architecture.MINICPM);
        if (!known) {
          throw refused(rope, type);
        }
        divisors(); // which are checked
        yield RopeScaling.NONE;
      }
      default -> throw refused(rope, type);
    };
  }

  private ModelFileException refused(Section rope, String type) {
    return rope.failure(
        rope.place().replaceFirst("\\.$", "")
            + " is of type '"
            + Section.shown(type)
            + "', which this engine does not compute for models of architecture '"
            + architecture.label()
            + "'; it computes linear and yarn, and of some families llama3, longrope or dynamic.");
  }

  private void refusePartialRotation() throws ModelFileException {
    refusePartialRotation(json);
    for (String key : SECTIONS) {
      Optional<Section> rope = json.findSection(key);
      if (rope.isPresent()) {
        refusePartialRotation(rope.get());
        Optional<Section> own = rope.get().findSection(kind.label());
        if (own.isPresent()) {
          refusePartialRotation(own.get());
        }
      }
    }
  }

  private static void refusePartialRotation(Section section) throws ModelFileException {
    double share = section.findNumber("partial_rotary_factor").orElse(1);
    if (share != 1) {
      throw section.failure(
          section.name("partial_rotary_factor")
              + " is "
              + share
              + ", but this engine rotates whole heads.");
    }
  }

  private RopeScaling yarn(Section rope) throws ModelFileException {
    for (String other : List.of("mscale", "mscale_all_dim")) {
      if (rope.has(other)) {
        throw rope.failure(rope.place() + other + " is not supported; this engine takes none.");
      }
    }
    if (!rope.findFlag("truncate").orElse(true)) {
      throw rope.failure(rope.place() + "truncate is false, which this engine does not compute.");
    }
    float factor = (float) required(rope, "factor");
    double usual = RopeScaling.Yarn.magnitude(factor);
    double magnitude = rope.findNumber("attention_factor").orElse(usual);
    return new RopeScaling.Yarn(
        factor,
        originalContext(rope),
        (float) rope.findNumber("beta_fast").orElse(RopeScaling.Yarn.FAST_TURNS),
        (float) rope.findNumber("beta_slow").orElse(RopeScaling.Yarn.SLOW_TURNS),
        (float) (magnitude / usual) * usual); // GGUF files have it relative to the usual one
  }

  /** What the frequency of each pair is divided by, as float32; empty if by nothing. */
  Optional<float[]> divisors() throws ModelFileException {
    Optional<Section> rope = section();
    return rope.isEmpty()
        ? Optional.empty()
        : switch (type(rope.get())) {
          case "llama3" -> Optional.of(llama3(rope.get()));
          case "longrope" -> Optional.of(longRope(rope.get()));
          default -> Optional.empty();
        };
  }

  /**
   * Llama 3.1: slow rotations are slower by a factor, fast ones are as they were, and those between
   * are mixed by their turns within the context of the first training.
   */
  private float[] llama3(Section rope) throws ModelFileException {
    double factor = positive(rope, "factor");
    int context = positions(rope, required(rope, ORIGINAL_CONTEXT));
    double fast = positive(rope, "high_freq_factor");
    double slow = positive(rope, "low_freq_factor");
    if (fast <= slow) {
      throw rope.failure(rope.place() + "high_freq_factor must be above low_freq_factor.");
    }
    double theta = theta();
    float[] divisors = new float[headDim / 2];
    for (int pair = 0; pair < divisors.length; pair++) {
      double turns = context * StrictMath.pow(theta, -2.0 * pair / headDim) / (2 * Math.PI);
      double kept = Math.clamp((turns - slow) / (fast - slow), 0, 1);
      divisors[pair] = (float) (1 / (kept + (1 - kept) / factor));
    }
    return divisors;
  }

  /**
   * LongRoPE (Ding et al., arXiv 2402.13753): one list of divisors up to the context of the first
   * training and another beyond. This engine computes models that are not used beyond it.
   */
  private float[] longRope(Section rope) throws ModelFileException {
    for (String key : List.of("factor", "attention_factor")) {
      double value = rope.findNumber(key).orElse(1);
      if (value != 1) {
        throw rope.failure(
            rope.place() + key + " is " + value + ", which this engine does not compute.");
      }
    }
    OptionalDouble inSection = rope.findNumber(ORIGINAL_CONTEXT);
    OptionalDouble original = inSection.isPresent() ? inSection : json.findNumber(ORIGINAL_CONTEXT);
    double context = required(json, "max_position_embeddings");
    if (original.orElse(context) < context) {
      throw rope.failure(
          rope.place()
              + ORIGINAL_CONTEXT
              + " is below max_position_embeddings; this engine computes longrope only within the"
              + " context of the first training.");
    }
    List<Json> items =
        rope.findItems("short_factor").orElseThrow(() -> rope.missing("short_factor"));
    if (items.size() != headDim / 2) {
      throw rope.failure(
          rope.place()
              + "short_factor has "
              + items.size()
              + " elements, but heads have "
              + headDim / 2
              + " pairs.");
    }
    float[] divisors = new float[items.size()];
    for (int i = 0; i < divisors.length; i++) {
      if (!(items.get(i) instanceof Json.Numeral numeral)) {
        throw rope.wrongType("short_factor", "an array of numbers");
      }
      divisors[i] = (float) Double.parseDouble(numeral.text());
    }
    return divisors;
  }

  private static double positive(Section rope, String key) throws ModelFileException {
    double value = required(rope, key);
    if (!(value > 0 && Double.isFinite(value))) {
      throw rope.failure(rope.place() + key + " is " + value + ", out of range.");
    }
    return value;
  }

  private static double required(Section rope, String key) throws ModelFileException {
    return rope.findNumber(key).orElseThrow(() -> rope.missing(key));
  }

  /** Of YaRN, where the model's own context is the default. */
  private int originalContext(Section rope) throws ModelFileException {
    double context = required(json, "max_position_embeddings");
    return positions(rope, rope.findNumber(ORIGINAL_CONTEXT).orElse(context));
  }

  private static int positions(Section rope, double value) throws ModelFileException {
    if (value != Math.rint(value) || value < 1 || value > ModelSpec.MAX_CONTEXT) {
      throw rope.failure(rope.name(ORIGINAL_CONTEXT) + " is " + value + ", out of range.");
    }
    return (int) value;
  }
}
