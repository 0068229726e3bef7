package org.bitnetj.family;

/**
 * A tensor that models of a family have, and what it is called. Names of tensors that every layer
 * has hold {@code %d} for the number of the layer.
 *
 * @param place where it is used
 * @param gguf its name in GGUF files
 * @param huggingFace its name in Hugging Face checkpoints
 * @param optional whether a model may lack it
 */
public record Role(Place place, String gguf, String huggingFace, boolean optional) {
  private static final String WEIGHT = ".weight";

  /** Its name in a GGUF file; the layer does not matter where there is one for the whole model. */
  public String gguf(int layer) {
    return of(gguf, layer);
  }

  /** In a GGUF file, the name of the scalar beside the weight of a linear layer. */
  public String ggufFactor(int layer) {
    String name = gguf(layer);
    return name.endsWith(WEIGHT)
        ? name.substring(0, name.length() - WEIGHT.length()) + ".scale"
        : name;
  }

  /** Its name in a Hugging Face checkpoint, likewise. */
  public String huggingFace(int layer) {
    return of(huggingFace, layer);
  }

  private String of(String name, int layer) {
    return place.isInLayers() ? name.replace("%d", Integer.toString(layer)) : name;
  }
}
