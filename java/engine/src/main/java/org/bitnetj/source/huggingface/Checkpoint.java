package org.bitnetj.source.huggingface;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.Pooling;
import org.bitnetj.source.ImpliedScaling;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.VocabularySource;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face checkpoint: {@code config.json}, safetensors files and a tokenizer in one folder.
 * Linear layers are ternary in one of several ways ({@link LinearLayers}), which is found out when
 * the specification or a tensor is asked for.
 *
 * <p>Thread-safe. Mapped files must not be written to or shortened while they are in use; where
 * that cannot be ruled out, have them read into memory.
 */
public final class Checkpoint implements ModelSource {
  /** Buffers of older checkpoints, which follow from the base of the rotation. */
  private static final String ROTARY_BUFFER = ".rotary_emb.inv_freq";

  /** The model that the files hold. */
  private record Model(
      ModelSpec spec, Map<String, Tensor> tensors, Map<String, LinearReading> linears) {}

  private final Path path;
  private final SafetensorsFiles files;
  private final CheckpointConfig config;
  private final TokenizerFiles tokenizer;
  private final TensorNames names;
  private @Nullable Model model; // or the reason why there is none
  private @Nullable ModelFileException refusal;

  private Checkpoint(Path path, Path folder, SafetensorsFiles files, CheckpointConfig config) {
    this.path = path;
    this.files = files;
    this.config = config;
    this.tokenizer = new TokenizerFiles(folder);
    this.names = TensorNames.of(files.tensors().keySet());
  }

  /** Whether a path names a checkpoint: a folder, or a file of that name. */
  public static boolean isNamedBy(Path path) {
    return Files.isDirectory(path) || path.toString().endsWith(".safetensors");
  }

  private static Path folder(Path path) {
    return Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
  }

  /** Whether the {@code config.json} of a checkpoint describes a model that the engine computes. */
  public static boolean isOfKnownFamily(Path path) {
    try {
      CheckpointConfig.read(folder(path)).spec(ActivationScaling.ROW);
      return true;
    } catch (ModelFileException e) {
      return false;
    }
  }

  /**
   * Opens a checkpoint.
   *
   * @param path its folder, or the safetensors file that has all its tensors
   * @param mapped whether the bytes stay in the files; else all are read into memory, and the
   *     weights of one model can be made of them, once
   * @throws ModelFileException one sentence on why it cannot be used: a file that is missing,
   *     damaged or incomplete
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static Checkpoint open(Path path, boolean mapped) throws ModelFileException {
    Path folder = folder(path);
    if (!Files.exists(folder.resolve(CheckpointConfig.FILE))) {
      throw new ModelFileException(
          Files.isDirectory(path)
              ? path
                  + " is a directory without config.json; name a model file in it, or the"
                  + " folder of a Hugging Face checkpoint."
              : path + ": there is no config.json beside it, which describes the model.");
    }
    CheckpointConfig config = CheckpointConfig.read(folder);
    return new Checkpoint(path, folder, SafetensorsFiles.open(path, mapped), config);
  }

  /** The tables of a checkpoint's tokenizer, which no other file of it is needed for. */
  public static VocabularyFile openVocabulary(Path path) {
    TokenizerFiles files = new TokenizerFiles(folder(path));
    return new VocabularyFile() {
      @Override
      public Path path() {
        return path;
      }

      @Override
      public VocabularySource vocabulary() {
        return files;
      }

      @Override
      public void close() {}
    };
  }

  private synchronized Model model() throws ModelFileException {
    if (model == null && refusal == null) {
      try {
        model = read();
      } catch (ModelFileException e) {
        refusal = e;
      } catch (InternalError e) {
        refusal =
            new ModelFileException(
                path + ": a file was shortened by another program while it was read.", e);
      }
    }
    if (refusal != null) {
      throw new ModelFileException(refusal.getMessage(), refusal);
    }
    return Objects.requireNonNull(model);
  }

  private Model read() throws ModelFileException {
    ModelSpec spec = config.spec(ActivationScaling.ROW);
    Map<String, LinearReading> linears = LinearLayers.read(files, spec, config);
    Map<String, Tensor> tensors = LinkedHashMap.newLinkedHashMap(files.tensors().size());
    for (StoredTensor stored : files.tensors().values()) {
      if (!stored.name().endsWith(ROTARY_BUFFER)) {
        LinearReading linear = linears.get(stored.name());
        tensors.put(stored.name(), linear == null ? stored.tensor() : linear.weight());
      }
    }
    dropTiedHead(spec, tensors);
    addOneToNorms(spec, tensors);
    addRopeDivisors(spec, tensors);
    ActivationScaling scaling =
        LinearLayers.isBitNet(files, config)
            ? ActivationScaling.ROW
            : ImpliedScaling.of(
                spec.architecture(),
                (role, layer) -> Optional.ofNullable(tensors.get(name(role, layer))));
    return new Model(config.spec(scaling), Collections.unmodifiableMap(tensors), linears);
  }

  /**
   * A head that is said to be the embedding may be stored again, but not as another. Models whose
   * names lack the usual prefix were saved without a head, for embeddings.
   */
  private void dropTiedHead(ModelSpec spec, Map<String, Tensor> all) throws ModelFileException {
    Optional<Boolean> said = config.isHeadTied();
    Manifest manifest = spec.architecture().manifest();
    String head = name(manifest.at(Place.HEAD).orElseThrow(), 0);
    boolean tied = said.orElse(CheckpointConfig.isHeadTiedByDefault(spec.architecture()));
    if (!tied && names.prefixed() && !all.containsKey(head)) {
      throw config
          .json()
          .failure(
              "tie_word_embeddings is "
                  + (said.isPresent() ? "false" : "missing, which means false")
                  + ", but there is no tensor '"
                  + head
                  + "'.");
    }
    if (tied && all.containsKey(head)) {
      Tensor embedding = all.get(name(manifest.at(Place.EMBEDDING).orElseThrow(), 0));
      if (embedding != null && embedding.data().mismatch(all.get(head).data()) != -1) {
        throw Objects.requireNonNull(files.tensors().get(head))
            .failure(
                "differs from the embedding, but tie_word_embeddings in "
                    + CheckpointConfig.FILE
                    + (said.isPresent() ? " is true" : " is missing, which means true"));
      }
      all.remove(head);
    }
  }

  /**
   * Gemma multiplies by 1 + w, and GGUF files have that sum; only norms that linear layers have of
   * their own are stored as they are.
   */
  private void addOneToNorms(ModelSpec spec, Map<String, Tensor> all) throws ModelFileException {
    if (spec.architecture() != Architecture.GEMMA3) {
      return;
    }
    for (Role role : spec.architecture().manifest().roles()) {
      if (role.place().kind() != Place.Kind.VECTOR || role.optional()) {
        continue;
      }
      for (int l = 0; l < (role.place().isInLayers() ? spec.layers() : 1); l++) {
        Tensor norm = all.get(name(role, l));
        if (norm != null && norm.format() instanceof FloatFormat format) {
          float[] values = new float[Math.toIntExact(norm.elements())];
          format.floats(norm.data(), values.length, 0, values, 0);
          for (int i = 0; i < values.length; i++) {
            values[i] += 1;
          }
          all.put(norm.name(), made(norm.file(), norm.name(), values));
        }
      }
    }
  }

  /** Those that GGUF files have as a tensor follow from the configuration here. */
  private void addRopeDivisors(ModelSpec spec, Map<String, Tensor> all) throws ModelFileException {
    Optional<float[]> divisors = config.ropeDivisors(spec);
    if (divisors.isPresent()) {
      String name = name(spec.architecture().manifest().at(Place.ROPE_DIVISORS).orElseThrow(), 0);
      all.put(name, made(config.json().file(), name, divisors.get()));
    }
  }

  private static Tensor made(Path file, String name, float[] values) {
    MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
    return new Tensor(file, name, WeightFormats.F32, List.of((long) values.length), 0, data);
  }

  /** The model that {@link #spec} has told of. */
  private Model known() {
    try {
      return model();
    } catch (ModelFileException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public ModelBytes bytes() {
    return files.bytes();
  }

  @Override
  public String family() {
    try {
      return config.architecture().label();
    } catch (ModelFileException e) {
      return ""; // spec() says why
    }
  }

  @Override
  public ModelSpec spec() throws ModelFileException {
    return model().spec;
  }

  @Override
  public boolean guessesActivations() throws ModelFileException {
    return !LinearLayers.isBitNet(files, config);
  }

  /** As sentence-transformers writes it. */
  @Override
  public Optional<Pooling> pooling() throws ModelFileException {
    return PoolingFiles.read(tokenizer.folder());
  }

  @Override
  public OptionalLong embeddedTokens() throws ModelFileException {
    return PoolingFiles.tokens(tokenizer.folder());
  }

  @Override
  public Inspection inspection() {
    String container =
        "Hugging Face checkpoint, "
            + files.bytes().files().size()
            + (files.bytes().files().size() == 1 ? " file" : " files");
    List<Inspection.Row> rows = new ArrayList<>();
    List<String> readings = List.of();
    try {
      Model known = model();
      readings = LinearLayers.sentences(known.linears, config);
      known.tensors.values().forEach(tensor -> rows.add(Inspection.Row.of(tensor)));
    } catch (ModelFileException e) {
      // What cannot be run is shown as it is stored.
      files.tensors().values().forEach(stored -> rows.add(row(stored)));
    }
    return Inspection.of(container, bytes().size(), config.json().entries(), rows, readings);
  }

  private static Inspection.Row row(StoredTensor stored) {
    return new Inspection.Row(
        stored.file(),
        stored.name(),
        stored.type().name(),
        stored.dims(),
        stored.offset(),
        stored.data().byteSize(),
        Optional.empty());
  }

  @Override
  public VocabularySource vocabulary() {
    return tokenizer;
  }

  @Override
  public Optional<String> chatTemplate() throws ModelFileException {
    return tokenizer.chatTemplate();
  }

  @Override
  public Collection<Tensor> tensors() {
    return known().tensors.values();
  }

  @Override
  public Optional<Tensor> find(Role role, int layer) {
    return Optional.ofNullable(known().tensors.get(name(role, layer)));
  }

  /** The multiplier that a packed weight's {@code weight_scale} means. */
  @Override
  public Optional<Tensor> findFactor(Role role, int layer) {
    LinearReading linear = known().linears.get(name(role, layer));
    return linear == null ? Optional.empty() : Optional.ofNullable(linear.factor());
  }

  @Override
  public String name(Role role, int layer) {
    return names.of(role, layer);
  }

  /** Gives up the files' bytes, which stay while others share them. Idempotent. */
  @Override
  public void close() {
    files.bytes().close();
  }
}
