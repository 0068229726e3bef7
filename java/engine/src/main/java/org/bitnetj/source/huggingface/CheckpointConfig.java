package org.bitnetj.source.huggingface;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.Printable;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.RopeScaling;

/**
 * What {@code config.json} says of a model. Keys and defaults: transformers' {@code
 * configuration_*.py}.
 *
 * @param json the file
 */
record CheckpointConfig(Section json) {
  static final String FILE = "config.json";

  private static final String ORIGINAL_CONTEXT = "original_max_position_embeddings";
  private static final int MOST_NAME = 200;

  static CheckpointConfig read(Path folder) throws ModelFileException {
    return new CheckpointConfig(Section.read(folder.resolve(FILE)));
  }

  /**
   * The family, by {@code model_type}, {@code architectures} and {@code hidden_act}. 1bitLLM's
   * models call themselves Llama, and only their class says that they are BitNet.
   */
  Architecture architecture() throws ModelFileException {
    String type = json.findText("model_type").orElse("");
    boolean bitNet = type.equals("bitnet");
    for (Json name : json.findItems("architectures").orElse(List.of())) {
      bitNet |= name instanceof Json.Text text && isBitNet(text.value());
    }
    Optional<String> given = json.findText("hidden_act");
    if (given.isEmpty() && bitNet) {
      throw json.missing("hidden_act"); // classes of BitNet differ in what it is then
    }
    String activation = given.orElse("silu");
    Architecture architecture =
        bitNet
            ? activation.equals("silu") ? Architecture.BITNET : Architecture.BITNET_B158
            : switch (type) {
              case "llama" -> Architecture.LLAMA;
              case "qwen3" -> Architecture.QWEN3;
              default ->
                  throw json.failure(
                      "model_type '"
                          + Section.shown(type)
                          + "' is not supported; supported are bitnet, llama and qwen3.");
            };
    String expected = architecture.activation() == Activation.RELU_SQUARED ? "relu2" : "silu";
    if (!activation.equals(expected)) {
      throw json.failure(
          "hidden_act '"
              + Section.shown(activation)
              + "' is not supported; models of architecture '"
              + architecture.label()
              + "' have '"
              + expected
              + "'.");
    }
    return architecture;
  }

  private static boolean isBitNet(String name) {
    return name.toLowerCase(Locale.ROOT).equals("bitnetforcausallm");
  }

  /**
   * @param activationScaling as the weights have it
   */
  ModelSpec spec(ActivationScaling activationScaling) throws ModelFileException {
    Architecture architecture = architecture();
    refuseWhatIsNotComputed();
    int width = required("hidden_size", ModelSpec.MAX_WIDTH);
    int heads = required("num_attention_heads", ModelSpec.MAX_HEADS);
    int usual = architecture == Architecture.QWEN3 ? 128 : Math.max(1, width / heads);
    int headDim = optional("head_dim", usual, ModelSpec.MAX_HEAD_DIM);
    try {
      return new ModelSpec(
          architecture,
          name(),
          required("num_hidden_layers", ModelSpec.MAX_LAYERS),
          width,
          required("intermediate_size", ModelSpec.MAX_WIDTH),
          heads,
          optional("num_key_value_heads", heads, ModelSpec.MAX_HEADS),
          headDim,
          required("vocab_size", ModelSpec.MAX_VOCABULARY),
          required("max_position_embeddings", ModelSpec.MAX_CONTEXT),
          (float) json.findNumber("rms_norm_eps").orElseThrow(() -> json.missing("rms_norm_eps")),
          // The rows of q and k are read in the order in which GGUF files have them.
          new LayerPlan.Rotation(architecture.ropeStyle(), ropeTheta(), headDim, scaling()),
          Multipliers.NONE,
          architecture.activationScaling().orElse(activationScaling));
    } catch (IllegalArgumentException e) {
      throw json.failure(
          e.getMessage() + "; the file is damaged or does not describe a language model.");
    }
  }

  /** The model's name on its hub where the file has it, else its folder's. */
  private String name() throws ModelFileException {
    Path folder = json.file().toAbsolutePath().getParent().getFileName();
    String name = folder == null ? architecture().label() : folder.toString();
    return Printable.of(
        json.findText("_name_or_path").filter(n -> !n.isBlank()).orElse(name), MOST_NAME);
  }

  private double ropeTheta() throws ModelFileException {
    Optional<Section> parameters = json.findSection("rope_parameters");
    if (parameters.isPresent() && parameters.get().has("rope_theta")) {
      return parameters.get().findNumber("rope_theta").getAsDouble();
    }
    OptionalDouble theta = json.findNumber("rope_theta");
    if (theta.isEmpty() && json.findText("model_type").orElse("").equals("bitnet")) {
      throw json.missing("rope_theta"); // classes of BitNet differ in what it is then
    }
    return theta.orElse(10000);
  }

  private void refuseWhatIsNotComputed() throws ModelFileException {
    refusePartialRotation(json);
    for (String key : List.of("rope_scaling", "rope_parameters")) {
      Optional<Section> rope = json.findSection(key);
      if (rope.isPresent()) {
        refusePartialRotation(rope.get());
      }
    }
    for (String flag : List.of("use_sliding_window", "attention_bias", "mlp_bias")) {
      if (json.findFlag(flag).orElse(false)) {
        throw json.failure(flag + " is true, which this engine does not compute.");
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

  /** How rotations are scaled; the older name of the section is the first. */
  private RopeScaling scaling() throws ModelFileException {
    for (String key : List.of("rope_scaling", "rope_parameters")) {
      Optional<Section> rope = json.findSection(key);
      if (rope.isPresent()) {
        return scaling(rope.get());
      }
    }
    return RopeScaling.NONE;
  }

  private RopeScaling scaling(Section rope) throws ModelFileException {
    String type = rope.findText("rope_type").or(() -> text(rope, "type")).orElse("default");
    return switch (type) {
      case "default" -> RopeScaling.NONE;
      case "linear" -> new RopeScaling.Linear(factor(rope));
      case "yarn" -> yarn(rope);
      case "llama3" ->
          new RopeScaling.Llama3(
              factor(rope),
              positions(rope, required(rope, ORIGINAL_CONTEXT)),
              required(rope, "high_freq_factor"),
              required(rope, "low_freq_factor"));
      default ->
          throw rope.failure(
              rope.place().replace(".", "")
                  + " is of type '"
                  + Section.shown(type)
                  + "', which this engine does not compute; it computes linear, yarn and llama3.");
    };
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
    double factor = factor(rope);
    return new RopeScaling.Yarn(
        factor,
        originalContext(rope),
        rope.findNumber("beta_fast").orElse(RopeScaling.Yarn.FAST_TURNS),
        rope.findNumber("beta_slow").orElse(RopeScaling.Yarn.SLOW_TURNS),
        rope.findNumber("attention_factor").orElse(RopeScaling.Yarn.magnitude(factor)));
  }

  private static double factor(Section rope) throws ModelFileException {
    return required(rope, "factor");
  }

  private static double required(Section rope, String key) throws ModelFileException {
    return rope.findNumber(key).orElseThrow(() -> rope.missing(key));
  }

  /** Of YaRN, where the model's own context is the default. */
  private int originalContext(Section rope) throws ModelFileException {
    double context = required("max_position_embeddings", ModelSpec.MAX_CONTEXT);
    return positions(rope, rope.findNumber(ORIGINAL_CONTEXT).orElse(context));
  }

  private static int positions(Section rope, double value) throws ModelFileException {
    if (value != Math.rint(value) || value < 1 || value > ModelSpec.MAX_CONTEXT) {
      throw rope.failure(rope.name(ORIGINAL_CONTEXT) + " is " + value + ", out of range.");
    }
    return (int) value;
  }

  private static Optional<String> text(Section section, String key) {
    try {
      return section.findText(key);
    } catch (ModelFileException e) {
      return Optional.of("?"); // of no type that is known
    }
  }

  /** Whether the head is the embedding; empty if the file leaves that to the tensors. */
  Optional<Boolean> isHeadTied() throws ModelFileException {
    return json.findFlag("tie_word_embeddings");
  }

  /** Whether the model was trained as BitNet, so that its floats stand for ternary weights. */
  boolean isBitNet() throws ModelFileException {
    Optional<Section> quantization = json.findSection("quantization_config");
    if (quantization.isPresent()) {
      String method = quantization.get().findText("quant_method").orElse("");
      if (!method.equals("bitnet")) {
        throw quantization
            .get()
            .failure(
                "quantization_config.quant_method '"
                    + Section.shown(method)
                    + "' is not supported; this engine reads 'bitnet'.");
      }
      if (quantization.get().findFlag("use_rms_norm").orElse(false)) {
        throw quantization
            .get()
            .failure(
                "quantization_config.use_rms_norm is true, but this engine has no norms before"
                    + " single linear layers.");
      }
      return true;
    }
    OptionalLong bits = json.findInteger("weight_bits");
    Architecture architecture = architecture();
    return architecture == Architecture.BITNET
        || architecture == Architecture.BITNET_B158
        || bits.isPresent() && bits.getAsLong() == 1;
  }

  /**
   * Whether packed weights are multiplied by their stored scale, as {@code linear_class} {@code
   * autobitlinear} means it; else they are divided by it.
   */
  boolean isScaleMultiplied() throws ModelFileException {
    String linear = linearClass();
    return switch (linear) {
      case "autobitlinear" -> true;
      case "", "bitlinear" -> false;
      default ->
          throw json.failure(
              "quantization_config.linear_class '"
                  + Section.shown(linear)
                  + "' is not known; 'bitlinear' and 'autobitlinear' are.");
    };
  }

  /** Empty if the file has none. */
  String linearClass() throws ModelFileException {
    Optional<Section> quantization = json.findSection("quantization_config");
    return quantization.isPresent() ? quantization.get().findText("linear_class").orElse("") : "";
  }

  /** Names, or parts of names, of linear layers that stay floats. */
  List<String> unconverted() throws ModelFileException {
    Optional<Section> quantization = json.findSection("quantization_config");
    List<String> names = new ArrayList<>();
    if (quantization.isPresent()) {
      for (Json name : quantization.get().findItems("modules_to_not_convert").orElse(List.of())) {
        if (!(name instanceof Json.Text text) || text.value().isEmpty()) {
          throw quantization.get().wrongType("modules_to_not_convert", "an array of names");
        }
        names.add(text.value());
      }
    }
    return names;
  }

  private int required(String key, int max) throws ModelFileException {
    OptionalLong value = json.findInteger(key);
    return inRange(key, value.orElseThrow(() -> json.missing(key)), max);
  }

  private int optional(String key, int otherwise, int max) throws ModelFileException {
    OptionalLong value = json.findInteger(key);
    return value.isPresent() ? inRange(key, value.getAsLong(), max) : otherwise;
  }

  private int inRange(String key, long value, int max) throws ModelFileException {
    if (value <= 0 || value > max) {
      throw json.failure(
          key
              + " is "
              + value
              + ", not in 1.."
              + max
              + "; the file is damaged or does not describe a language model.");
    }
    return (int) value;
  }
}
