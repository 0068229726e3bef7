package org.bitnetj.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in this JVM, for all tasks that ask for the same one. It is loaded when the first of them
 * asks, and stays: it is closed only if no task has used it for ten minutes and one asks for a
 * model. Thread-safe.
 */
final class SharedModel {
  private static final Logger LOG = LoggerFactory.getLogger(SharedModel.class);
  private static final long IDLE_NANOS = Duration.ofMinutes(10).toNanos();
  private static final Map<Key, SharedModel> MODELS = new HashMap<>();

  private final Key key;
  private int users; // guarded by MODELS, as is unusedSince
  private long unusedSince;
  private @Nullable Parts parts; // guarded by this, as is what follows
  private @Nullable ConstraintCompiler constraints;

  private SharedModel(Key key) {
    this.key = key;
  }

  /** What makes two models the same: also the files' size and time, as they may be replaced. */
  private record Key(BitNetModel options, Path path, long bytes, long modified) {
    static Key of(BitNetModel options) {
      try {
        Path path = find(options.path()).toRealPath();
        long bytes = 0;
        long modified = 0;
        for (Path file : files(path)) {
          bytes += Files.size(file);
          modified = Math.max(modified, Files.getLastModifiedTime(file).toMillis());
        }
        return new Key(options, path, bytes, modified);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** A file, or those of a folder. */
  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private record Parts(LanguageModel language, Room room, Prefixes prefixes) {}

  private static Path find(String name) throws IOException {
    Path path = Path.of(name);
    if (Files.exists(path)) {
      return path;
    }
    Path file = path.getFileName();
    if (file != null && SparkEnv.get() != null) {
      Path added = Path.of(SparkFiles.get(file.toString()));
      if (Files.exists(added)) {
        return added;
      }
    }
    throw new IOException(
        "The model %s is not on host %s: put it at this path on every host, or bring it there by"
                .formatted(name, InetAddress.getLocalHost().getHostName())
            + " SparkContext.addFile.");
  }

  /**
   * The model, loaded. It stays open until {@link #release}.
   *
   * @throws UncheckedIOException if it cannot be loaded
   */
  static SharedModel acquire(BitNetModel options) {
    Key key = Key.of(options);
    SharedModel shared;
    synchronized (MODELS) {
      closeIdle();
      shared = MODELS.computeIfAbsent(key, SharedModel::new);
      shared.users++;
    }
    try {
      shared.parts();
      return shared;
    } catch (RuntimeException | Error e) {
      shared.release();
      throw e;
    }
  }

  void release() {
    synchronized (MODELS) {
      users--;
      unusedSince = System.nanoTime();
    }
  }

  private static void closeIdle() {
    for (Iterator<SharedModel> all = MODELS.values().iterator(); all.hasNext(); ) {
      SharedModel one = all.next();
      if (one.users == 0 && System.nanoTime() - one.unusedSince > IDLE_NANOS) {
        all.remove();
        one.close();
      }
    }
  }

  /** How many models this JVM has. */
  static int count() {
    synchronized (MODELS) {
      return MODELS.size();
    }
  }

  private synchronized void close() {
    if (parts != null) {
      parts.language.close();
    }
  }

  private synchronized Parts parts() {
    Parts present = parts;
    if (present == null) {
      try {
        present = load();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      parts = present;
    }
    return present;
  }

  private Parts load() throws IOException {
    BitNetModel options = key.options;
    LoadOptions load =
        LoadOptions.defaults()
            .withThreads(threads(options))
            .withKeptCacheBytes(options.keptCacheBytes())
            .withPackedCache(options.packedCache())
            .withWarnings(LOG::warn) // in a task, what System.Logger is told is lost in Spark's log
            .withNotes(LOG::info);
    String template = options.chatTemplate();
    LanguageModel language =
        LanguageModel.load(key.path, template == null ? load : load.withChatTemplate(template));
    Room room = new Room(options.rowsTogether(), language.cachePositions());
    return new Parts(language, room, new Prefixes());
  }

  /** An executor computes on its own cores: others of the host have theirs. */
  private static int threads(BitNetModel options) {
    SparkEnv env = SparkEnv.get();
    return options.threads() > 0 || env == null ? options.threads() : cores(env.conf());
  }

  /** An executor's cores, which are one on YARN and Kubernetes unless set; 0 for all others. */
  static int cores(SparkConf conf) {
    String master = conf.get("spark.master", "");
    int unset = master.startsWith("yarn") || master.startsWith("k8s") ? 1 : 0;
    return conf.getInt("spark.executor.cores", unset);
  }

  LanguageModel language() {
    return parts().language;
  }

  /**
   * The same model for embedding.
   *
   * @throws UncheckedIOException if its vectors are made in a way that the engine does not compute
   */
  EmbeddingModel embedding() {
    try {
      return EmbeddingModel.of(language());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized ConstraintCompiler constraints() {
    ConstraintCompiler present = constraints;
    if (present == null) {
      present = new ConstraintCompiler(language().tokenizer());
      constraints = present;
    }
    return present;
  }

  /** For rows of all tasks. */
  Room room() {
    return parts().room;
  }

  /** Of the prompts of all tasks. */
  Prefixes prefixes() {
    return parts().prefixes;
  }
}
