package org.bitnetj.source.huggingface;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularySource;

/**
 * A Hugging Face checkpoint: {@code config.json}, safetensors files and a tokenizer in one folder.
 * Linear layers are ternary in one of several ways, which {@link #readings} tells. To open one
 * whose linear layers are floats reads all of them, since their scales are in their values.
 *
 * <p>Thread-safe. Mapped files must not be written to or shortened while they are in use; where
 * that cannot be ruled out, have them read into memory.
 */
public final class Checkpoint implements ModelSource {
  private static final String SCALE = "_scale"; // after the name of a packed weight

  /** What 1bitLLM's models call the norms inside attention and feed-forward network. */
  private static final Map<Place, String[]> OTHER_NAMES =
      Map.of(
          Place.ATTENTION_SUB_NORM, new String[] {"attn_sub_norm", "inner_attn_ln"},
          Place.FEED_FORWARD_SUB_NORM, new String[] {"ffn_sub_norm", "ffn_layernorm"});

  /** Buffers of older checkpoints, which follow from the base of the rotation. */
  private static final String ROTARY_BUFFER = ".rotary_emb.inv_freq";

  private final Path path;
  private final ModelBytes bytes;
  private final CheckpointConfig config;
  private final TokenizerFiles tokenizer;
  private final ModelSpec spec;
  private final Map<String, Tensor> tensors;
  private final Map<String, LinearReading> linears;

  private Checkpoint(
      Path path,
      Path folder,
      SafetensorsFiles files,
      CheckpointConfig config,
      Map<String, LinearReading> linears)
      throws ModelFileException {
    this.path = path;
    this.tokenizer = new TokenizerFiles(folder);
    this.bytes = files.bytes();
    this.config = config;
    this.linears = linears;
    this.spec = config.spec(activationScaling(config, linears));
    Map<String, Tensor> all = LinkedHashMap.newLinkedHashMap(files.tensors().size());
    for (StoredTensor stored : files.tensors().values()) {
      if (!stored.name().endsWith(ROTARY_BUFFER)) {
        LinearReading linear = linears.get(stored.name());
        all.put(stored.name(), linear == null ? LinearReading.tensor(stored) : linear.weight());
      }
    }
    dropTiedHead(files, all);
    this.tensors = Collections.unmodifiableMap(all);
  }

  /** Whether a path names a checkpoint: a folder, or a file of that name. */
  public static boolean isNamedBy(Path path) {
    return Files.isDirectory(path) || path.toString().endsWith(".safetensors");
  }

  /**
   * Opens a checkpoint.
   *
   * @param path its folder, or the safetensors file that has all its tensors
   * @param mapped whether the bytes stay in the files; else all are read into memory, and the
   *     weights of one model can be made of them, once
   * @throws ModelFileException one sentence on why it cannot be used: a file that is missing,
   *     damaged or incomplete, a model that the engine does not compute, or weights that are not
   *     ternary
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static Checkpoint open(Path path, boolean mapped) throws ModelFileException {
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    if (!Files.exists(folder.resolve(CheckpointConfig.FILE))) {
      throw new ModelFileException(
          Files.isDirectory(path)
              ? path
                  + " is a directory without config.json; name a model file in it, or the"
                  + " folder of a Hugging Face checkpoint."
              : path + ": there is no config.json beside it, which describes the model.");
    }
    CheckpointConfig config = CheckpointConfig.read(folder);
    config.spec(ActivationScaling.ROW); // before what takes longer
    SafetensorsFiles files = SafetensorsFiles.open(path, mapped);
    try {
      return new Checkpoint(path, folder, files, config, linears(files, config));
    } catch (InternalError e) {
      files.bytes().close();
      throw new ModelFileException(
          path + ": a file was shortened by another program while it was read.", e);
    } catch (Throwable e) {
      files.bytes().close();
      throw e;
    }
  }

  /** The linear layers by the names of their weights, read by all processors. */
  private static Map<String, LinearReading> linears(SafetensorsFiles files, CheckpointConfig config)
      throws ModelFileException {
    ModelSpec spec = config.spec(ActivationScaling.ROW);
    LinearReading.Rules rules = LinearReading.Rules.of(config);
    Map<String, StoredTensor> stored = new LinkedHashMap<>();
    for (Role role : spec.architecture().manifest().roles()) {
      for (int l = 0; role.place().kind() == Place.Kind.LINEAR && l < spec.layers(); l++) {
        StoredTensor tensor = files.tensors().get(role.huggingFace(l));
        if (tensor != null) {
          stored.put(tensor.name(), tensor);
        }
      }
    }
    for (StoredTensor tensor : files.tensors().values()) { // of a layer that the model has not
      if (files.tensors().containsKey(tensor.name() + SCALE)) {
        stored.put(tensor.name(), tensor);
      }
    }
    Map<String, ModelFileException> refused = new HashMap<>();
    Map<String, LinearReading> linears = new HashMap<>();
    stored.values().parallelStream()
        .forEach(
            tensor -> {
              Optional<StoredTensor> scale =
                  Optional.ofNullable(files.tensors().get(tensor.name() + SCALE));
              try {
                LinearReading reading = LinearReading.of(tensor, scale, rules);
                synchronized (linears) {
                  linears.put(tensor.name(), reading);
                }
              } catch (ModelFileException e) {
                synchronized (linears) {
                  refused.put(tensor.name(), e);
                }
              }
            });
    for (String name : stored.keySet()) {
      if (refused.containsKey(name)) {
        throw refused.get(name);
      }
    }
    return linears;
  }

  /** Where the file leaves it open: by groups where weights have scales by groups. */
  private static ActivationScaling activationScaling(
      CheckpointConfig config, Map<String, LinearReading> linears) throws ModelFileException {
    boolean groups =
        linears.values().stream()
            .anyMatch(
                linear ->
                    linear.weight().format() instanceof TernaryFormat format
                        && format.scaleKind() instanceof ScaleKind.Group);
    return groups && !config.isBitNet() ? ActivationScaling.GROUP : ActivationScaling.ROW;
  }

  /** A head that is said to be the embedding may be stored again, but not as another. */
  private void dropTiedHead(SafetensorsFiles files, Map<String, Tensor> all)
      throws ModelFileException {
    Optional<Boolean> tied = config.isHeadTied();
    String head = role(Place.HEAD).huggingFace();
    if (tied.isEmpty()) {
      return;
    }
    if (!tied.get() && !all.containsKey(head)) {
      throw config
          .json()
          .failure("tie_word_embeddings is false, but there is no tensor '" + head + "'.");
    }
    if (tied.get() && all.containsKey(head)) {
      Tensor embedding = all.get(role(Place.EMBEDDING).huggingFace());
      if (embedding != null && embedding.data().mismatch(all.get(head).data()) != -1) {
        throw files
            .tensors()
            .get(head)
            .failure(
                "differs from the embedding, but tie_word_embeddings in "
                    + CheckpointConfig.FILE
                    + " is true");
      }
      all.remove(head);
    }
  }

  private Role role(Place place) {
    return spec.architecture().manifest().at(place).orElseThrow();
  }

  /** How linear layers were understood, and why, in sentences. */
  public List<String> readings() throws ModelFileException {
    Map<LinearReading.Kind, Integer> counts = new EnumMap<>(LinearReading.Kind.class);
    linears.values().forEach(linear -> counts.merge(linear.kind(), 1, Integer::sum));
    String declared = config.linearClass();
    String reason =
        declared.isEmpty()
            ? CheckpointConfig.FILE + " names no linear_class"
            : "linear_class is '" + declared + "'";
    return counts.entrySet().stream()
        .map(
            entry ->
                entry.getValue()
                    + " linear layers are "
                    + entry.getKey().clause()
                    + switch (entry.getKey()) {
                      case MULTIPLIED, DIVIDED -> ", because " + reason;
                      case ABSMEAN -> ", because " + CheckpointConfig.FILE + " declares BitNet";
                      case TERNARY_FLOATS, UNCONVERTED, UNKNOWN -> "";
                    }
                    + ".")
        .toList();
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public ModelBytes bytes() {
    return bytes;
  }

  @Override
  public String family() {
    return spec.architecture().label();
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public boolean guessesActivations() throws ModelFileException {
    return !config.isBitNet();
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
    return tensors.values();
  }

  @Override
  public Optional<Tensor> find(Role role, int layer) {
    return Optional.ofNullable(tensors.get(name(role, layer)));
  }

  /** The multiplier that a packed weight's {@code weight_scale} means. */
  @Override
  public Optional<Tensor> findFactor(Role role, int layer) {
    LinearReading linear = linears.get(name(role, layer));
    return linear == null ? Optional.empty() : Optional.ofNullable(linear.factor());
  }

  @Override
  public String name(Role role, int layer) {
    String name = role.huggingFace(layer);
    String[] others = OTHER_NAMES.get(role.place());
    if (others == null || tensors.containsKey(name)) {
      return name;
    }
    String other = name.replace(others[0], others[1]);
    return tensors.containsKey(other) ? other : name;
  }

  /** Gives up the files' bytes, which stay while others share them. Idempotent. */
  @Override
  public void close() {
    bytes.close();
  }
}
