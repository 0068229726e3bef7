package org.bitnetj.generate;

/**
 * What a model is.
 *
 * @param name what its file calls it, safe to show and not long
 * @param family the name of its architecture
 * @param layers transformer blocks
 * @param width length of the residual stream
 * @param vocabulary how many logits it gives; its tokenizer may know fewer tokens
 * @param contextLength positions it was made for
 */
public record ModelInfo(
    String name, String family, int layers, int width, int vocabulary, int contextLength) {}
