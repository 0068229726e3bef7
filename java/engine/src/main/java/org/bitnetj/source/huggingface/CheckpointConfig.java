package org.bitnetj.source.huggingface;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.AttentionWindow;
import org.bitnetj.source.Printable;
import org.bitnetj.source.huggingface.LayerKinds.Kind;
import org.bitnetj.source.json.Json;
import org.bitnetj.tensor.RopeScaling;

/**
 * What {@code config.json} says of a model. Keys and defaults: transformers' {@code
 * configuration_*.py}.
 *
 * @param json the file
 */
record CheckpointConfig(Section json) {
  static final String FILE = "config.json";

  private static final int USUAL_WINDOW = 4096; // Gemma 3's

  /** Each is looked for in the name of each linear layer. */
  private static final int MOST_UNCONVERTED = 10_000;

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
    Optional<String> given =
        json.has("hidden_activation")
            ? json.findText("hidden_activation")
            : json.findText("hidden_act");
    if (given.isEmpty() && bitNet) {
      throw json.missing("hidden_act"); // classes of BitNet differ in what it is then
    }
    Architecture architecture =
        bitNet
            ? given.get().equals("silu") ? Architecture.BITNET : Architecture.BITNET_B158
            : switch (type) {
              case "llama" -> Architecture.LLAMA;
              case "qwen3" -> Architecture.QWEN3;
              case "gemma3_text" -> Architecture.GEMMA3;
              case "minicpm" -> Architecture.MINICPM;
              case "hunyuan_v1_dense" -> Architecture.HUNYUAN_DENSE;
              default ->
                  throw json.failure(
                      "model_type '"
                          + Section.shown(type)
                          + "' is not supported; supported are bitnet, llama, qwen3, gemma3_text,"
                          + " minicpm and hunyuan_v1_dense.");
            };
    String expected =
        switch (architecture.activation()) {
          case RELU_SQUARED -> "relu2";
          case SILU -> "silu";
          case GELU -> "gelu_pytorch_tanh";
        };
    if (!given.orElse(expected).equals(expected)) {
      throw json.failure(
          "hidden_act '"
              + Section.shown(given.get())
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
    refuseWhatIsNotComputed(architecture);
    int width = required("hidden_size", ModelSpec.MAX_WIDTH);
    int heads = required("num_attention_heads", ModelSpec.MAX_HEADS);
    int layers = required("num_hidden_layers", ModelSpec.MAX_LAYERS);
    int headDim = headDim(architecture, Math.max(1, width / heads));
    Set<Kind> kinds = kinds(architecture, layers);
    try {
      LayerPlan.Rotation rotation = rotation(architecture, headDim, rotated(kinds));
      return new ModelSpec(
          architecture,
          name(),
          layers,
          width,
          required("intermediate_size", ModelSpec.MAX_WIDTH),
          heads,
          optional("num_key_value_heads", heads, ModelSpec.MAX_HEADS),
          headDim,
          required("vocab_size", ModelSpec.MAX_VOCABULARY),
          contextLength(kinds, rotation),
          (float) number("rms_norm_eps"),
          rotation,
          multipliers(architecture, width, layers),
          architecture.activationScaling().orElse(activationScaling));
    } catch (IllegalArgumentException e) {
      throw json.failure(
          e.getMessage() + "; the file is damaged or does not describe a language model.");
    }
  }

  private int headDim(Architecture architecture, int otherwise) throws ModelFileException {
    int usual =
        switch (architecture) {
          case QWEN3 -> 128;
          case GEMMA3 -> 256;
          default -> otherwise;
        };
    int older = optional("attention_head_dim", usual, ModelSpec.MAX_HEAD_DIM); // Hunyuan's
    int headDim = optional("head_dim", older, ModelSpec.MAX_HEAD_DIM);
    if (architecture == Architecture.GEMMA3
        && json.findNumber("query_pre_attn_scalar").orElse(256) != headDim) {
      throw json.failure(
          "query_pre_attn_scalar is not head_dim, "
              + headDim
              + ", by whose root this engine divides scores.");
    }
    return headDim;
  }

  /** The model's name on its hub where the file has it, else its folder's. */
  private String name() throws ModelFileException {
    Path folder = json.file().toAbsolutePath().getParent().getFileName();
    String name = folder == null ? architecture().label() : folder.toString();
    return Printable.of(
        json.findText("_name_or_path").filter(n -> !n.isBlank()).orElse(name), MOST_NAME);
  }

  /** What is set and would change the result. */
  private void refuseWhatIsNotComputed(Architecture architecture) throws ModelFileException {
    for (String flag :
        List.of(
            "use_sliding_window", "attention_bias", "mlp_bias", "use_bidirectional_attention")) {
      if (json.findFlag(flag).orElse(false)) {
        throw json.failure(flag + " is true, which this engine does not compute.");
      }
    }
    long bits = json.findInteger("input_bits").orElse(8);
    if (bits != 8) {
      throw json.failure("input_bits is " + bits + ", but this engine has activations of 8 bits.");
    }
    if (architecture == Architecture.HUNYUAN_DENSE && !json.findFlag("use_qk_norm").orElse(true)) {
      throw json.failure("use_qk_norm is false, which this engine does not compute.");
    }
    for (String key :
        List.of("sparse_config", "attn_logit_softcapping", "final_logit_softcapping")) {
      if (json.has(key)) {
        throw json.failure(key + " is set, which this engine does not compute.");
      }
    }
  }

  /** What {@code rope_scaling} makes of the frequencies, as float32; empty if nothing. */
  Optional<float[]> ropeDivisors(ModelSpec spec) throws ModelFileException {
    Kind kind = rotated(kinds(spec.architecture(), spec.layers()));
    return new CheckpointRope(json, spec.architecture(), spec.headDim(), kind).divisors();
  }

  /** The layer kind whose RoPE settings apply. */
  private static Kind rotated(Set<Kind> kinds) {
    return kinds.contains(Kind.FULL) ? Kind.FULL : Kind.WINDOW;
  }

  private Multipliers multipliers(Architecture architecture, int width, int layers)
      throws ModelFileException {
    return switch (architecture) {
      case GEMMA3 -> Multipliers.ofEmbedding(width);
      case MINICPM ->
          new Multipliers(
              (float) number("scale_emb"),
              (float) (number("scale_depth") / Math.sqrt(layers)),
              (float) (width / number("dim_model_base")));
      default -> Multipliers.NONE;
    };
  }

  private double number(String key) throws ModelFileException {
    return json.findNumber(key).orElseThrow(() -> json.missing(key));
  }

  private LayerPlan.Rotation rotation(Architecture architecture, int headDim, Kind kind)
      throws ModelFileException {
    CheckpointRope rope = new CheckpointRope(json, architecture, headDim, kind);
    // The rows of q and k are read in the order in which GGUF files have them.
    return new LayerPlan.Rotation(architecture.ropeStyle(), rope.theta(), headDim, rope.scaling());
  }

  /** The kinds of layers; of other families than Gemma only one can be computed. */
  private Set<Kind> kinds(Architecture architecture, int layers) throws ModelFileException {
    boolean gemma = architecture == Architecture.GEMMA3;
    Set<Kind> kinds = LayerKinds.of(json, layers, gemma);
    if (!gemma && kinds.contains(Kind.WINDOW)) {
      throw json.failure(
          "layer_types has layers of sliding_attention, which this engine does not compute for"
              + " models of architecture '"
              + architecture.label()
              + "'.");
    }
    boolean none =
        json.members().get("sliding_window") == Json.Literal.NULL
            || json.findInteger("sliding_window").orElse(USUAL_WINDOW) == 0;
    return gemma && none ? Set.of(Kind.FULL) : kinds;
  }

  /** Positions; of a model with windows no more than they have. */
  private int contextLength(Set<Kind> kinds, LayerPlan.Rotation rotation)
      throws ModelFileException {
    int context = required("max_position_embeddings", ModelSpec.MAX_CONTEXT);
    if (!kinds.contains(Kind.WINDOW)) {
      return context;
    }
    int window = optional("sliding_window", USUAL_WINDOW, Integer.MAX_VALUE);
    int positions = Math.min(context, window);
    if (kinds.contains(Kind.FULL)) {
      LayerPlan.Rotation others = rotation(Architecture.GEMMA3, rotation.dimensions(), Kind.WINDOW);
      Optional<String> refusal = new AttentionWindow(positions, others.theta()).refusal(rotation);
      if (refusal.isEmpty() && !others.scaling().equals(RopeScaling.NONE)) {
        refusal =
            Optional.of("rotations of layers with a window are scaled, but not those of others.");
      }
      if (refusal.isPresent()) {
        throw json.failure(refusal.get());
      }
    }
    return positions;
  }

  /** Whether the head is the embedding; empty if the file does not say. */
  Optional<Boolean> isHeadTied() throws ModelFileException {
    return json.findFlag("tie_word_embeddings");
  }

  /** What a file that does not say it means. */
  static boolean isHeadTiedByDefault(Architecture architecture) {
    return architecture == Architecture.GEMMA3 || architecture == Architecture.MINICPM;
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
                "quantization_config.use_rms_norm is true, but this engine does not read the norms"
                    + " and the epsilon that this gives to linear layers.");
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
      List<Json> items = quantization.get().findItems("modules_to_not_convert").orElse(List.of());
      if (items.size() > MOST_UNCONVERTED) {
        throw quantization
            .get()
            .failure(
                "'quantization_config.modules_to_not_convert' has "
                    + items.size()
                    + " names, more than the "
                    + MOST_UNCONVERTED
                    + " that a model can need.");
      }
      for (Json name : items) {
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
