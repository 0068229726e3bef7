package org.bitnetj.cache;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
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

/**
 * Packs models of GGUF files into the engine's own layouts, once; they are mapped afterwards, by
 * all processes. A file is there whole or not at all, and none is written that would fill the disk:
 * {@link PackedModels}. Thread-safe.
 */
public final class PackedCache {
  /**
   * The system property that sets the bytes of a source's tensors from which on it is packed: for
   * training a start-up cache with a small model.
   */
  public static final String LEAST_PROPERTY = "bitnet.cache.least";

  /** Bytes of a source's tensors from which on packing takes longer than finding a file. */
  private static final long LEAST_BYTES = 32L << 20;

  /**
   * How long another process may write nothing before nobody waits for it any longer: while it
   * brings the last of gigabytes to the disk, its file does not grow.
   */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final long PAUSE_MILLIS = 20;

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

  private final PackedModels models;
  private final long least;
  private final Duration patience;

  private PackedCache(PackedModels models, long least, Duration patience) {
    this.models = models;
    this.least = least;
    this.patience = patience;
  }

  /**
   * That of this user; empty if there is no home folder to keep it in.
   *
   * @throws ModelFileException if {@value PackedModels#LIMIT_VARIABLE} is not a number of gigabytes
   */
  public static Optional<PackedCache> ofUser() throws ModelFileException {
    long least = Long.getLong(LEAST_PROPERTY, LEAST_BYTES);
    return PackedModels.ofUser().map(models -> new PackedCache(models, least, PATIENCE));
  }

  /**
   * One whose files are elsewhere.
   *
   * @param least bytes of a source's tensors from which on it is packed
   * @param patience how long another process may write nothing before nobody waits for it
   */
  static PackedCache of(PackedModels models, long least, Duration patience) {
    return new PackedCache(models, least, patience);
  }

  /**
   * The packed form of a model if it is there; the caller closes it. Removes what killed processes
   * left, too.
   */
  public Optional<ModelSource> find(Model model) {
    if (!isWanted(model) || !Files.isDirectory(models.folder())) {
      return Optional.empty();
    }
    try {
      models.makeFolder();
      models.sweep();
      Optional<String> key = model.key();
      return key.isPresent() ? models.open(key.get()) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // packing meets the same
    }
  }

  /**
   * Packs a model; one that somebody else packs meanwhile is waited for. Empty where it needs no
   * packing, is too small to gain by it or no GGUF file, and where it cannot be written.
   *
   * @param kernels pack, on the threads of {@code team}
   * @param progress learns how much is written
   * @param notes told that it is written, or waited for: a sentence without full stop
   * @param warnings told why it cannot be kept, likewise
   */
  public Optional<ModelSource> pack(
      Model model,
      Kernels kernels,
      ThreadTeam team,
      ConversionOptions.Progress progress,
      Consumer<String> notes,
      Consumer<String> warnings) {
    if (!isWanted(model) || !isKnown(model.source, model.spec)) {
      return Optional.empty();
    }
    try {
      Optional<String> key = model.key();
      return key.isPresent()
          ? pack(model, key.get(), kernels, team, progress, notes)
          : Optional.empty();
    } catch (IOException e) {
      warnings.accept(
          "the packed weights of "
              + model.source.path()
              + " are not kept for the next start: "
              + reason(e)
              + " ("
              + PackedModels.LIMIT_VARIABLE
              + "=0 stops trying)");
      return Optional.empty();
    }
  }

  /** Whether a model is packed, if it is not there already and the disk has room for it. */
  public boolean isWanted(Model model) {
    return !models.isOff()
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

  private Optional<ModelSource> pack(
      Model model,
      String key,
      Kernels kernels,
      ThreadTeam team,
      ConversionOptions.Progress progress,
      Consumer<String> notes)
      throws IOException {
    Path folder = models.makeFolder();
    ModelSource source = model.source;
    String name = String.valueOf(source.path().getFileName());
    Path target = folder.resolve(PackedModels.fileName(name, key));
    try (PartFile file = begin(target, name, notes)) {
      Optional<ModelSource> found = models.open(key); // another process may have made it meanwhile
      if (found.isPresent()) {
        return found;
      }
      PrivateFolder.makePrivate(file.part()); // before it has a name that others look for
      long bytes = bytes(source, model.spec);
      models.requireRoom(bytes);
      notes.accept(
          "packing the weights of %s for faster starts, once: up to %d MB in %s (--no-cache packs in memory)"
              .formatted(name, bytes / 1_000_000, folder));
      Conversion.pack(source, model.spec, model.head, file, target, kernels, team, progress);
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
    PackedModels.remove(packed);
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
