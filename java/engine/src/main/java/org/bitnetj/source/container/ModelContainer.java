package org.bitnetj.source.container;

import java.nio.file.Path;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.huggingface.Checkpoint;

/** Opens models. The one place that knows which containers there are. */
public final class ModelContainer {
  private ModelContainer() {}

  /**
   * Opens a model: a GGUF file, or a Hugging Face checkpoint by its folder or its one safetensors
   * file.
   *
   * @param mapped whether its bytes stay in the file; else all are read into memory, and the
   *     weights of one model can be made of them, once
   * @throws ModelFileException one sentence on why the file cannot be used
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static ModelSource open(Path path, boolean mapped) throws ModelFileException {
    return open(path, mapped, LayoutOptions.none());
  }

  /** The same, with what a GGUF file leaves open; a checkpoint leaves nothing open. */
  public static ModelSource open(Path path, boolean mapped, LayoutOptions layouts)
      throws ModelFileException {
    if (Checkpoint.isNamedBy(path)) {
      return Checkpoint.open(path, mapped);
    }
    return mapped ? GgufFile.open(path, layouts) : GgufFile.load(path, layouts);
  }

  /**
   * Whether a model is of a family that the engine computes, by its description alone. That is
   * quick, and no promise that its weights are whole or ternary.
   */
  public static boolean recognizes(Path path) {
    if (Checkpoint.isNamedBy(path)) {
      return Checkpoint.isOfKnownFamily(path);
    }
    try (GgufFile file = GgufFile.open(path)) {
      file.spec();
      return true;
    } catch (ModelFileException e) {
      return false;
    }
  }
}
