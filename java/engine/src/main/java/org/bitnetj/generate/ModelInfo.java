package org.bitnetj.generate;

import java.util.Objects;

/**
 * A model's name, architecture and sizes.
 *
 * @param name the name in its file, safe to show and not long, or else that of the file
 * @param family the name of its architecture
 * @param layers transformer blocks
 * @param width length of the residual stream
 * @param vocabulary the number of logits; the tokenizer may have fewer tokens
 * @param contextLength positions that the model was trained for
 */
public record ModelInfo(
    String name, String family, int layers, int width, int vocabulary, int contextLength) {
  /** Refuses null. */
  public ModelInfo {
    Objects.requireNonNull(name, "name is null");
    Objects.requireNonNull(family, "family is null");
  }
}
