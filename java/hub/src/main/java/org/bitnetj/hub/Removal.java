package org.bitnetj.hub;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes a model from the cache: the repository as a whole, or a revision or file of it and then
 * those bytes that no other revision or file shares. Follows no link out of the repository.
 */
final class Removal {
  private final HubCache cache;
  private final ModelName model;
  private long freed;

  Removal(HubCache cache, ModelName model) {
    this.cache = cache;
    this.model = model;
  }

  /**
   * @return the bytes that were freed
   * @throws HubException if nothing of that name is there, or a pull is at work on it
   */
  long run() throws IOException {
    requireRepository();
    try (BlobLock _ = BlobLock.take(cache.repositoryLock(model), () -> {})) {
      requireRepository(); // another removal may have had the lock
      List<BlobLock> held = new ArrayList<>();
      try {
        for (Path lock : cache.blobLocks(model)) {
          held.add(BlobLock.tryTake(lock).orElseThrow(this::busy));
        }
        remove();
      } finally {
        close(held);
      }
    }
    return freed;
  }

  private void requireRepository() throws HubException {
    if (!Files.isDirectory(cache.repository(model))) {
      throw absent();
    }
  }

  /** Closes all, even if one fails. */
  private static void close(List<BlobLock> locks) throws IOException {
    @Nullable IOException failure = null;
    for (BlobLock lock : locks) {
      try {
        lock.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void remove() throws IOException {
    if (model.revision().isEmpty() && model.file().isEmpty()) {
      delete(cache.repository(model));
      return;
    }
    Set<Path> blobs = new HashSet<>();
    boolean found = false;
    for (String commit : commits()) {
      for (String file : files(commit)) {
        found = true;
        Path pointer = cache.snapshot(model, commit).resolve(file);
        if (Files.isSymbolicLink(pointer)) {
          blobs.add(target(pointer));
        } else {
          freed += Files.size(pointer);
        }
        Files.delete(pointer);
      }
    }
    if (!found) {
      blobs.addAll(unfinished());
    }
    blobs.removeAll(targetsLeft());
    for (Path blob : blobs) {
      if (blob.startsWith(cache.repository(model)) && Files.isRegularFile(blob)) {
        freed += Files.size(blob);
        Files.delete(blob);
      }
    }
    forgetEmpty();
  }

  /**
   * What a cut pull left of a file whose hash is known, since that is its name. Of others nothing
   * says which file it is of.
   */
  private List<Path> unfinished() throws IOException {
    List<Path> all = cache.unfinishedBlobs(model);
    String hash =
        KnownModel.of(model)
            .filter(known -> known.model().equals(model))
            .flatMap(KnownModel::sha256)
            .orElse("?");
    List<Path> known =
        all.stream().filter(blob -> blob.getFileName().toString().startsWith(hash)).toList();
    if (known.isEmpty() && !all.isEmpty()) {
      throw new HubException(
          model
              + " is not in "
              + cache.root()
              + ", but an unfinished download may be of it; 'bitnet rm "
              + model.id()
              + "' removes all of that model.");
    }
    if (known.isEmpty()) {
      throw absent();
    }
    return known;
  }

  private HubException busy() {
    return new HubException(
        model.id() + " is being fetched just now; wait until that has ended, or stop it.");
  }

  private HubException absent() {
    return new HubException(
        model + " is not in " + cache.root() + "; 'bitnet list' shows what is.");
  }

  private List<String> commits() throws IOException {
    return model.revision().isEmpty()
        ? cache.commits(model)
        : cache.commit(model).stream().toList();
  }

  /** Of a commit, what the name means: all, or all parts of one file. */
  private List<String> files(String commit) throws IOException {
    List<String> all = cache.files(model, commit);
    return model.file().isEmpty()
        ? all
        : ModelFiles.choose(model, all).map(chosen -> own(chosen, all)).orElse(List.of());
  }

  /** What a GGUF model has beside it stays for others in its folder. */
  private static List<String> own(ModelFiles chosen, List<String> all) {
    String gguf = chosen.gguf();
    boolean shared =
        gguf != null
            && all.stream()
                .filter(file -> ModelFiles.isGguf(file) && !chosen.files().contains(file))
                .anyMatch(file -> ModelFiles.folder(file).equals(ModelFiles.folder(gguf)));
    return shared ? chosen.files().stream().filter(ModelFiles::isGguf).toList() : chosen.files();
  }

  private Set<Path> targetsLeft() throws IOException {
    Set<Path> targets = new HashSet<>();
    for (String commit : cache.commits(model)) {
      for (String file : cache.files(model, commit)) {
        Path pointer = cache.snapshot(model, commit).resolve(file);
        if (Files.isSymbolicLink(pointer)) {
          targets.add(target(pointer));
        }
      }
    }
    return targets;
  }

  private static Path target(Path pointer) throws IOException {
    return pointer.resolveSibling(Files.readSymbolicLink(pointer)).normalize();
  }

  /**
   * Removes snapshots without files and what refers to them; the repository, if nothing is left.
   */
  private void forgetEmpty() throws IOException {
    for (String commit : cache.commits(model)) {
      if (cache.files(model, commit).isEmpty()) {
        delete(cache.snapshot(model, commit));
      }
    }
    List<String> left = cache.commits(model);
    for (Map.Entry<String, String> revision : cache.revisions(model).entrySet()) {
      if (!left.contains(revision.getValue())) {
        Files.delete(cache.refs(model).resolve(revision.getKey()));
      }
    }
    if (left.isEmpty() && cache.unfinishedBlobs(model).isEmpty()) {
      delete(cache.repository(model));
    }
  }

  private void delete(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes is) throws IOException {
            Files.delete(file);
            freed += is.isRegularFile() ? is.size() : 0;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
