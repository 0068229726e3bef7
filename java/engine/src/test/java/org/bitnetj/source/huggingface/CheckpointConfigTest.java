package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RopeScaling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointConfigTest {
  private static final String MINICPM =
      "'model_type':'minicpm','scale_emb':12,'scale_depth':1.4,'dim_model_base':16";

  private static final String FULL =
      "'model_type':'gemma3_text','layer_types':['full_attention','full_attention']";

  private static final String BOTH =
      "'model_type':'gemma3_text','layer_types':['sliding_attention','full_attention']";

  private static final String SIZES =
      "'hidden_size':64,'intermediate_size':128,'num_hidden_layers':2,'num_attention_heads':4,"
          + "'num_key_value_heads':2,'vocab_size':8,'rms_norm_eps':1e-6";

  @TempDir Path folder;

  /** Single quotes stand for double ones. */
  private CheckpointConfig config(String members) throws IOException {
    return config(members, 32);
  }

  private CheckpointConfig config(String members, int context) throws IOException {
    String sizes = SIZES + ",'max_position_embeddings':" + context;
    Files.writeString(
        folder.resolve("config.json"), ("{" + members + "," + sizes + "}").replace('\'', '"'));
    return CheckpointConfig.read(folder);
  }

  @Test
  void sizesAndConstantsBecomeASpecification() throws IOException {
    ModelSpec spec =
        config("'model_type':'llama','rope_theta':500000.0,'head_dim':32,'rope_scaling':null")
            .spec(ActivationScaling.GROUP);
    assertEquals(
        new ModelSpec(
            Architecture.LLAMA,
            folder.getFileName().toString(),
            2,
            64,
            128,
            4,
            2,
            32,
            8,
            32,
            1e-6f,
            new LayerPlan.Rotation(Rope.Style.ADJACENT, 500000, 32, RopeScaling.NONE),
            Multipliers.NONE,
            ActivationScaling.GROUP),
        spec);
    assertEquals(Rope.Style.ADJACENT, spec.plan(1).rotation().style(), "as in GGUF files");
  }

  @Test
  void whatIsMissingHasTransformersDefaults() throws IOException {
    ModelSpec spec = config("'model_type':'qwen3'").spec(ActivationScaling.ROW);
    assertEquals(128, spec.headDim());
    assertEquals(10000, spec.rotation().theta());
    assertEquals(
        5e6,
        config("'model_type':'qwen3','rope_parameters':{'rope_type':'default','rope_theta':5e6}")
            .spec(ActivationScaling.ROW)
            .rotation()
            .theta());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_type':'bitnet','hidden_act':'relu2'|BITNET_B158",
        "'model_type':'bitnet','hidden_act':'silu'|BITNET",
        "'model_type':'llama','architectures':['BitnetForCausalLM'],'hidden_act':'silu'|BITNET",
        "'model_type':'llama','architectures':['LlamaForCausalLM'],'hidden_act':'silu'|LLAMA",
        "'model_type':'qwen3','hidden_act':'silu'|QWEN3"
      })
  void familiesAreToldByTypeClassAndActivation(String members, Architecture family)
      throws IOException {
    assertEquals(family, config(members).architecture());
  }

  @Test
  void rotationsAreScaledAsTheFileSays() throws IOException {
    double usual = RopeScaling.Yarn.magnitude(4);
    assertEquals(
        new RopeScaling.Linear(2), scaling("'rope_scaling':{'type':'linear','factor':2.0}"));
    assertEquals(
        new RopeScaling.Yarn(4, 512, 32, 1, RopeScaling.Yarn.magnitude(4)),
        scaling(
            "'rope_scaling':{'type':'yarn','factor':4,'original_max_position_embeddings':512}"));
    assertEquals(
        new RopeScaling.Yarn(4, 512, 16, 2, (float) (1.5 / usual) * usual),
        scaling(
            "'rope_parameters':{'rope_type':'yarn','factor':4,'beta_fast':16,'beta_slow':2,"
                + "'attention_factor':1.5,'original_max_position_embeddings':512}"));
  }

  /** By wavelengths, as transformers computes it. */
  @Test
  void llama3MixesThePairsOfMiddleWavelengths() throws IOException {
    CheckpointConfig config =
        config(
            "'model_type':'llama','rope_theta':500000,'head_dim':128,"
                + "'rope_scaling':{'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,"
                + "'high_freq_factor':4.0,'original_max_position_embeddings':8192}");
    float[] divisors = config.ropeDivisors(config.spec(ActivationScaling.ROW)).orElseThrow();
    assertEquals(64, divisors.length);
    int mixed = 0;
    for (int pair = 0; pair < divisors.length; pair++) {
      double frequency = Math.pow(500_000, -2.0 * pair / 128);
      double wavelength = 2 * Math.PI / frequency;
      double expected = frequency;
      if (wavelength > 8192 / 1.0) {
        expected = frequency / 8;
      } else if (wavelength > 8192 / 4.0) {
        double smooth = (8192 / wavelength - 1) / (4 - 1);
        expected = (1 - smooth) * frequency / 8 + smooth * frequency;
        mixed++;
      }
      assertEquals(expected, frequency / divisors[pair], 1e-7 * frequency, "pair " + pair);
    }
    assertEquals(6, mixed, "pairs between");
  }

  @Test
  void longRopeDividesByTheListForShortContexts() throws IOException {
    CheckpointConfig config =
        config(
            MINICPM
                + ",'head_dim':4,'rope_scaling':{'rope_type':'longrope',"
                + "'short_factor':[1.0,2.5],'long_factor':[3,4],"
                + "'original_max_position_embeddings':32}");
    ModelSpec spec = config.spec(ActivationScaling.ROW);
    assertArrayEquals(new float[] {1, 2.5f}, config.ropeDivisors(spec).orElseThrow());
  }

  @Test
  void miniCpmHasMultipliers() throws IOException {
    assertEquals(
        new Multipliers(12, (float) (1.4 / Math.sqrt(2)), 64 / 16f),
        config(MINICPM).spec(ActivationScaling.ROW).multipliers());
  }

  @Test
  void anAlphaRaisesTheBaseOfHunyuan() throws IOException {
    String rope = "'rope_scaling':{'type':'dynamic','alpha':1000.0,'factor':1.0}";
    ModelSpec spec =
        config("'model_type':'hunyuan_v1_dense','attention_head_dim':32," + rope)
            .spec(ActivationScaling.ROW);
    assertEquals((float) (10_000 * Math.pow(1000, 32 / 30.0)), spec.rotation().theta());
    assertEquals(RopeScaling.NONE, spec.rotation().scaling());
  }

  /** Where no text is longer than a window, it makes no difference. */
  @Test
  void aWindowOfGemmaLimitsTheContext() throws IOException {
    String gemma =
        "'model_type':'gemma3_text','hidden_activation':'gelu_pytorch_tanh','head_dim':32,"
            + "'query_pre_attn_scalar':32,'rope_theta':";
    assertEquals(32, config(gemma + 10000).spec(ActivationScaling.ROW).contextLength());
    ModelSpec spec = config(gemma + "10000,'sliding_window':16").spec(ActivationScaling.ROW);
    assertEquals(16, spec.contextLength());
    assertEquals(new Multipliers(8, 1, 1), spec.multipliers());
    assertEquals(4096, config(gemma + 10000, 8192).spec(ActivationScaling.ROW).contextLength());
    assertEquals(
        16,
        config(gemma + "1e6,'sliding_window':16").spec(ActivationScaling.ROW).contextLength(),
        "both layers have one, and so none has the other base");
    for (String none :
        List.of(
            "'sliding_window_pattern':1",
            "'sliding_window':null",
            "'sliding_window':0",
            "'layer_types':['full_attention','full_attention']")) {
      ModelSpec whole = config(gemma + "1e6," + none, 8192).spec(ActivationScaling.ROW);
      assertEquals(8192, whole.contextLength(), none);
      assertEquals(1e6, whole.rotation().theta(), none);
    }
  }

  /** Both layers have the same rotations, or all are of one kind. */
  @Test
  void eachKindOfLayersOfAGemmaMayHaveItsOwnRotations() throws IOException {
    String rope =
        ",'head_dim':256,'rope_parameters':{'full_attention':{'rope_type':'%s','factor':8,"
            + "'rope_theta':%s},'sliding_attention':{'rope_type':'default','rope_theta':2e4}}";
    ModelSpec both = config(BOTH + rope.formatted("default", "2e4")).spec(ActivationScaling.ROW);
    assertEquals(2e4, both.rotation().theta());
    ModelSpec full = config(FULL + rope.formatted("linear", "1e6")).spec(ActivationScaling.ROW);
    assertEquals(1e6, full.rotation().theta());
    assertEquals(new RopeScaling.Linear(8), full.rotation().scaling());
    ModelSpec windows =
        config("'model_type':'gemma3_text'" + rope.formatted("linear", "1e6"))
            .spec(ActivationScaling.ROW);
    assertEquals(2e4, windows.rotation().theta());
    assertEquals(RopeScaling.NONE, windows.rotation().scaling());
    CheckpointConfig unused =
        config("'model_type':'gemma3_text'" + rope.formatted("longrope", "1e6"));
    ModelSpec spec = unused.spec(ActivationScaling.ROW);
    assertEquals(Optional.empty(), unused.ropeDivisors(spec), "of layers that there are none of");
  }

  private RopeScaling scaling(String rope) throws IOException {
    return config("'model_type':'llama'," + rope)
        .spec(ActivationScaling.GROUP)
        .rotation()
        .scaling();
  }

  @Test
  void linearClassSaysWhatScalesMean() throws IOException {
    String quantized = "'model_type':'llama','quantization_config':{'quant_method':'bitnet'";
    assertTrue(config(quantized + ",'linear_class':'autobitlinear'}").isScaleMultiplied());
    assertFalse(config(quantized + ",'linear_class':'bitlinear'}").isScaleMultiplied());
    assertFalse(config(quantized + "}").isScaleMultiplied());
    assertThrows(
        ModelFileException.class,
        () -> config(quantized + ",'linear_class':'other'}").isScaleMultiplied());
    assertTrue(config(quantized + "}").isBitNet());
    assertEquals(
        List.of("lm_head"),
        config(quantized + ",'modules_to_not_convert':['lm_head']}").unconverted());
    assertFalse(config("'model_type':'llama'").isBitNet());
    assertTrue(config("'model_type':'llama','weight_bits':1").isBitNet());
    ModelFileException norms =
        assertThrows(
            ModelFileException.class, () -> config(quantized + ",'use_rms_norm':true}").isBitNet());
    assertTrue(norms.getMessage().contains("does not read the norms"), norms.getMessage());
    assertThrows(
        ModelFileException.class,
        () ->
            config("'model_type':'llama','quantization_config':{'quant_method':'gptq'}")
                .isBitNet());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'model_type':'gemma3'|model_type 'gemma3' is not supported",
        "'x':1|model_type '' is not supported",
        "'model_type':7|'model_type' must be text",
        "'model_type':'llama','hidden_act':'gelu'|hidden_act 'gelu' is not supported",
        "'model_type':'bitnet','hidden_act':'gelu'|hidden_act 'gelu' is not supported",
        "'model_type':'llama','rope_scaling':{'type':'longrope','factor':4.0}|'longrope'",
        "'model_type':'qwen3','rope_scaling':{'type':'llama3','factor':4.0}|'llama3'",
        "'model_type':'llama','rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':4,"
            + "'high_freq_factor':1,'original_max_position_embeddings':9}|must be above",
        "'model_type':'minicpm'|'scale_emb' is missing",
        MINICPM + ",'sparse_config':{'kernel_size':32}|sparse_config is set",
        MINICPM + ",'rope_scaling':{'type':'longrope'}|short_factor' is missing",
        MINICPM + ",'rope_scaling':{'type':'longrope','factor':4}|rope_scaling.factor is 4.0",
        MINICPM + ",'rope_scaling':{'type':'longrope','attention_factor':1.2}|factor is 1.2",
        "'model_type':'llama','input_bits':4|input_bits is 4, but",
        MINICPM + ",'rope_scaling':{'type':'longrope','short_factor':[1]}|has 1 elements",
        MINICPM + ",'rope_scaling':{'type':'longrope','original_max_position_embeddings':8}|below",
        FULL + "|'rope_theta' is missing",
        BOTH + "|'rope_theta' is missing",
        "'model_type':'gemma3_text','rope_theta':1e4,'head_dim':32|query_pre_attn_scalar is not",
        BOTH + ",'rope_theta':1e6,'sliding_window':8|have the base 10000.0",
        BOTH + ",'rope_theta':1e6|this engine has one base for all layers.",
        "'model_type':'gemma3_text','sliding_window_pattern':2,'rope_theta':1e6|have the base",
        "'model_type':'gemma3_text','_sliding_window_pattern':2,'rope_theta':1e6|have the base",
        "'model_type':'gemma3_text','sliding_window_pattern':0|'sliding_window_pattern' is 0, out",
        BOTH
            + ",'rope_theta':1e4,'rope_scaling':{'type':'linear','factor':8}"
            + "|rotations are scaled, but not those of layers with a window",
        BOTH
            + ",'rope_parameters':{'full_attention':{'rope_theta':1e6},"
            + "'sliding_attention':{'rope_theta':1e4}}|have the base 10000.0",
        BOTH
            + ",'rope_parameters':{'full_attention':{'rope_theta':1e4},'sliding_attention':"
            + "{'rope_theta':1e4,'rope_type':'linear','factor':2}}|window are scaled, but not",
        FULL
            + ",'rope_parameters':{'full_attention':{'rope_theta':1e4,'rope_type':'dynamic'}}"
            + "|rope_parameters.full_attention is of type 'dynamic'",
        FULL
            + ",'rope_parameters':{'full_attention':{'rope_theta':1e4,'partial_rotary_factor':0.5}}"
            + "|'rope_parameters.full_attention.partial_rotary_factor' is 0.5",
        "'model_type':'gemma3_text','layer_types':['full_attention']|has 1 entries, but there are",
        "'model_type':'gemma3_text','layer_types':['full_attention','other']|has 'other'",
        "'model_type':'qwen3','layer_types':['full_attention','sliding_attention']|layers of slid",
        "'model_type':'hunyuan_v1_dense','use_qk_norm':false|use_qk_norm is false",
        "'model_type':'hunyuan_v1_dense','rope_scaling':{'type':'dynamic'}|alpha' must be",
        "'model_type':'llama','rope_scaling':{'type':'yarn'}|factor",
        "'model_type':'llama','rope_scaling':{'type':'yarn','factor':4,'mscale':1}|mscale",
        "'model_type':'llama','rope_scaling':{'rope_type':'llama3','factor':8}|original_max_pos",
        "'model_type':'llama','rope_scaling':{'type':'yarn','factor':2,"
            + "'original_max_position_embeddings':8.5}|is 8.5, out of range",
        "'model_type':'llama','rope_scaling':{'type':'linear','factor':-2}|a factor of -2.0",
        "'model_type':'llama','rope_parameters':{'rope_type':'dynamic'}|rope_parameters is of",
        "'model_type':'llama','partial_rotary_factor':0.5|'partial_rotary_factor' is 0.5",
        "'model_type':'qwen3','use_sliding_window':true|use_sliding_window is true",
        "'model_type':'llama','rope_parameters':{'partial_rotary_factor':0.5}|factor' is 0.5",
        "'model_type':'bitnet','hidden_act':'relu2'|rope_theta",
        "'model_type':'bitnet','rope_theta':1e4|hidden_act",
        "'model_type':'llama','attention_bias':true|attention_bias is true",
        "'model_type':'llama','head_dim':0|head_dim is 0, not in 1..",
        "'model_type':'llama','head_dim':7|rotated elements",
        "'model_type':'llama','head_dim':1e3|must be an integer",
        "'model_type':'llama','rope_theta':-1|base of -1.0"
      })
  void whatTheEngineDoesNotComputeIsRefusedByName(String members, String why) throws IOException {
    CheckpointConfig config = config(members);
    String message =
        assertThrows(ModelFileException.class, () -> config.spec(ActivationScaling.ROW))
            .getMessage();
    assertTrue(message.startsWith(folder.resolve("config.json") + ": "), message);
    assertTrue(message.contains(why), message);
  }

  @Test
  void aModelIsRecognizedByItsFolderAndByItsFile() throws IOException {
    config("'model_type':'llama'");
    assertTrue(ModelContainer.recognizes(folder));
    assertTrue(ModelContainer.recognizes(folder.resolve("model.safetensors")));
    config("'model_type':'other'");
    assertFalse(ModelContainer.recognizes(folder.resolve("model.safetensors")));
  }

  @Test
  void missingSizesAreNamed() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    String message =
        assertThrows(
                ModelFileException.class,
                () -> CheckpointConfig.read(folder).spec(ActivationScaling.ROW))
            .getMessage();
    assertTrue(message.contains("'hidden_size' is missing"), message);
  }

  @Test
  void layersThatStayFloatsAreNamedByAFewNames() throws IOException {
    String list = "'modules_to_not_convert':['x'%s]";
    String quantization = "'model_type':'bitnet','quantization_config':{" + list + "}";
    assertEquals(10_000, config(quantization.formatted(",'x'".repeat(9_999))).unconverted().size());
    CheckpointConfig more = config(quantization.formatted(",'x'".repeat(10_000)));
    String message = assertThrows(ModelFileException.class, more::unconverted).getMessage();
    assertTrue(message.contains("modules_to_not_convert' has 10001 names"), message);
  }
}
