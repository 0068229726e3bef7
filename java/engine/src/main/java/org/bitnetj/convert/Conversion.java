package org.bitnetj.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.PartFile;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWords;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.source.gguf.MappedTensors;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * Converts a model to a GGUF file. What is read is a stream of rows, so that memory stays small
 * whatever the size of the model, but for the engine's own layouts, which take that of the largest
 * matrix, or of the head and its low-bit copy if it has one; what is written appears when it is
 * complete, and a conversion that fails or is interrupted leaves nothing and whatever was there
 * before.
 */
public final class Conversion {
  /**
   * Changes when {@link #pack} makes another file of the same source and options: with the layouts,
   * or else by its last number.
   */
  public static final String PACKED_VERSION = MappedTensors.VERSION + ".2";

  /** The key of a packed model that has the path of the file it was packed from. */
  private static final String PACKED_SOURCE = "bitnet.packed.source";

  private Conversion() {}

  /**
   * Converts a model. Of a GGUF file, metadata stays as it is but for what the conversion changes;
   * of other containers it is said in GGUF's words.
   *
   * @param source a GGUF file, any of those that a model was split into, or a Hugging Face
   *     checkpoint by its folder or its one safetensors file
   * @param target the file to write; one that is there is replaced
   * @param options types and layouts of what is written
   * @throws ModelFileException one sentence on why the source cannot be used, its weights cannot be
   *     stored so, or the target cannot be written: it is one of the source's files, its disk is
   *     full, or writing was interrupted
   */
  public static void convert(Path source, Path target, ConversionOptions options)
      throws ModelFileException {
    Objects.requireNonNull(source, "source is null");
    Objects.requireNonNull(target, "target is null");
    Objects.requireNonNull(options, "options is null");
    requireOther(source, target, options.layouts());
    try (ModelSource model = ModelContainer.open(source, true, options.layouts());
        ThreadTeam team = new ThreadTeam(ThreadTeam.defaultThreads())) {
      ModelSpec spec = spec(model, options);
      model.warnings().forEach(options.warnings());
      ConversionPlan plan =
          ConversionPlan.of(
              model,
              spec,
              options,
              () -> KernelSelection.choose(KernelSelection.AUTO).kernels(),
              team);
      GgufHeader header = header(model, spec, plan, options);
      try (GgufWriter writer = GgufWriter.create(target, header)) {
        plan.write(writer, options.progress());
        writer.commit();
      }
      plan.warnings().forEach(options.warnings());
    } catch (InternalError e) { // as GgufFile says
      throw new ModelFileException(
          source + ": a file was shortened by another program while it was read.", e);
    }
  }

  /**
   * Packs the weights of an open GGUF file into the engine's own layouts. The file gets the
   * metadata of the model but for its vocabulary, which is read from the source, and a header that
   * is so much shorter to read.
   *
   * @param model the open file
   * @param spec of the model, its activations as its user knows them
   * @param lowBitHead where the file gets a low-bit copy of the head, as in {@link
   *     ConversionOptions}
   * @param file of which nothing is written yet; it is closed
   * @param target its name
   * @param kernels which layouts are made for
   * @param team threads that pack
   * @param progress learns how much has been written
   * @throws ModelFileException as {@link #convert}
   * @throws IOException if the model's file cannot be looked at
   */
  @SuppressWarnings("exports") // for the cache of packed models
  public static void pack(
      ModelSource model,
      ModelSpec spec,
      HeadMode lowBitHead,
      PartFile file,
      Path target,
      Kernels kernels,
      ThreadTeam team,
      ConversionOptions.Progress progress)
      throws IOException {
    try (file) {
      ConversionOptions options =
          ConversionOptions.defaults()
              .withWeights(ConversionOptions.PANELS)
              .withLowBitHead(lowBitHead);
      ConversionPlan plan = ConversionPlan.of(model, spec, options, () -> kernels, team);
      GgufHeader header = new GgufHeader(DigitLayout.ALIGNMENT);
      GgufWords.copy(header, (GgufFile) model, false);
      GgufWords.putActivations(header, spec);
      header.text(PACKED_SOURCE, model.path().toRealPath().toString());
      plan.declare(header);
      try (GgufWriter writer = GgufWriter.over(file, target, header)) {
        plan.write(writer, progress);
        writer.commit();
      }
    } catch (InternalError e) { // as GgufFile says
      throw new ModelFileException(
          model.path() + ": a file was shortened by another program while it was read.", e);
    }
  }

  /**
   * {@return the file that a packed model was made of; empty if it does not say}
   *
   * @param packed a file that {@link #pack} wrote
   */
  public static Optional<Path> packedFrom(Path packed) {
    Objects.requireNonNull(packed, "packed is null");
    try (GgufFile file = GgufFile.openMetadata(packed)) {
      return file.metadata().findText(PACKED_SOURCE).map(Path::of);
    } catch (ModelFileException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Not even a link to it: a model is not replaced by what is made of it. */
  private static void requireOther(Path source, Path target, LayoutOptions layouts)
      throws ModelFileException {
    if (Files.exists(target) && ModelContainer.reads(source, layouts, target)) {
      throw new ModelFileException(
          "cannot write " + target + ": it is what the model is read from; name another file.");
    }
  }

  private static ModelSpec spec(ModelSource model, ConversionOptions options)
      throws ModelFileException {
    ModelSpec spec = model.spec(options.activations());
    if (options.activations().isEmpty()
        && spec.architecture().activationScaling().isEmpty()
        && model.guessesActivations()) {
      options
          .warnings()
          .accept(
              "nothing in "
                  + model.path()
                  + " says how activations were quantized in training; the new file will say one"
                  + " scale a "
                  + spec.activationScaling().label()
                  + ", as the engine takes it (--activations says otherwise)");
    }
    return spec;
  }

  /** A pooling that the engine does not compute is left out: the model may be used otherwise. */
  private static void putPooling(GgufHeader header, ModelSource model, ConversionOptions options) {
    try {
      GgufWords.putPooling(header, model);
      model
          .embeddedTokens()
          .ifPresent(
              most ->
                  options
                      .warnings()
                      .accept(
                          "the new file cannot say that the model makes embeddings of texts of at"
                              + " most "
                              + most
                              + " tokens (max_seq_length)"));
    } catch (ModelFileException e) {
      options
          .warnings()
          .accept("how the model makes embeddings is left out of the new file: " + e.getMessage());
    }
  }

  private static GgufHeader header(
      ModelSource model, ModelSpec spec, ConversionPlan plan, ConversionOptions options)
      throws ModelFileException {
    GgufHeader header =
        options.panels().isPresent() ? new GgufHeader(DigitLayout.ALIGNMENT) : new GgufHeader();
    if (model instanceof GgufFile file) {
      GgufWords.copy(header, file, true);
    } else {
      Tokenizer.of(model.vocabulary()); // which says what is wrong with it
      GgufWords.put(header, model);
      putPooling(header, model, options);
    }
    GgufWords.putActivations(header, spec);
    plan.weights()
        .flatMap(format -> format.fileType().stream().boxed().findFirst())
        .ifPresent(type -> header.u32(GgufWords.FILE_TYPE, type));
    plan.declare(header);
    return header;
  }
}
