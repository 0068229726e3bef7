package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RopeScaling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointConfigTest {
  private static final String SIZES =
      "'hidden_size':64,'intermediate_size':128,'num_hidden_layers':2,'num_attention_heads':4,"
          + "'num_key_value_heads':2,'vocab_size':8,'max_position_embeddings':32,"
          + "'rms_norm_eps':1e-6";

  @TempDir Path folder;

  /** Single quotes stand for double ones. */
  private CheckpointConfig config(String members) throws IOException {
    Files.writeString(
        folder.resolve("config.json"), ("{" + members + "," + SIZES + "}").replace('\'', '"'));
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
    assertEquals(
        new RopeScaling.Linear(2), scaling("'rope_scaling':{'type':'linear','factor':2.0}"));
    assertEquals(
        new RopeScaling.Yarn(4, 512, 32, 1, RopeScaling.Yarn.magnitude(4)),
        scaling(
            "'rope_scaling':{'type':'yarn','factor':4,'original_max_position_embeddings':512}"));
    assertEquals(
        new RopeScaling.Yarn(4, 512, 16, 2, 1.5),
        scaling(
            "'rope_parameters':{'rope_type':'yarn','factor':4,'beta_fast':16,'beta_slow':2,"
                + "'attention_factor':1.5,'original_max_position_embeddings':512}"));
    assertEquals(
        new RopeScaling.Llama3(8, 512, 4, 1),
        scaling(
            "'rope_scaling':{'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,"
                + "'high_freq_factor':4.0,'original_max_position_embeddings':512}"));
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
  void missingSizesAreNamed() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    String message =
        assertThrows(
                ModelFileException.class,
                () -> CheckpointConfig.read(folder).spec(ActivationScaling.ROW))
            .getMessage();
    assertTrue(message.contains("'hidden_size' is missing"), message);
  }
}
