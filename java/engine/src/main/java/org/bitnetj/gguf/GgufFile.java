package org.bitnetj.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.file.Metadata;
import org.bitnetj.file.ModelFile;
import org.bitnetj.file.ModelFileException;
import org.bitnetj.file.Printable;
import org.bitnetj.file.Tensor;

/**
 * A GGUF file of version 2 or 3, read through one mapping: opening costs a walk over the header
 * whatever the size of the weights, and works far beyond 2 GiB. Nothing in the file is trusted:
 * every count, length, offset and size is checked against the file before it is used, so that a
 * view of a tensor cannot leave the file and a hostile header can neither recurse, loop nor make
 * the engine allocate more than the header's own size.
 *
 * <p>Thread-safe. The mapping belongs to a shared arena, so any thread may read and any may close.
 * One thing no check prevents: if another program shortens the file while it is open, reading a
 * page that is gone throws {@link InternalError} (the JVM's answer to SIGBUS) in Java and ends the
 * process in native kernels. {@code open} turns the former into a {@link ModelFileException};
 * afterwards nothing helps, so a model file in use is replaced by moving a new one into its place,
 * never by overwriting it.
 *
 * <p>Format: the GGUF specification in ggml's {@code docs/gguf.md}.
 */
public final class GgufFile implements ModelFile {
  static final int MAGIC = 0x46554747; // "GGUF" as a little-endian int
  static final String ALIGNMENT_KEY = "general.alignment";
  static final int DEFAULT_ALIGNMENT = 32;
  private static final int MAX_ALIGNMENT = 1 << 20;

  private final Path path;
  private final Arena arena;
  private final MemorySegment file;
  private final int version;
  private final GgufMetadata metadata;
  private final Map<String, Tensor> tensors;

  private GgufFile(
      Path path,
      Arena arena,
      MemorySegment file,
      int version,
      GgufMetadata metadata,
      List<Tensor> tensors) {
    this.path = path;
    this.arena = arena;
    this.file = file;
    this.version = version;
    this.metadata = metadata;
    Map<String, Tensor> byName = LinkedHashMap.newLinkedHashMap(tensors.size());
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    this.tensors = Collections.unmodifiableMap(byName);
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
    Arena arena = Arena.ofShared();
    try {
      MemorySegment file = map(path, arena);
      return parse(path, arena, file);
    } catch (InternalError e) {
      arena.close();
      throw new ModelFileException(
          path + ": the file was shortened by another program while it was read.", e);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private static MemorySegment map(Path path, Arena arena) throws ModelFileException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        throw new ModelFileException(path + " is a directory; name a model file in it.");
      }
      if (!attributes.isRegularFile()) {
        throw new ModelFileException(path + " is not a regular file, so it cannot be mapped.");
      }
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      }
    } catch (ModelFileException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new ModelFileException(path + ": there is no such file.", e);
    } catch (AccessDeniedException e) {
      throw new ModelFileException(path + ": you may not read this file.", e);
    } catch (ClosedByInterruptException e) {
      throw new ModelFileException(path + ": reading was interrupted; open the file again.", e);
    } catch (IOException e) {
      throw new ModelFileException(path + ": cannot be read: " + e.getMessage() + ".", e);
    }
  }

  /** Checks the header of {@code file}, whose memory {@code arena} owns. */
  static GgufFile parse(Path path, Arena arena, MemorySegment file) throws ModelFileException {
    HeaderCursor cursor = new HeaderCursor(path, file);
    int version = readVersion(path, file, cursor);
    int tensorCount = cursor.count("tensors", TensorDirectory.MAX_TENSORS, 24);
    int keyCount = cursor.count("metadata keys", GgufMetadata.MAX_KEYS, 13);
    GgufMetadata metadata = GgufMetadata.read(path, cursor, keyCount);
    int alignment = alignment(path, metadata);
    List<Tensor> tensors = TensorDirectory.read(cursor, tensorCount, alignment);
    return new GgufFile(path, arena, file, version, metadata, tensors);
  }

  private static int readVersion(Path path, MemorySegment file, HeaderCursor cursor)
      throws ModelFileException {
    if (file.byteSize() == 0) {
      throw new ModelFileException(path + ": the file is empty.");
    }
    if (file.byteSize() < 4 || file.get(HeaderCursor.INT, 0) != MAGIC) {
      throw new ModelFileException(path + ": " + foreignContainer(file));
    }
    cursor.u32("the magic number");
    int version = cursor.u32("the version");
    if (version == 2 || version == 3) {
      return version;
    }
    if (version != 0 && (version & 0xFFFF) == 0) {
      throw cursor.failure(
          4,
          "is big-endian, which this engine does not read; convert the model without --bigendian");
    }
    throw cursor.failure(
        4,
        "says GGUF version "
            + Integer.toUnsignedString(version)
            + ", but this engine reads 2 and"
            + " 3; convert the model again with a current converter");
  }

  /** What a file without the magic number seems to be, as the rest of a sentence. */
  private static String foreignContainer(MemorySegment file) {
    byte[] head = file.asSlice(0, Math.min(file.byteSize(), 16)).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if ("GGUF".startsWith(text)) {
      return "the file ends at byte " + head.length + ", inside GGUF's magic number.";
    }
    if (text.startsWith("version https:")) {
      return "this is a Git LFS pointer, not the model; fetch it with 'git lfs pull'.";
    }
    if (text.startsWith("PK")) {
      return "this is a ZIP or PyTorch archive, not a GGUF file; convert the model first.";
    }
    if (text.startsWith("<")) {
      return "this is a web page, not a GGUF file; the download went wrong.";
    }
    if (text.startsWith("lmgg") || text.startsWith("tjgg") || text.startsWith("fmgg")) {
      return "this is a GGML file from before GGUF; convert the model again.";
    }
    if (head.length > 8 && head[8] == '{') {
      return "this looks like a safetensors file, not GGUF.";
    }
    return "not a GGUF file: it starts with '"
        + Printable.of(text.substring(0, Math.min(4, text.length())), 40)
        + "' instead of 'GGUF'.";
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

  @Override
  public long size() {
    return file.byteSize();
  }

  /** The container's version, 2 or 3. */
  public int version() {
    return version;
  }

  @Override
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

  @Override
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Unmaps the file; closing again does nothing. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
