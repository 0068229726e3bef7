package org.bitnetj.cache;

import java.io.IOException;
import java.io.InterruptedIOException;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.convert.Conversion;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.PrivateFolder;
import org.bitnetj.memory.UserFolders;
import org.bitnetj.model.EngineLayouts;
import org.bitnetj.model.Weights;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.PartFile;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.jspecify.annotations.Nullable;

/**
 * Models of GGUF files, packed into the engine's own layouts once and mapped afterwards: files in a
 * folder that only this user can write to, shared by all processes. A file is there whole or not at
 * all. The least recently used go when their sizes pass a limit, and none is written that would
 * fill the disk. Thread-safe.
 */
public final class PackedCache {
  /** The variable that sets the limit, in gigabytes of 10^9 bytes; 0 for no cache. */
  public static final String LIMIT_VARIABLE = "BITNET_CACHE_LIMIT";

  /**
   * The system property that sets the bytes of a source's tensors from which on it is packed: for
   * training a start-up cache with a small model.
   */
  public static final String LEAST_PROPERTY = "bitnet.cache.least";

  private static final long GIGABYTE = 1_000_000_000L;
  private static final long MOST_BYTES = 20 * GIGABYTE;

  /** Bytes that stay free on the disk, whatever the limit. */
  private static final long FREE_BYTES = 2 * GIGABYTE;

  /** Bytes of a source's tensors from which on packing takes longer than finding a file. */
  private static final long LEAST_BYTES = 32L << 20;

  /**
   * How long another process may write nothing before nobody waits for it any longer: while it
   * brings the last of gigabytes to the disk, its file does not grow.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final long PAUSE_MILLIS = 20;

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

  /**
   * An open model whose packed form is wanted.
   *
   * @param spec of the model, its activations as its user knows them
   * @param layouts that it was opened with
   * @param head a low-bit copy of a small head is among it for {@code SCREENED} alone
   * @param skipping whether steps leave out what they multiply by 0; if not, a packed model that is
   *     made for that would have to be packed again, and so is none
   */
  public record Model(
      ModelSource source, ModelSpec spec, LayoutOptions layouts, HeadMode head, boolean skipping) {

    /** What the packed file depends on besides the source. */
    private String words() {
      boolean lowBit =
          headFormat().filter(format -> EngineLayouts.hasLowBit(spec, format, head)).isPresent();
      return spec.activationScaling() + " " + lowBit + " " + layouts.i2s();
    }

    private Optional<FloatFormat> headFormat() {
      Manifest manifest = spec.architecture().manifest();
      return manifest
          .at(Place.HEAD)
          .flatMap(role -> source.find(role, 0))
          .or(() -> manifest.at(Place.EMBEDDING).flatMap(role -> source.find(role, 0)))
          .map(Tensor::format)
          .filter(FloatFormat.class::isInstance)
          .map(FloatFormat.class::cast);
    }

    private Optional<String> key() throws IOException {
      return SourceIdentity.of(source, words());
    }
  }

  private final Path parent;
  private final OptionalLong limit;
  private final long least;
  private final long free;
  private final Duration patience;

  private PackedCache(Path parent, OptionalLong limit, long least, long free, Duration patience) {
    this.parent = parent;
    this.limit = limit;
    this.least = least;
    this.free = free;
    this.patience = patience;
  }

  /**
   * That of this user; empty if there is no home folder to keep it in.
   *
   * @throws ModelFileException if {@value #LIMIT_VARIABLE} is not a number of gigabytes
   */
  public static Optional<PackedCache> ofUser() throws ModelFileException {
    OptionalLong limit = limit(System.getenv(LIMIT_VARIABLE));
    long least = Long.getLong(LEAST_PROPERTY, LEAST_BYTES);
    return UserFolders.real()
        .cache()
        .map(folder -> new PackedCache(folder, limit, least, FREE_BYTES, PATIENCE));
  }

  /**
   * One in a folder for caches.
   *
   * @param parent need not exist
   * @param limit most bytes of all files
   * @param least bytes of a source's tensors from which on it is packed
   * @param free bytes that stay free on the disk
   * @param patience how long another process may write nothing before nobody waits for it
   */
  static PackedCache in(Path parent, long limit, long least, long free, Duration patience) {
    return new PackedCache(parent, OptionalLong.of(limit), least, free, patience);
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

  private Path makeFolder() throws IOException {
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

  /**
   * The packed form of a model if it is there; the caller closes it. Removes what killed processes
   * left, too.
   */
  public Optional<ModelSource> find(Model model) {
    if (!isWanted(model) || !Files.isDirectory(folder())) {
      return Optional.empty();
    }
    try {
      Path folder = makeFolder();
      PartFile.sweep(folder);
      Optional<String> key = model.key();
      return key.isPresent() ? open(folder, key.get()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // packing meets the same
    }
  }

  /**
   * Packs a model; one that somebody else packs meanwhile is waited for. Empty where it needs no
   * packing, is too small to gain by it or no GGUF file, and where it cannot be written.
   *
   * @param kernels pack, on the threads of {@code team}
   * @param notes told that it is written, or waited for: a sentence without full stop
   * @param warnings told why it cannot be kept, likewise
   */
  public Optional<ModelSource> pack(
      Model model,
      Kernels kernels,
      ThreadTeam team,
      Consumer<String> notes,
      Consumer<String> warnings) {
    if (!isWanted(model) || !isKnown(model.source, model.spec)) {
      return Optional.empty();
    }
    try {
      Optional<String> key = model.key();
      return key.isPresent() ? pack(model, key.get(), kernels, team, notes) : Optional.empty();
    } catch (IOException e) {
      warnings.accept(
          "the packed weights of "
              + model.source.path()
              + " are not kept for the next start: "
              + reason(e)
              + " ("
              + LIMIT_VARIABLE
              + "=0 stops trying)");
      return Optional.empty();
    }
  }

  /** Whether a model is packed, if it is not there already and the disk has room for it. */
  public boolean isWanted(Model model) {
    boolean off = limit.isPresent() && limit.getAsLong() == 0;
    return !off
        && (model.skipping || !Weights.gainsBySkipping(model.spec))
        && ModelContainer.isSelfContained(model.source)
        && isWorthIt(model.source);
  }

  private boolean isWorthIt(ModelSource source) {
    long ternary = 0;
    for (Tensor tensor : source.tensors()) {
      if (WeightFormats.isLookupTable(tensor.format())) {
        return false; // another file says how they are read
      }
      if (tensor.format() instanceof TernaryFormat && !(tensor.format() instanceof MappedFormat)) {
        ternary += tensor.data().byteSize();
      }
    }
    return ternary > 0 && source.bytes().size() >= least;
  }

  /** A model that cannot be loaded is not worth gigabytes; its loader says why. */
  private static boolean isKnown(ModelSource source, ModelSpec spec) {
    try {
      Weights.requireKnown(source, spec);
      return true;
    } catch (ModelFileException e) {
      return false;
    }
  }

  /** No less than the packed file takes. */
  private static long bytes(ModelSource source, ModelSpec spec) {
    long bytes = LowBitMatrix.bytes(spec.vocabulary(), spec.width());
    long header = source.bytes().size();
    for (Tensor tensor : source.tensors()) {
      long stored = tensor.data().byteSize();
      header -= stored;
      boolean matrix = Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH;
      if (tensor.format() instanceof TernaryFormat format && matrix) {
        int rows = (int) tensor.rows();
        int columns = (int) tensor.columns();
        // Vectors of rows or columns may have more padding than panels.
        long digits = PanelLayout.TWO_BIT.bytes(rows + 256, columns + 256);
        stored = digits + TernaryScales.bytes(format.scaleKind(), rows, columns);
      }
      bytes += stored + 256; // its padding and its entries in the header
    }
    return bytes + header;
  }

  /** The file that is there already, marked as used; one that is damaged is removed. */
  private static Optional<ModelSource> open(Path folder, String key) throws IOException {
    for (Entry entry : entries(folder)) {
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

  private Optional<ModelSource> pack(
      Model model, String key, Kernels kernels, ThreadTeam team, Consumer<String> notes)
      throws IOException {
    Path folder = makeFolder();
    ModelSource source = model.source;
    String name = String.valueOf(source.path().getFileName());
    String shown = name.endsWith(SUFFIX) ? name.substring(0, name.length() - 5) : name;
    shown = shown.substring(0, Math.min(SHOWN, shown.length())).replaceAll("[^A-Za-z0-9._-]", "_");
    Path target = folder.resolve(shown + ending(key));
    try (PartFile file = begin(target, name, notes)) {
      Optional<ModelSource> found = open(folder, key); // another process may have made it meanwhile
      if (found.isPresent()) {
        return found;
      }
      PrivateFolder.makePrivate(file.part()); // before it has a name that others look for
      long bytes = bytes(source, model.spec);
      requireRoom(folder, bytes);
      notes.accept(
          "packing the weights of %s for faster starts, once: up to %d MB in %s (--no-cache packs in memory)"
              .formatted(name, bytes / 1_000_000, folder));
      Conversion.pack(source, model.spec, model.head, file, target, kernels, team);
    }
    if (!model.key().equals(Optional.of(key))) {
      Files.deleteIfExists(target); // the source was replaced meanwhile
      return Optional.empty();
    }
    return Optional.of(ModelContainer.open(target, true));
  }

  /** Begins a file, after whoever has begun it already, as replicas do that start together. */
  private PartFile begin(Path target, String name, Consumer<String> notes) throws IOException {
    long written = -1;
    long since = System.nanoTime();
    while (true) {
      try {
        return PartFile.create(target);
      } catch (PartFile.BusyException e) {
        if (written < 0) {
          notes.accept("waiting for another process that packs the weights of " + name);
        }
        long now = PartFile.begun(target);
        if (now != written) {
          written = now;
          since = System.nanoTime();
        } else if (System.nanoTime() - since > patience.toNanos()) {
          throw new FileSystemException(
              target.toString(),
              null,
              "another process began to write them and has written nothing for %d s"
                  .formatted(patience.toSeconds()));
        }
      }
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("waiting for another process was interrupted");
      }
    }
  }

  /** Removes a packed model that turned out to be damaged. */
  public void discard(ModelSource packed) {
    try {
      Files.deleteIfExists(packed.path());
    } catch (IOException e) {
      // It is found damaged again.
    }
  }

  /** Makes room for a file by removing those that were used least recently. */
  private void requireRoom(Path folder, long bytes) throws IOException {
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

  private static String reason(IOException e) {
    String message = String.valueOf(e.getMessage());
    // Most of the file system's exceptions say what is wrong by their class; the message is a path.
    boolean bare =
        !(e instanceof ModelFileException)
            && !(e instanceof FileSystemException f && f.getReason() != null);
    String said = bare ? e.getClass().getSimpleName() + " " + message : message;
    return said.endsWith(".") ? said.substring(0, said.length() - 1) : said;
  }
}
