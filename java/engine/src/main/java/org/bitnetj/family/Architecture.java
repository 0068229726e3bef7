package org.bitnetj.family;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Rope;
import org.jspecify.annotations.Nullable;

/**
 * The families the forward pass knows, by their labels. A family is data: what it does where others
 * differ.
 */
public enum Architecture {
  /** Microsoft's BitNet b1.58 2B-4T. */
  BITNET_B158(
      "bitnet-b1.58",
      Activation.RELU_SQUARED,
      Rope.Style.HALVES,
      Manifest.BITNET,
      LayerPlan.HeadNorms.NONE,
      ActivationScaling.ROW),
  /** The same graph under bitnet.cpp's older name. */
  BITNET_25(
      "bitnet-25",
      Activation.RELU_SQUARED,
      Rope.Style.HALVES,
      Manifest.BITNET,
      LayerPlan.HeadNorms.NONE,
      ActivationScaling.ROW),
  /** 1bitLLM's reproductions (bitnet_b1_58-large, -3B). */
  BITNET(
      "bitnet",
      Activation.SILU,
      Rope.Style.HALVES,
      Manifest.BITNET,
      LayerPlan.HeadNorms.NONE,
      ActivationScaling.ROW),
  /** Llama and those with its graph; its converter permutes q and k to adjacent pairs. */
  LLAMA(
      "llama",
      Activation.SILU,
      Rope.Style.ADJACENT,
      Manifest.LLAMA,
      LayerPlan.HeadNorms.NONE,
      null),
  /** Qwen3: a norm of each query and key head. */
  QWEN3(
      "qwen3",
      Activation.SILU,
      Rope.Style.HALVES,
      Manifest.QWEN3,
      LayerPlan.HeadNorms.BEFORE_ROTATION,
      null),
  /** Hunyuan's dense models: Qwen3's tensors, but heads are normalized once they are rotated. */
  HUNYUAN_DENSE(
      "hunyuan-dense",
      Activation.SILU,
      Rope.Style.HALVES,
      Manifest.HUNYUAN,
      LayerPlan.HeadNorms.AFTER_ROTATION,
      null),
  /**
   * Gemma 3: Qwen3's graph with norms of what blocks add, and embeddings times the root of the
   * width. Attention sees the whole context: there are no windows.
   */
  GEMMA3(
      "gemma3",
      Activation.GELU,
      Rope.Style.HALVES,
      Manifest.GEMMA3,
      LayerPlan.HeadNorms.BEFORE_ROTATION,
      null),
  /** MiniCPM: Llama's graph with {@link Multipliers}, which its files must have. */
  MINICPM(
      "minicpm",
      Activation.SILU,
      Rope.Style.ADJACENT,
      Manifest.MINICPM,
      LayerPlan.HeadNorms.NONE,
      null);

  private final String label;
  private final Activation activation;
  private final Rope.Style ropeStyle;
  private final Manifest manifest;
  private final LayerPlan.HeadNorms headNorms;
  private final @Nullable ActivationScaling activationScaling;

  Architecture(
      String label,
      Activation activation,
      Rope.Style ropeStyle,
      Manifest manifest,
      LayerPlan.HeadNorms headNorms,
      @Nullable ActivationScaling activationScaling) {
    this.label = label;
    this.activation = activation;
    this.ropeStyle = ropeStyle;
    this.manifest = manifest;
    this.headNorms = headNorms;
    this.activationScaling = activationScaling;
  }

  /** The name in the file, which also prefixes its metadata keys. */
  public String label() {
    return label;
  }

  public Activation activation() {
    return activation;
  }

  /** How GGUF files of the family are rotated; other containers keep other orders of rows. */
  public Rope.Style ropeStyle() {
    return ropeStyle;
  }

  /** The tensors of its models. */
  public Manifest manifest() {
    return manifest;
  }

  /** Whether and when query and key heads are normalized. */
  public LayerPlan.HeadNorms headNorms() {
    return headNorms;
  }

  /** How all its models were trained; empty if the family has models of either kind. */
  public Optional<ActivationScaling> activationScaling() {
    return Optional.ofNullable(activationScaling);
  }

  public static Optional<Architecture> ofLabel(String label) {
    return Arrays.stream(values()).filter(a -> a.label.equals(label)).findFirst();
  }

  /**
   * Whether a label is of Microsoft's 2B-4T model, whose files leave out what everyone knows of it.
   */
  public static boolean isBitNet2B4T(String label) {
    return ofLabel(label).filter(a -> a == BITNET_B158 || a == BITNET_25).isPresent();
  }

  /** All labels, for messages. */
  public static String labels() {
    return Arrays.stream(values()).map(Architecture::label).collect(Collectors.joining(", "));
  }
}
