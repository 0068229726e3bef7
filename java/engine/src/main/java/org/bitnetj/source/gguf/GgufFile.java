package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Role;
import org.bitnetj.memory.FileBytes;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.option.Pooling;
import org.bitnetj.source.ImpliedScaling;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularySource;

/**
 * A GGUF file of version 2 or 3, mapped or read into memory: {@link #open} costs a walk over the
 * header whatever the size of the weights, and works far beyond 2 GiB. Nothing in the file is
 * trusted: every count, length, offset and size is checked against the file before it is used, so
 * that a view of a tensor cannot leave the file and a hostile header can neither recurse, loop nor
 * make the engine allocate more than the header's own size.
 *
 * <p>A model that was split into several files is opened whole by the name of any of them.
 *
 * <p>Thread-safe: any thread may read and any may close.
 *
 * <p>No check helps if another program shortens a mapped file while it is in use: reading a page
 * that is gone throws {@link InternalError} (the JVM's answer to SIGBUS) in Java and ends the
 * process in native kernels. {@code open} turns the former into a {@link ModelFileException}. So
 * replace a model file by moving a new one into its place, never by writing into it; where that
 * cannot be ruled out, use {@link #load}.
 *
 * <p>Format: the GGUF specification in ggml's {@code docs/gguf.md}.
 */
public final class GgufFile implements ModelSource {
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;
  static final String TEMPLATE = "tokenizer.chat_template";
  private static final int MAX_ALIGNMENT = 1 << 20;

  private final Path path;
  private final ModelBytes bytes;
  private final int version;
  private final GgufMetadata metadata;
  private final Map<String, Tensor> tensors;
  private final LayoutOptions layouts;
  private final List<String> readings;

  private GgufFile(
      Path path,
      List<FileBytes> bytes,
      int version,
      GgufMetadata metadata,
      Collection<Tensor> tensors,
      LayoutOptions layouts,
      List<String> readings) {
    this.path = path;
    this.bytes = new ModelBytes(bytes);
    this.version = version;
    this.metadata = metadata;
    Map<String, Tensor> byName = LinkedHashMap.newLinkedHashMap(tensors.size());
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    this.tensors = Collections.unmodifiableMap(byName);
    this.layouts = layouts;
    this.readings = List.copyOf(readings);
  }

  /**
   * Maps {@code path} and checks its header. A thread interrupted before the file is mapped gets a
   * {@link ModelFileException} that says so and stays interrupted.
   *
   * @throws ModelFileException one sentence on why the file cannot be used: missing, unreadable,
   *     not GGUF, damaged or incomplete (with the key or tensor and the byte), or with a tensor
   *     type whose size is unknown
   */
  public static GgufFile open(Path path) throws ModelFileException {
    return open(path, LayoutOptions.none());
  }

  /**
   * The same, with what the file leaves open.
   *
   * @throws ModelFileException also if a tensor cannot be laid out so
   */
  public static GgufFile open(Path path, LayoutOptions layouts) throws ModelFileException {
    GgufParts.Opener opener = part -> mapped(part, Optional.of(layouts));
    return whole(opener.open(path), opener);
  }

  /**
   * Maps {@code path} for its metadata alone, those of the first file if it is one of a split
   * model. Its tensors are not looked at, and there are none in what is opened.
   *
   * @throws ModelFileException as {@link #open}, but for what it says of tensors
   */
  public static GgufFile openMetadata(Path path) throws ModelFileException {
    GgufParts.Opener opener = part -> mapped(part, Optional.empty());
    GgufFile file = opener.open(path);
    try {
      GgufFile first = GgufParts.first(file, opener);
      if (first != file) {
        file.close();
      }
      return first;
    } catch (ModelFileException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Whether a file of another name in the same folder may be read with one: as another part of a
   * split model, or for the sizes of its tiles.
   */
  public static boolean isReadWith(String name, String other) {
    return other.equals(KernelConfig.FILE) || GgufParts.areOfOne(name, other);
  }

  /**
   * Reads all of {@code path} into memory, so that nothing that happens to the file afterwards
   * matters, and checks its header. The weights of one model can be made of it, once: {@link
   * FileBytes#share}.
   *
   * @throws ModelFileException as {@link #open}; also if the file is larger than the machine's
   *     memory or became shorter while it was read
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static GgufFile load(Path path) throws ModelFileException {
    return load(path, LayoutOptions.none());
  }

  /**
   * The same, with what the file leaves open.
   *
   * @throws ModelFileException also if a tensor cannot be laid out so
   */
  public static GgufFile load(Path path, LayoutOptions layouts) throws ModelFileException {
    return load(path, MachineMemory.bytes(), layouts);
  }

  /**
   * @param room bytes of memory that the machine has; empty if not known
   */
  static GgufFile load(Path path, OptionalLong room, LayoutOptions layouts)
      throws ModelFileException {
    Loading loading = new Loading(room, layouts);
    return whole(loading.open(path), loading);
  }

  /** Reads the files of a model into memory, as long as there is room. */
  private static final class Loading implements GgufParts.Opener {
    private OptionalLong room;
    private final LayoutOptions layouts;

    Loading(OptionalLong room, LayoutOptions layouts) {
      this.room = room;
      this.layouts = layouts;
    }

    @Override
    public GgufFile open(Path path) throws ModelFileException {
      ModelBytes bytes = ModelBytes.read(List.of(path), room);
      if (room.isPresent()) {
        room = OptionalLong.of(room.getAsLong() - bytes.size());
      }
      return checked(path, bytes, Optional.of(layouts));
    }
  }

  /** The model that a file is a part of, or the file if it is all of it. */
  private static GgufFile whole(GgufFile file, GgufParts.Opener opener) throws ModelFileException {
    List<GgufFile> open = List.of(file);
    try {
      if (GgufParts.count(file) == 1) {
        return understood(file);
      }
      List<GgufFile> parts = GgufParts.open(file, opener);
      open = parts;
      List<FileBytes> bytes = new ArrayList<>();
      List<Tensor> tensors = new ArrayList<>();
      Set<String> readings = new LinkedHashSet<>();
      for (GgufFile part : parts) {
        bytes.addAll(part.bytes.files());
        tensors.addAll(part.tensors());
        readings.addAll(part.readings);
      }
      GgufFile first = parts.getFirst();
      return understood(
          new GgufFile(
              file.path,
              bytes,
              first.version,
              first.metadata,
              tensors,
              file.layouts,
              List.copyOf(readings)));
    } catch (ModelFileException | RuntimeException | Error e) {
      open.forEach(GgufFile::close);
      throw e;
    }
  }

  /** The same file, its tensors in the engine's own layouts as what they are. */
  private static GgufFile understood(GgufFile file) throws ModelFileException {
    Collection<Tensor> tensors = MappedTensors.read(file.metadata, file.tensors());
    List<String> mapped = MappedTensors.readings(tensors);
    if (mapped.isEmpty()) {
      return file;
    }
    List<String> readings = new ArrayList<>(file.readings);
    readings.addAll(mapped);
    return new GgufFile(
        file.path,
        file.bytes.files(),
        file.version,
        file.metadata,
        tensors,
        file.layouts,
        readings);
  }

  private static GgufFile mapped(Path path, Optional<LayoutOptions> layouts)
      throws ModelFileException {
    return checked(path, ModelBytes.map(List.of(path)), layouts);
  }

  private static GgufFile checked(Path path, ModelBytes bytes, Optional<LayoutOptions> layouts)
      throws ModelFileException {
    try {
      return parse(path, bytes.files().getFirst(), layouts);
    } catch (InternalError e) {
      bytes.close();
      throw new ModelFileException(
          path + ": the file was shortened by another program while it was read.", e);
    } catch (Throwable e) {
      bytes.close();
      throw e;
    }
  }

  /**
   * Checks the header of bytes that are closed with the file.
   *
   * @param options empty to leave out the tensors
   */
  static GgufFile parse(Path path, FileBytes bytes, Optional<LayoutOptions> options)
      throws ModelFileException {
    MemorySegment file = bytes.segment();
    HeaderCursor cursor = new HeaderCursor(path, file);
    int version = GgufVersion.read(path, file, cursor);
    int tensorCount = cursor.count("tensors", TensorDirectory.MAX_TENSORS, 24);
    int keyCount = cursor.count("metadata keys", GgufMetadata.MAX_KEYS, 13);
    GgufMetadata metadata = GgufMetadata.read(path, cursor, keyCount);
    int alignment = alignment(path, metadata);
    LayoutOptions given = options.orElse(LayoutOptions.none());
    StoredLayouts layouts = new StoredLayouts(path, given);
    List<Tensor> tensors =
        options.isPresent()
            ? TensorDirectory.read(cursor, tensorCount, alignment, layouts)
            : List.of();
    return new GgufFile(
        path, List.of(bytes), version, metadata, tensors, given, layouts.readings());
  }

  private static int alignment(Path path, GgufMetadata metadata) throws ModelFileException {
    long alignment = metadata.findInteger(ALIGNMENT_KEY).orElse(DEFAULT_ALIGNMENT);
    if (alignment < 8 || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
      throw new ModelFileException(
          path
              + ": metadata key '"
              + ALIGNMENT_KEY
              + "' is "
              + alignment
              + ", but must be a power of two from 8 to "
              + MAX_ALIGNMENT
              + "; the file is damaged.");
    }
    return (int) alignment;
  }

  @Override
  public Path path() {
    return path;
  }

  /** Size in bytes, of all files together if there are several. */
  public long size() {
    return bytes.size();
  }

  @Override
  public ModelBytes bytes() {
    return bytes;
  }

  /** The container's version, 2 or 3. */
  public int version() {
    return version;
  }

  public Metadata metadata() {
    return metadata;
  }

  /** The same metadata with what only this package asks of it. */
  GgufMetadata keyValues() {
    return metadata;
  }

  @Override
  public Collection<Tensor> tensors() {
    return tensors.values();
  }

  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** The tensor of that name, or an error that names the file and the tensor. */
  public Tensor tensor(String name) throws ModelFileException {
    return find(name).orElseThrow(() -> missing(name));
  }

  // In the engine's words

  @Override
  public String family() {
    try {
      return metadata.findText(GgufSpec.FAMILY).orElse("");
    } catch (ModelFileException e) {
      return ""; // of another type: spec() says so
    }
  }

  @Override
  public boolean guessesActivations() {
    return !metadata.keys().contains(GgufSpec.ACTIVATIONS)
        && tensors.values().stream().anyMatch(ImpliedScaling::hasGroups);
  }

  @Override
  public ModelSpec spec() throws ModelFileException {
    return GgufSpec.read(this);
  }

  @Override
  public Optional<Pooling> pooling() throws ModelFileException {
    return GgufSpec.pooling(metadata, family());
  }

  @Override
  public Inspection inspection() {
    List<String> sentences = new ArrayList<>(readings);
    I2sLikeness.of(this).ifPresent(likeness -> sentences.add(likeness.reading()));
    return Inspection.of(
        "GGUF version " + version,
        size(),
        metadata.entries(),
        tensors().stream().map(Inspection.Row::of).toList(),
        sentences);
  }

  @Override
  public List<String> warnings() {
    return layouts.i2s().isPresent()
        ? List.of()
        : I2sLikeness.ofDoubtful(this).flatMap(I2sLikeness::warning).stream()
            .map(sentence -> path + ": " + sentence)
            .toList();
  }

  @Override
  public VocabularySource vocabulary() {
    return new GgufVocabulary(metadata);
  }

  @Override
  public Optional<String> chatTemplate() throws ModelFileException {
    return metadata.findText(TEMPLATE);
  }

  @Override
  public String name(Role role, int layer) {
    return role.gguf(layer);
  }

  @Override
  public Optional<Tensor> find(Role role, int layer) {
    return find(role.gguf(layer));
  }

  @Override
  public Optional<Tensor> findFactor(Role role, int layer) {
    return find(role.ggufFactor(layer));
  }

  @Override
  public Optional<Tensor> lowBitHead() {
    return MappedTensors.lowBitHead(metadata).flatMap(this::find);
  }

  /** Gives up the file's bytes, which stay while others share them. Idempotent. */
  @Override
  public void close() {
    bytes.close();
  }
}
