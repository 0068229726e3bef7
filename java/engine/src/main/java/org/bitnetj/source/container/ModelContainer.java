package org.bitnetj.source.container;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufParts;
import org.bitnetj.source.huggingface.Checkpoint;

/** Opens models. The one place that knows which containers there are. */
public final class ModelContainer {
  /** Ends of the names of files that checkpoints have. */
  private static final List<String> KINDS = List.of(".safetensors", ".json", ".jinja", ".model");

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

  /**
   * The same, with what a GGUF file leaves open; a checkpoint leaves nothing open.
   *
   * @throws ModelFileException also if a layout is given of a type that the model does not have
   */
  public static ModelSource open(Path path, boolean mapped, LayoutOptions layouts)
      throws ModelFileException {
    if (Checkpoint.isNamedBy(path)) {
      requireUse(path, layouts, List.of());
      return Checkpoint.open(path, mapped);
    }
    GgufFile file = mapped ? GgufFile.open(path, layouts) : GgufFile.load(path, layouts);
    try {
      requireUse(path, layouts, file.tensors());
      return file;
    } catch (ModelFileException e) {
      file.close();
      throw e;
    }
  }

  /** An option that does nothing is most likely meant for another model. */
  private static void requireUse(Path path, LayoutOptions layouts, Collection<Tensor> tensors)
      throws ModelFileException {
    if (layouts.i2s().isPresent()
        && tensors.stream().noneMatch(t -> WeightFormats.isI2s(t.format()))) {
      throw useless(path, "--i2s-layout", "I2_S");
    }
    if (layouts.kernelConfig().isPresent()
        && tensors.stream().noneMatch(t -> WeightFormats.isLookupTable(t.format()))) {
      throw useless(path, "--kernel-config", "TL1 or TL2");
    }
  }

  private static ModelFileException useless(Path path, String option, String types) {
    return new ModelFileException(
        path + " has no " + types + " weights, so " + option + " has no effect; leave it out.");
  }

  /**
   * Opens the tables of a model's tokenizer alone, whatever its weights are.
   *
   * @throws ModelFileException one sentence on why they cannot be read
   */
  public static VocabularyFile openVocabulary(Path path) throws ModelFileException {
    return Checkpoint.isNamedBy(path)
        ? Checkpoint.openVocabulary(path)
        : GgufFile.openMetadata(path);
  }

  /**
   * Whether a file, by whatever name, may be one that a model is read from: it itself, a part of
   * the same split file, or a file of the kinds that checkpoints have, in the folder of one.
   *
   * @param file exists
   */
  public static boolean reads(Path model, Path file) {
    try {
      if (Files.isSameFile(model, file)) {
        return true;
      }
      Path folder = Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
      boolean checkpoint = Checkpoint.isNamedBy(model);
      if (checkpoint && isOfCheckpoint(file) && isWithin(folder, file)) {
        return true;
      }
      try (DirectoryStream<Path> beside = Files.newDirectoryStream(folder)) {
        for (Path other : beside) {
          boolean read =
              checkpoint ? isOfCheckpoint(other) : GgufParts.areOfOne(name(model), name(other));
          if (read && Files.exists(other) && Files.isSameFile(other, file)) {
            return true;
          }
        }
      }
      return false;
    } catch (NoSuchFileException e) {
      return false; // there is no such model, as its reader will say
    } catch (IOException e) {
      return true; // nobody knows, so nothing is replaced
    }
  }

  private static boolean isWithin(Path folder, Path file) throws IOException {
    Path place = file.toAbsolutePath().getParent();
    return place != null && place.toRealPath().startsWith(folder.toRealPath());
  }

  private static boolean isOfCheckpoint(Path file) {
    return KINDS.stream().anyMatch(name(file)::endsWith);
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
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
