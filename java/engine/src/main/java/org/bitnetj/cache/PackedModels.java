package org.bitnetj.cache;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.convert.Conversion;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.memory.PrivateFolder;
import org.bitnetj.memory.UserFolders;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.PartFile;
import org.bitnetj.source.container.ModelContainer;
import org.jspecify.annotations.Nullable;

/**
 * The files of packed models: a folder that only this user can write to, shared by all processes.
 * The least recently used go when their sizes pass a limit. Thread-safe.
 */
public final class PackedModels {
  /** The variable that sets the limit, in gigabytes of 10^9 bytes; 0 for no cache. */
  public static final String LIMIT_VARIABLE = "BITNET_CACHE_LIMIT";

  private static final long GIGABYTE = 1_000_000_000L;
  private static final long MOST_BYTES = 20 * GIGABYTE;

  /** Bytes that stay free on the disk, whatever the limit. */
  private static final long FREE_BYTES = 2 * GIGABYTE;

  private static final String SUFFIX = ".gguf";
  private static final int SHOWN = 64; // characters of a source's name
  private static final Pattern NAME = Pattern.compile("(.*)-[0-9a-f]{32}\\.gguf");

  /**
   * A packed model.
   *
   * @param name of the source's file when it was packed
   * @param used when it was written or last used
   */
  public record Entry(Path file, String name, long bytes, Instant used) {}

  private final Path parent;
  private final OptionalLong limit;
  private final long free;

  private PackedModels(Path parent, OptionalLong limit, long free) {
    this.parent = parent;
    this.limit = limit;
    this.free = free;
  }

  /**
   * Those of this user; empty if there is no home folder to keep them in.
   *
   * @throws ModelFileException if {@value #LIMIT_VARIABLE} is not a number of gigabytes
   */
  public static Optional<PackedModels> ofUser() throws ModelFileException {
    OptionalLong limit = limit(System.getenv(LIMIT_VARIABLE));
    return UserFolders.real().cache().map(folder -> new PackedModels(folder, limit, FREE_BYTES));
  }

  /**
   * Those in a folder for caches.
   *
   * @param parent need not exist
   * @param limit most bytes of all files
   * @param free bytes that stay free on the disk
   */
  static PackedModels in(Path parent, long limit, long free) {
    return new PackedModels(parent, OptionalLong.of(limit), free);
  }

  static OptionalLong limit(@Nullable String variable) throws ModelFileException {
    if (variable == null || variable.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long gigabytes = Long.parseLong(variable);
      if (gigabytes >= 0 && gigabytes <= Long.MAX_VALUE / GIGABYTE) {
        return OptionalLong.of(gigabytes * GIGABYTE);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ModelFileException(
        LIMIT_VARIABLE
            + " is '"
            + variable
            + "', but must be the most gigabytes that packed models may take: 0 or more, whole.");
  }

  /** Where the files are; it need not exist. */
  public Path folder() {
    return parent.resolve("bitnet.java").resolve("packed");
  }

  /**
   * The folder without symbolic links, made if it is not there.
   *
   * @throws FileSystemException if other users can write to it
   */
  Path makeFolder() throws IOException {
    return PrivateFolder.of(parent, "bitnet.java", "packed");
  }

  /**
   * Most bytes of all files together; 0 if none are written.
   *
   * @throws IOException if the disk cannot be asked
   */
  public long limit() throws IOException {
    return limit.isPresent() ? limit.getAsLong() : limit(Files.getFileStore(existing()));
  }

  private long limit(FileStore disk) throws IOException {
    return limit.orElse(Math.min(MOST_BYTES, disk.getTotalSpace() / 10));
  }

  /** The folder, or the nearest one above it that exists. */
  private Path existing() {
    Path path = folder().toAbsolutePath();
    while (!Files.isDirectory(path) && path.getParent() != null) {
      path = path.getParent();
    }
    return path;
  }

  /** Whether none are to be written. */
  boolean isOff() {
    return limit.isPresent() && limit.getAsLong() == 0;
  }

  /** The name of a packed file: that of the source, as far as it can be in any name, and a key. */
  static String fileName(String source, String key) {
    String shown =
        source.endsWith(SUFFIX) ? source.substring(0, source.length() - SUFFIX.length()) : source;
    shown = shown.substring(0, Math.min(SHOWN, shown.length())).replaceAll("[^A-Za-z0-9._-]", "_");
    return shown + ending(key);
  }

  /** The file that is there already, marked as used; one that is damaged is removed. */
  Optional<ModelSource> open(String key) throws IOException {
    for (Entry entry : entries(makeFolder())) {
      if (!entry.file.getFileName().toString().endsWith(ending(key))
          || !PrivateFolder.isPrivate(entry.file)) {
        continue;
      }
      try {
        ModelSource found = ModelContainer.open(entry.file, true);
        touch(entry.file);
        return Optional.of(found);
      } catch (ModelFileException e) {
        if (e.getCause() instanceof IOException failure) {
          throw failure; // the file may be as it should be
        }
        Files.deleteIfExists(entry.file);
      }
    }
    return Optional.empty();
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // It may go before others that were used longer ago.
    }
  }

  private static String ending(String key) {
    return "-" + key + SUFFIX;
  }

  /** Removes a packed model that turned out to be damaged. */
  static void remove(ModelSource packed) {
    try {
      Files.deleteIfExists(packed.path());
    } catch (IOException e) {
      // It is found damaged again.
    }
  }

  /** Makes room for a file by removing those that were used least recently. */
  void requireRoom(long bytes) throws IOException {
    Path folder = makeFolder();
    FileStore disk = Files.getFileStore(folder);
    long most = limit(disk);
    if (bytes > most) {
      throw new FileSystemException(
          folder.toString(),
          null,
          "it takes up to %d MB, but all of them together may take %d MB (%s)"
              .formatted(bytes / 1_000_000, most / 1_000_000, LIMIT_VARIABLE));
    }
    List<Entry> oldestFirst = new ArrayList<>(entries(folder));
    oldestFirst.sort(Comparator.comparing(Entry::used));
    long kept = oldestFirst.stream().mapToLong(Entry::bytes).sum();
    long room = disk.getUsableSpace() - free;
    if (room + kept < bytes) {
      throw new FileSystemException(
          folder.toString(),
          null,
          "it takes up to %d MB, but its disk has only %d MB to spare"
              .formatted(bytes / 1_000_000, Math.max(0, room) / 1_000_000));
    }
    for (Entry entry : oldestFirst) {
      if (kept + bytes <= most && room >= bytes) {
        return;
      }
      try {
        Files.deleteIfExists(entry.file);
        kept -= entry.bytes;
        room += entry.bytes;
      } catch (IOException e) {
        // Systems that do not remove files in use keep it; the next one may go.
      }
    }
    if (room < bytes) {
      throw new FileSystemException(folder.toString(), null, "its disk is full");
    }
  }

  /**
   * What is there, last used first.
   *
   * @throws IOException if the folder is there and cannot be read
   */
  public List<Entry> entries() throws IOException {
    List<Entry> all = new ArrayList<>(entries(folder()));
    all.sort(Comparator.comparing(Entry::used).reversed());
    return all;
  }

  private static List<Entry> entries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Entry> all = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) {
          continue;
        }
        try {
          BasicFileAttributes of =
              Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
          if (of.isRegularFile()) {
            all.add(new Entry(file, name.group(1), of.size(), of.lastModifiedTime().toInstant()));
          }
        } catch (NoSuchFileException e) {
          // Another process removed it meanwhile.
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return all;
  }

  /**
   * Removes the packed models whose sources were in a folder and are there no longer.
   *
   * @return bytes of the files that were removed
   * @throws IOException if the folder is there and cannot be read
   */
  public long removeOrphans(Path sources) throws IOException {
    if (!Files.isDirectory(sources)) {
      return 0;
    }
    Path real = sources.toRealPath();
    long freed = 0;
    for (Entry entry : entries()) {
      Optional<Path> source = Conversion.packedFrom(entry.file);
      if (source.isPresent() && source.get().startsWith(real) && !Files.exists(source.get())) {
        Files.deleteIfExists(entry.file);
        freed += entry.bytes;
      }
    }
    return freed;
  }

  /** Removes what killed processes left. */
  public void sweep() {
    if (Files.isDirectory(folder())) {
      PartFile.sweep(folder());
    }
  }

  /**
   * Removes all of it. Processes that use a file keep it until they end, where the system lets
   * files in use be removed.
   *
   * @return bytes of the files that were removed
   * @throws IOException if one cannot be removed; the others are
   */
  public long clear() throws IOException {
    long freed = 0;
    IOException failure = null;
    for (Entry entry : entries()) {
      try {
        Files.deleteIfExists(entry.file);
        freed += entry.bytes;
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return freed;
  }
}
