package org.bitnetj.source.container;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.gguf.GgufFile;
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

  /** Whether the files with a model's tensors say all there is to know of it, as GGUF's do. */
  public static boolean isSelfContained(ModelSource model) {
    return model instanceof GgufFile;
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
   * Whether a file, by whatever name, may be one that a model is read from: it itself, a file that
   * belongs to it by its name and its place beside it, or of a checkpoint any file of the kinds
   * that those have, in its folder or one below.
   *
   * @param file exists
   */
  public static boolean reads(Path model, Path file) {
    try {
      return Files.isSameFile(model, file) || isOneOf(belonging(model), file);
    } catch (NoSuchFileException e) {
      return false; // there is no such model, as its reader will say
    } catch (IOException | UncheckedIOException e) {
      return true; // nobody knows, so nothing is replaced
    }
  }

  /**
   * The same of a model that is read with options.
   *
   * @param file exists
   */
  public static boolean reads(Path model, LayoutOptions layouts, Path file) {
    try {
      return reads(model, file) || isOneOf(layouts.kernelConfig().stream().toList(), file);
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean isOneOf(List<Path> files, Path file) throws IOException {
    for (Path each : files) {
      if (Files.exists(each) && Files.isSameFile(each, file)) {
        return true;
      }
    }
    return false;
  }

  private static List<Path> belonging(Path model) throws IOException {
    Path folder = Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    List<Path> found = new ArrayList<>();
    boolean checkpoint = Checkpoint.isNamedBy(model);
    for (Path beside : children(folder)) {
      if (checkpoint && Files.isDirectory(beside) && Files.isReadable(beside)) {
        found.addAll(children(beside)); // of how it makes embeddings
      } else {
        found.add(beside);
      }
    }
    found.removeIf(
        file -> checkpoint ? !isOfCheckpoint(file) : !GgufFile.isReadWith(name(model), name(file)));
    return found;
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
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
