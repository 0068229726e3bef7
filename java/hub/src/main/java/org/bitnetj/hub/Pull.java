package org.bitnetj.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/** One pull of a model: from its list of files to files in the cache. For one thread. */
final class Pull {
  private static final long ROOM_LEFT = 16 << 20;

  private final HubClient client;
  private final HubCache cache;
  private final ModelName model;
  private final Patience patience;
  private final PullProgress progress;
  private final HubClient.Listing listing;
  private final Set<RemoteFile> fetched = new LinkedHashSet<>();
  private boolean writes; // some file was not there

  /** Asks the hub what there is. */
  Pull(HubClient client, HubCache cache, ModelName model, Patience patience, PullProgress progress)
      throws IOException {
    this.client = client;
    this.cache = cache;
    this.model = model;
    this.patience = patience;
    this.progress = progress;
    this.listing = patience.keep(() -> client.list(model));
  }

  String commit() {
    return listing.commit();
  }

  Path repository() {
    return cache.repository(model);
  }

  Path snapshot() {
    return cache.snapshot(model, commit());
  }

  ModelFiles choose() throws HubException {
    Optional<ModelFiles> chosen = ModelFiles.choose(model, listing.files());
    if (chosen.isPresent() && chosen.get().hasTokenizer()) {
      return chosen.get();
    }
    if (chosen.isPresent()) {
      throw new HubException(
          model
              + " has neither tokenizer.json nor tokenizer.model"
              + (listing.files().contains("vocab.json")
                  ? ", but a vocab.json, which does not say how text is cut; load its tokenizer"
                      + " with transformers and save it, which writes a tokenizer.json."
                  : ", so nothing says which text its tokens are."));
    }
    List<String> models = ModelFiles.models(listing.files());
    String has =
        models.isEmpty() ? "no GGUF file and no whole checkpoint" : String.join(", ", models);
    throw new HubException(
        model.file().isEmpty()
            ? model + " has " + has + ", so there is nothing to load."
            : model.id() + " has no model '" + model.file().get() + "'; it has " + has + ".");
  }

  /**
   * Brings files into the snapshot.
   *
   * @param sha256 what the first must have
   */
  void fetch(List<String> names, Optional<String> sha256) throws IOException {
    List<RemoteFile> files = new ArrayList<>();
    for (String name : names) {
      files.add(patience.keep(() -> client.describe(model, commit(), name)));
    }
    fetched.addAll(files);
    if (sha256.isPresent() && !files.getFirst().hash().equals(sha256.get())) {
      throw new HubException(
          client.host()
              + " has another "
              + names.getFirst()
              + " than the one this short name means (SHA-256 "
              + sha256.get()
              + "); to take it all the same, use its full name, "
              + model
              + ".");
    }
    if (checkRoom(files) > 0) {
      progress.begin();
    }
    long total = files.stream().mapToLong(RemoteFile::size).sum();
    long before = 0;
    for (RemoteFile file : files) {
      long base = before;
      fetch(file, done -> progress.update(file.name(), base + done, total));
      before += file.size();
      progress.update(file.name(), before, total);
    }
  }

  /** Brings what the list of modules in the snapshot names. */
  void fetchModules() throws IOException {
    Path list = snapshot().resolve(ModelFiles.MODULES);
    fetch(ModelFiles.ofModules(list, listing.files()), Optional.empty());
  }

  /**
   * Remembers the commit as what its revision means, unless a file that was fetched is no longer
   * there: between two files of a pull its model may be removed. Writes nothing if all was there
   * before: the cache may be read-only.
   *
   * @return whether all is there
   */
  boolean finish() throws IOException {
    if (!writes && cache.remembers(model, commit())) {
      return true;
    }
    try (BlobLock _ = lockRepository()) {
      for (RemoteFile file : fetched) {
        if (!isThere(file)) {
          return false;
        }
      }
      cache.remember(model, commit());
      return true;
    }
  }

  private BlobLock lockRepository() throws IOException {
    return BlobLock.take(cache.repositoryLock(model), () -> {});
  }

  /** The bytes that are to be fetched, for which there is room. */
  private long checkRoom(List<RemoteFile> files) throws IOException {
    Path root = Files.createDirectories(cache.root());
    long needed = 0;
    for (RemoteFile file : files) {
      if (!isThere(file) && !Files.exists(cache.blob(model, file.hash()))) {
        Path incomplete = incomplete(file);
        long have = Files.exists(incomplete) ? Files.size(incomplete) : 0;
        needed = saturated(needed, Math.max(0, file.size() - have));
      }
    }
    long free = Files.getFileStore(root).getUsableSpace();
    if (needed > 0 && needed > free - ROOM_LEFT) {
      throw new HubException(
          model
              + " needs "
              + Hub.size(needed)
              + ", but the disk of "
              + cache.root()
              + " has only "
              + Hub.size(free)
              + " left; make room, or let HF_HOME name a folder elsewhere.");
    }
    return needed;
  }

  private static long saturated(long a, long b) {
    return a + b < 0 ? Long.MAX_VALUE : a + b;
  }

  private Path incomplete(RemoteFile file) {
    return cache.incomplete(model, file.hash());
  }

  private boolean isThere(RemoteFile file) throws IOException {
    Path pointer = snapshot().resolve(file.name());
    return Files.isRegularFile(pointer)
        && Files.size(pointer) == file.size()
        && HubCache.hash(pointer).orElse(file.hash()).equals(file.hash());
  }

  private void fetch(RemoteFile file, LongConsumer done) throws IOException {
    if (isThere(file)) {
      return;
    }
    writes = true;
    Path lock = cache.lock(model, file.hash());
    try (BlobLock _ = lockRepository()) {
      BlobLock.prepare(lock); // so that a later removal sees it
    }
    Runnable waiting =
        () -> progress.note(file.name() + " is being fetched by another pull; waiting for it.");
    try (BlobLock _ = BlobLock.take(lock, waiting)) {
      Path blob = cache.blob(model, file.hash());
      Files.createDirectories(blob.getParent());
      if (isThere(file)) {
        return;
      }
      if (Files.exists(blob) && Files.size(blob) == file.size()) {
        cache.addAgain(model, commit(), file);
        return;
      }
      new Download(client, model, commit(), file, incomplete(file), patience, done).run();
      cache.add(model, commit(), file, incomplete(file));
    }
  }
}
