package org.bitnetj.hub;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Models of the Hugging Face hub, or of one that answers like it, by their names: found in the
 * cache that all tools of the hub share, or fetched into it.
 *
 * <pre>{@code
 * Hub hub = Hub.open(HubOptions.fromEnvironment());
 * ModelName name = ModelName.parse("microsoft/bitnet-b1.58-2B-4T-gguf").orElseThrow();
 * Path model = hub.get(name, PullProgress.NONE); // for LanguageModel.load
 * }</pre>
 *
 * Thread-safe; pulls of the same file wait for each other, in other processes too. They neither see
 * nor disturb what another tool of the hub is fetching into the same cache: each writes files of
 * its own, and a file takes its place whole and at once, whoever is first.
 */
public final class Hub {
  /** How often a pull begins again whose model others remove. */
  private static final int ROUNDS = 10;

  private final HubOptions options;
  private final HubCache cache;
  private final Patience.Pause pause;

  private Hub(HubOptions options, Patience.Pause pause) {
    this.options = options;
    this.cache = new HubCache(options.cache(), options.symlinks());
    this.pause = pause;
  }

  /**
   * Says where models are; touches neither network nor disk.
   *
   * @param options which hub and which cache
   * @return a hub for this cache
   */
  public static Hub open(HubOptions options) {
    Objects.requireNonNull(options, "options is null");
    return open(options, Thread::sleep);
  }

  static Hub open(HubOptions options, Patience.Pause pause) {
    return new Hub(options, pause);
  }

  /** {@return the folder that models are kept in} */
  public Path cache() {
    return options.cache();
  }

  /**
   * {@return what to load of a model that is in the cache whole; asks no server}
   *
   * @param model its name
   * @throws HubException if there are several models and the name does not say which
   */
  public Optional<Path> find(ModelName model) throws IOException {
    Objects.requireNonNull(model, "model is null");
    Optional<String> commit = cache.commit(model);
    return commit.isEmpty() ? Optional.empty() : found(model, commit.get()).map(CachedModel::path);
  }

  /**
   * The same for a model with a short name, whose file must be the one that is known, if one is:
   * the cache says which it was when it came. Where it has no links, it does not say.
   *
   * @param known one with a short name
   * @return what to load; empty if it is not in the cache
   * @throws IOException if the cache cannot be read
   */
  public Optional<Path> find(KnownModel known) throws IOException {
    Objects.requireNonNull(known, "known is null");
    Optional<Path> found = find(known.model());
    if (found.isPresent() && known.sha256().isPresent()) {
      String expected = known.sha256().get();
      if (!HubCache.hash(found.get()).orElse(expected).equals(expected)) {
        return Optional.empty();
      }
    }
    return found;
  }

  private Optional<CachedModel> found(ModelName model, String commit) throws IOException {
    List<String> all = cache.files(model, commit);
    Optional<ModelFiles> chosen = ModelFiles.choose(model, all);
    if (chosen.isEmpty()) {
      return Optional.empty();
    }
    Path snapshot = cache.snapshot(model, commit);
    List<String> files = new ArrayList<>(chosen.get().files());
    if (chosen.get().hasIndex()) {
      files.addAll(ModelFiles.shards(snapshot.resolve(ModelFiles.INDEX)));
    }
    if (!all.containsAll(files) || !chosen.get().hasTokenizer()) {
      return Optional.empty();
    }
    long bytes = 0;
    Instant modified = Instant.EPOCH;
    for (String file : files) {
      Path path = snapshot.resolve(file);
      bytes += Files.size(path);
      Instant time = Files.getLastModifiedTime(path).toInstant();
      modified = time.isAfter(modified) ? time : modified;
    }
    return Optional.of(new CachedModel(model, path(snapshot, chosen.get()), bytes, modified));
  }

  private static Path path(Path snapshot, ModelFiles files) {
    return files.gguf() == null ? snapshot : snapshot.resolve(files.gguf());
  }

  /**
   * What to load of a model: from the cache without asking a server if it is there, else fetched.
   *
   * @param model its name
   * @param progress hears how far it is
   * @return the path to load: a file or folder
   * @throws HubException one sentence on why it cannot be had
   */
  public Path get(ModelName model, PullProgress progress) throws IOException {
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(progress, "progress is null");
    Optional<Path> found = find(model);
    return found.isPresent() ? found.get() : pull(model, progress);
  }

  /**
   * The same for a model with a short name.
   *
   * @param known one with a short name
   * @param progress hears how far it is
   * @return the path to load: a file or folder
   * @throws HubException one sentence on why it cannot be had
   */
  public Path get(KnownModel known, PullProgress progress) throws IOException {
    Objects.requireNonNull(known, "known is null");
    Objects.requireNonNull(progress, "progress is null");
    Optional<Path> found = find(known);
    return found.isPresent() ? found.get() : pull(known, progress);
  }

  /**
   * Fetches what the hub has now and the cache has not, and says what to load. A file appears in
   * the cache whole and checked, or not at all; what a cut left is used by the next pull.
   *
   * @param model its name
   * @param progress hears how far it is
   * @return the path to load: a file or folder
   * @throws HubException one sentence on why it cannot be had
   */
  public Path pull(ModelName model, PullProgress progress) throws IOException {
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(progress, "progress is null");
    return pull(model, Optional.empty(), progress);
  }

  /**
   * The same for a model with a short name, whose file must be the one that is known, if one is.
   *
   * @param known one with a short name
   * @param progress hears how far it is
   * @return the path to load: a file or folder
   * @throws HubException one sentence on why it cannot be had
   */
  public Path pull(KnownModel known, PullProgress progress) throws IOException {
    Objects.requireNonNull(known, "known is null");
    Objects.requireNonNull(progress, "progress is null");
    return pull(known.model(), known.sha256(), progress);
  }

  private Path pull(ModelName model, Optional<String> sha256, PullProgress progress)
      throws IOException {
    if (options.offline()) {
      return offline(model, sha256);
    }
    try (HubClient client = new HubClient(options)) {
      Pull pull = new Pull(client, cache, model, new Patience(pause, progress), progress);
      ModelFiles files = pull.choose();
      for (int round = 0; round < ROUNDS; round++) {
        if (isWhole(pull, files, sha256)) {
          return path(pull.snapshot(), files);
        }
      }
      throw new HubException(
          model
              + " was removed from "
              + cache.root()
              + " each time that it was fetched; pull it when nothing removes it.");
    } catch (FileSystemException e) {
      throw new HubException(
          "cannot write to "
              + e.getFile()
              + ": "
              + (e instanceof AccessDeniedException
                  ? "permission denied"
                  : Objects.requireNonNullElse(e.getReason(), e.getClass().getSimpleName()))
              + "; HF_HOME names the folder that models are kept in.",
          e);
    }
  }

  /**
   * Fetches what is not there.
   *
   * @return whether all is there then: meanwhile the model may be removed
   */
  private static boolean isWhole(Pull pull, ModelFiles files, Optional<String> sha256)
      throws IOException {
    try {
      pull.fetch(files.files(), sha256);
      if (files.hasIndex()) {
        Path index = pull.snapshot().resolve(ModelFiles.INDEX);
        pull.fetch(ModelFiles.shards(index), Optional.empty());
      }
      if (files.hasModules()) {
        pull.fetchModules();
      }
      return pull.finish();
    } catch (NoSuchFileException e) {
      if (Path.of(e.getFile()).startsWith(pull.repository())) {
        return false;
      }
      throw e;
    }
  }

  private Path offline(ModelName model, Optional<String> sha256) throws IOException {
    Optional<Path> found = find(model);
    if (found.isEmpty()) {
      Optional<String> commit = cache.commit(model);
      boolean some = commit.isPresent() && !cache.files(model, commit.get()).isEmpty();
      throw new HubException(
          model
              + (some ? " is not whole in " : " is not in ")
              + cache.root()
              + ", and HF_HUB_OFFLINE forbids fetching it; without it, 'bitnet pull "
              + model
              + "' does.");
    }
    if (sha256.isPresent()
        && !HubCache.hash(found.get()).orElse(sha256.get()).equals(sha256.get())) {
      throw new HubException(
          found.get()
              + " is another file than the one this short name means (SHA-256 "
              + sha256.get()
              + "), and HF_HUB_OFFLINE forbids fetching it; to take it all the same, use its full"
              + " name, "
              + model
              + ".");
    }
    return found.get();
  }

  /**
   * {@return the models that are in the cache whole, whoever fetched them}
   *
   * @param skipped hears a sentence about each entry that cannot be read
   * @throws IOException if the cache cannot be read
   */
  public List<CachedModel> list(Consumer<String> skipped) throws IOException {
    Objects.requireNonNull(skipped, "skipped is null");
    List<CachedModel> models = new ArrayList<>();
    for (ModelName repository : cache.repositories()) {
      try {
        for (String commit : cache.commits(repository)) {
          ModelName name = repository.withRevision(revision(repository, commit));
          List<String> ggufs = ModelFiles.models(cache.files(repository, commit));
          for (String gguf : ggufs) {
            found(name.withFile(gguf), commit).ifPresent(models::add);
          }
          if (ggufs.isEmpty()) {
            found(name, commit).ifPresent(models::add);
          }
        }
      } catch (HubException e) {
        skipped.accept(repository + " is left out: " + e.getMessage());
      } catch (IOException e) {
        skipped.accept(repository + " is left out: " + e.getMessage() + " cannot be read.");
      }
    }
    return models;
  }

  /** What the user calls a commit: a branch that means it, or else itself. */
  private String revision(ModelName repository, String commit) throws IOException {
    List<String> names =
        cache.revisions(repository).entrySet().stream()
            .filter(entry -> entry.getValue().equals(commit))
            .map(Map.Entry::getKey)
            .filter(name -> ModelName.parse(repository.id() + "@" + name).isPresent())
            .toList();
    return names.contains(ModelName.MAIN)
        ? ModelName.MAIN
        : names.isEmpty() ? commit : names.getFirst();
  }

  /**
   * Removes a model from the cache: the whole repository, or the revision or file that is named.
   * Bytes that others share stay.
   *
   * @param model what to remove
   * @return how many bytes were freed
   * @throws HubException if it is not there
   */
  public long remove(ModelName model) throws IOException {
    Objects.requireNonNull(model, "model is null");
    return new Removal(cache, model).run();
  }

  /**
   * Bytes as people say them, in powers of 1000 as the hub does.
   *
   * @param bytes 0 or more
   * @return such as {@code 1.19 GB}
   */
  public static String size(long bytes) {
    String[] units = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = bytes;
    int unit = 0;
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit < 3 ? "%.0f %s" : "%.2f %s", value, units[unit]);
  }
}
