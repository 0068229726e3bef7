package org.bitnetj.hub;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A published model with a short name.
 *
 * @param shortName for people to type
 * @param model where it is
 * @param bytes of its file, if that is known
 * @param sha256 of its file, if that is known; the short name then means this file alone
 */
public record KnownModel(
    String shortName, ModelName model, OptionalLong bytes, Optional<String> sha256) {
  /** Refuses null. */
  public KnownModel {
    Objects.requireNonNull(shortName, "shortName is null");
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(bytes, "bytes is null");
    Objects.requireNonNull(sha256, "sha256 is null");
  }

  private static final List<KnownModel> ALL =
      List.of(
          new KnownModel(
              "2b4t",
              model("microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf"),
              OptionalLong.of(1_187_801_280),
              Optional.of("4221b252fdd5fd25e15847adfeb5ee88886506ba50b8a34548374492884c2162")),
          known("falcon3-1b", "tiiuae/Falcon3-1B-Instruct-1.58bit"),
          known("falcon3-3b", "tiiuae/Falcon3-3B-Instruct-1.58bit"),
          known("falcon3-7b", "tiiuae/Falcon3-7B-Instruct-1.58bit"),
          known("falcon3-10b", "tiiuae/Falcon3-10B-Instruct-1.58bit"),
          known("falcon-e-3b", "tiiuae/Falcon-E-3B-Instruct-GGUF:ggml-model-i2_s.gguf"),
          known("llama3-8b", "HF1BitLLM/Llama3-8B-1.58-100B-tokens"),
          known("bonsai-1.7b", "prism-ml/Ternary-Bonsai-1.7B-gguf:Ternary-Bonsai-1.7B-Q2_0.gguf"),
          known(
              "bonsai-4b",
              "prism-ml/Ternary-Bonsai-4B-gguf:Ternary-Bonsai-4B-Q2_0.gguf",
              1_074_969_344),
          known(
              "bonsai-8b",
              "prism-ml/Ternary-Bonsai-8B-gguf:Ternary-Bonsai-8B-Q2_0.gguf",
              2_182_184_672L),
          known("bitnet-large", "1bitLLM/bitnet_b1_58-large"),
          known("bitnet-3b", "1bitLLM/bitnet_b1_58-3B"),
          known("bitnet-embedding-0.6b", "microsoft/bitnet-embedding-0.6b"),
          known("bitnet-embedding-270m", "microsoft/bitnet-embedding-270m"));

  private static ModelName model(String name) {
    return ModelName.parse(name).orElseThrow();
  }

  private static KnownModel known(String shortName, String model) {
    return new KnownModel(shortName, model(model), OptionalLong.empty(), Optional.empty());
  }

  private static KnownModel known(String shortName, String model, long bytes) {
    return new KnownModel(shortName, model(model), OptionalLong.of(bytes), Optional.empty());
  }

  /** {@return all of them, the one to try first in front} */
  public static List<KnownModel> all() {
    return ALL;
  }

  /**
   * {@return the model with this short name, whatever its case}
   *
   * @param shortName in upper or lower case
   */
  public static Optional<KnownModel> find(String shortName) {
    Objects.requireNonNull(shortName, "shortName is null");
    return ALL.stream().filter(known -> known.shortName.equalsIgnoreCase(shortName)).findFirst();
  }

  /** The model of this repository. */
  static Optional<KnownModel> of(ModelName name) {
    return ALL.stream().filter(known -> known.model.id().equals(name.id())).findFirst();
  }
}
