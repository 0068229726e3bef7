package org.bitnetj.hub;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The cache of the hub's own tools, so that what one has fetched all find. A repository is
 *
 * <pre>
 * models--OWNER--NAME/blobs/HASH                 the bytes
 * models--OWNER--NAME/refs/main                  the commit that a branch or tag meant last
 * models--OWNER--NAME/snapshots/COMMIT/FILE      a link to the blob
 * </pre>
 *
 * and {@code .locks/models--OWNER--NAME/HASH.bitnet.lock}. Locks stay when a repository goes. A
 * deleted lock file would let a waiting pull and a later one hold different files. Where there are
 * no symbolic links, the snapshot has the bytes themselves. Source: huggingface_hub, "Understand
 * caching".
 */
record HubCache(Path root, boolean symlinks) {
  private static final String PREFIX = "models--";
  private static final String INCOMPLETE = ".incomplete";
  private static final String LOCK = ".lock";

  /**
   * In the names of what pulls use while they are at work. Other tools of the hub have files of the
   * same names without it, which they guard by locks of another kind (flock), invisible here.
   */
  private static final String OURS = ".bitnet";

  Path repository(ModelName model) {
    return root.resolve(PREFIX + model.owner() + "--" + model.repository());
  }

  /** The folder of a repository's locks; other tools have theirs there, too. */
  private Path locks(ModelName model) {
    return root.resolve(".locks").resolve(repository(model).getFileName());
  }

  Path blob(ModelName model, String hash) {
    return repository(model).resolve("blobs").resolve(hash);
  }

  /** Where the bytes of a blob gather until all are there. */
  Path incomplete(ModelName model, String hash) {
    return blob(model, hash + OURS + INCOMPLETE);
  }

  /** What a pull of a blob locks. */
  Path lock(ModelName model, String hash) {
    return locks(model).resolve(hash + OURS + LOCK);
  }

  /** The blobs of which not all bytes are there. */
  List<Path> unfinishedBlobs(ModelName model) throws IOException {
    return children(repository(model).resolve("blobs")).stream()
        .filter(file -> file.getFileName().toString().endsWith(INCOMPLETE))
        .toList();
  }

  /** What keeps a repository from being removed while a pull sets out to lock a blob of it. */
  Path repositoryLock(ModelName model) {
    return lock(model, "repository");
  }

  /** What pulls of blobs lock or have locked. */
  List<Path> blobLocks(ModelName model) throws IOException {
    return children(locks(model)).stream()
        .filter(file -> file.getFileName().toString().endsWith(OURS + LOCK))
        .filter(file -> !file.equals(repositoryLock(model)))
        .toList();
  }

  Path snapshots(ModelName model) {
    return repository(model).resolve("snapshots");
  }

  Path snapshot(ModelName model, String commit) {
    return snapshots(model).resolve(commit);
  }

  Path refs(ModelName model) {
    return repository(model).resolve("refs");
  }

  /** The repositories that have a folder, in the order of their names. */
  List<ModelName> repositories() throws IOException {
    return children(root).stream()
        .map(folder -> folder.getFileName().toString())
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()).split("--"))
        .filter(parts -> parts.length == 2)
        .flatMap(parts -> ModelName.parse(parts[0] + "/" + parts[1]).stream())
        .toList();
  }

  /** The commits of which there are files. */
  List<String> commits(ModelName model) throws IOException {
    return children(snapshots(model)).stream()
        .map(folder -> folder.getFileName().toString())
        .filter(HubClient::isCommit)
        .toList();
  }

  private static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(folder)) {
      return all.sorted().toList();
    }
  }

  /** The commit that a model's revision meant when it was fetched last. */
  Optional<String> commit(ModelName model) throws IOException {
    String revision = model.revisionOrMain();
    return HubClient.isCommit(revision)
        ? Optional.of(revision)
        : Optional.ofNullable(revisions(model).get(revision));
  }

  /** The branches and tags that are known, and the commits that they mean. */
  Map<String, String> revisions(ModelName model) throws IOException {
    Map<String, String> revisions = new TreeMap<>();
    for (String revision : files(refs(model))) {
      // Other bytes than ASCII stand for no commit, whatever left them there.
      byte[] content = Files.readAllBytes(refs(model).resolve(revision));
      String commit = new String(content, StandardCharsets.ISO_8859_1).strip();
      if (HubClient.isCommit(commit)) {
        revisions.put(revision, commit);
      }
    }
    return revisions;
  }

  /** The files of a commit whose bytes are there, with slashes between folders. */
  List<String> files(ModelName model, String commit) throws IOException {
    return files(snapshot(model, commit));
  }

  private static List<String> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace(File.separatorChar, '/'))
          .sorted()
          .toList();
    } catch (UncheckedIOException e) { // a folder below that may not be read
      throw e.getCause();
    }
  }

  /** The hash of a snapshot's file, which is its blob's name; empty where it is no link to one. */
  static Optional<String> hash(Path pointer) throws IOException {
    return Files.isSymbolicLink(pointer)
        ? Optional.of(Files.readSymbolicLink(pointer).getFileName().toString())
            .filter(RemoteFile::isHash)
        : Optional.empty();
  }

  /** Whether a model's revision is known to mean a commit, or is one itself. */
  boolean remembers(ModelName model, String commit) throws IOException {
    return HubClient.isCommit(model.revisionOrMain()) || commit(model).equals(Optional.of(commit));
  }

  /** Remembers which commit a revision means. */
  void remember(ModelName model, String commit) throws IOException {
    if (remembers(model, commit)) {
      return;
    }
    Path ref = refs(model).resolve(model.revisionOrMain());
    Files.createDirectories(ref.getParent());
    Path written = root.resolve("ref-" + UUID.randomUUID());
    Files.writeString(written, commit);
    Files.move(written, ref, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Puts a blob in its place, at once, and into a snapshot. */
  void add(ModelName model, String commit, RemoteFile file, Path complete) throws IOException {
    Path blob = blob(model, file.hash());
    Files.move(complete, blob, StandardCopyOption.ATOMIC_MOVE);
    Path pointer = snapshot(model, commit).resolve(file.name());
    Files.createDirectories(pointer.getParent());
    if (!link(pointer, blob)) {
      Files.move(blob, pointer, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Puts a blob that was there already into a snapshot, too. */
  void addAgain(ModelName model, String commit, RemoteFile file) throws IOException {
    Path blob = blob(model, file.hash());
    Path pointer = snapshot(model, commit).resolve(file.name());
    Files.createDirectories(pointer.getParent());
    if (!link(pointer, blob)) {
      Files.copy(blob, pointer, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Whether there is a link now; Windows allows them to few. */
  private boolean link(Path pointer, Path blob) throws IOException {
    if (!symlinks) {
      return false;
    }
    Files.deleteIfExists(pointer);
    try {
      Files.createSymbolicLink(pointer, pointer.getParent().relativize(blob));
      return true;
    } catch (FileAlreadyExistsException e) {
      return true; // another pull has just made it
    } catch (NoSuchFileException e) {
      throw e;
    } catch (UnsupportedOperationException | FileSystemException e) {
      return false;
    }
  }
}
