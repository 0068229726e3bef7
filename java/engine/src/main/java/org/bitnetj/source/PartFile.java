package org.bitnetj.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears under its name when it is complete. The bytes go to a hidden part file beside
 * it, which {@link #commit} moves into place in one step; closed without that, or when the JVM ends
 * first, the part is removed and whatever has the name is untouched.
 *
 * <p>The part's name follows from the file's, so that two writers of one file meet: the second is
 * refused. Its writer holds a lock on it, which ends with the process however that ends; parts that
 * nobody holds are what killed processes left, and the next {@link #create} in their folder removes
 * them, or {@link #sweep}. Where the file system has no locks, they stay, and a second writer is
 * refused until they are removed.
 *
 * <p>For one thread, but {@link #close} may come from any.
 */
public final class PartFile implements AutoCloseable {
  private static final String SUFFIX = ".bitnet-part";

  /** Characters of the file's name that the part's name shows: enough to know it by. */
  private static final int SHOWN = 64;

  private static final int ATTEMPTS = 10;
  private static final long PAUSE_MILLIS = 10;

  /**
   * The parts of this process. A second channel on one of them must not even be opened: to close it
   * would end the first one's lock (POSIX, fcntl).
   */
  private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private @Nullable BlockChannel blocks;
  private final Thread removal;
  private final AtomicBoolean flushing = new AtomicBoolean();
  private boolean finished;

  /**
   * @param part beside {@code target}, its bytes behind {@code channel}
   */
  PartFile(Path target, Path part, FileChannel channel) {
    this.target = target;
    this.part = part;
    this.channel = channel;
    this.removal = new Thread(this::remove, "remove " + part.getFileName());
  }

  /**
   * Starts a file. A symbolic link is followed.
   *
   * @throws FileSystemException with a reason if the folder does not exist or cannot be written,
   *     the name belongs to something that is not a regular file, or somebody else is writing the
   *     same file ({@link BusyException})
   */
  public static PartFile create(Path path) throws IOException {
    Path target = target(path);
    Path part = part(target);
    if (!OURS.add(part)) {
      throw busy(path, part);
    }
    try {
      PartFile file = new PartFile(target, part, open(path, part));
      try {
        Runtime.getRuntime().addShutdownHook(file.removal);
      } catch (IllegalStateException e) { // the process ends already
        file.remove();
        throw e;
      }
      return file;
    } catch (IOException | RuntimeException | Error e) {
      OURS.remove(part);
      throw e;
    }
  }

  /** Where the file will be: in its folder's real place, or what it links to. */
  private static Path target(Path path) throws IOException {
    Path target = Files.isSymbolicLink(path) ? path.toRealPath() : path.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw refusal(path, "it is a directory; name a file");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw refusal(path, "it is not a regular file");
    }
    if (!Files.isDirectory(folder)) {
      throw refusal(path, "the folder " + folder + " does not exist");
    }
    return folder.toRealPath().resolve(target.getFileName());
  }

  /** Somebody else is writing the same file. */
  public static final class BusyException extends FileSystemException {
    private static final long serialVersionUID = 1;

    private BusyException(Path path, Path part) {
      super(path.toString(), null, "it is being written already, to " + part);
    }
  }

  private static BusyException busy(Path path, Path part) {
    return new BusyException(path, part);
  }

  private static FileSystemException refusal(Path path, String reason) {
    return new FileSystemException(path.toString(), null, reason);
  }

  /** A name that is short whatever the file's is: file systems allow 255 bytes, some fewer. */
  private static Path part(Path target) {
    String name = target.getFileName().toString();
    String shown = name.substring(0, Math.min(SHOWN, name.length()));
    return target.resolveSibling(
        "."
            + shown.replaceAll("[^A-Za-z0-9._-]", "_")
            + "."
            + UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8))
            + SUFFIX);
  }

  private static FileChannel open(Path path, Path part) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      FileChannel channel;
      synchronized (OURS) { // no other thread is sweeping the part, and so holds its lock
        sweep(part.getParent(), part);
        try {
          channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
          throw busy(path, part);
        }
        if (isHeld(channel) && Files.exists(part, LinkOption.NOFOLLOW_LINKS)) {
          return channel;
        }
      }
      channel.close(); // another process swept it between creation and lock
      pause();
    }
    throw busy(path, part);
  }

  /** Whether the lock is ours, or locks are not supported here. */
  private static boolean isHeld(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (IOException e) {
      return true;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Removes the parts in a folder that nobody holds: what killed processes left. */
  public static void sweep(Path folder) {
    try {
      sweep(folder.toRealPath(), null); // as parts of this process are known
    } catch (IOException e) {
      // There is no such folder.
    }
  }

  /**
   * @param created one that is removed although it is known to this process
   */
  private static void sweep(Path folder, @Nullable Path created) {
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, ".*" + SUFFIX)) {
      for (Path part : parts) {
        synchronized (OURS) {
          if (part.equals(created) || !OURS.contains(part)) {
            removeIfLeft(part);
          }
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Of a folder that cannot be listed nothing can be swept.
    }
  }

  /** Bytes that somebody has written so far of a file that is not complete; 0 if nobody is. */
  public static long begun(Path path) {
    try {
      return Files.size(part(target(path)));
    } catch (IOException e) {
      return 0;
    }
  }

  private static void removeIfLeft(Path part) {
    try {
      @Nullable Object before = key(part);
      try (FileChannel channel =
              FileChannel.open(part, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          FileLock lock = channel.tryLock()) {
        // Between the two its writer may have moved it into place, and another begun a new one.
        if (lock != null && before != null && before.equals(key(part))) {
          Files.delete(part);
        }
      }
    } catch (IOException e) {
      // It is gone, belongs to another user, or locks are not supported here.
    }
  }

  /** Which file it is; null where the file system does not tell. */
  private static @Nullable Object key(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /** Where the bytes are until they are complete. */
  public Path part() {
    return part;
  }

  /** What the bytes are written to. */
  public FileChannel channel() {
    return channel;
  }

  /**
   * What gigabytes are written to in large pieces, instead of {@link #channel}; it is closed with
   * the file.
   */
  public synchronized WritableByteChannel blocks() {
    if (blocks == null) {
      blocks = BlockChannel.open(part, channel, this::flush);
    }
    return blocks;
  }

  /**
   * Like {@link #blocks}, for a file that is read at once: what is written stays in the system's
   * cache.
   */
  public synchronized WritableByteChannel cachedBlocks() {
    if (blocks == null) {
      blocks = new BlockChannel(channel, null, 0, this::flush);
    }
    return blocks;
  }

  /**
   * Begins to bring to the disk what was written so far, unless that is under way: {@link #commit}
   * then has less to wait for. Returns at once; a failure shows in {@code commit}.
   */
  private void flush() {
    if (flushing.compareAndSet(false, true)) {
      Thread.ofPlatform()
          .daemon()
          .name("flush " + part.getFileName())
          .start(
              () -> {
                try {
                  channel.force(false);
                } catch (IOException e) {
                  // It was closed meanwhile, or commit will meet the same.
                } finally {
                  flushing.set(false);
                }
              });
    }
  }

  /** Bytes that its disk has free. */
  public long room() throws IOException {
    return Files.getFileStore(part).getUsableSpace();
  }

  /**
   * Gives the file its name, in the place of any that has it. Data and name are on the disk when
   * this returns, as far as the system can promise that.
   *
   * @throws IOException if that failed; {@link #close} then removes what was written
   */
  public void commit() throws IOException {
    channel.force(true);
    // Still locked, so that nobody takes it for a left-over.
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    finish();
    syncFolder(target.getParent());
  }

  private static void syncFolder(Path folder) {
    try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
      entries.force(true);
    } catch (IOException e) {
      // Some systems do not open folders; there the name is as safe as the system makes it.
    }
  }

  /** Removes what was written unless it was committed. Idempotent. */
  @Override
  public void close() {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook removes the same file.
    }
  }

  /** Whatever fails now, the file has its name or none. */
  private synchronized void finish() {
    finished = true;
    try (Closeable _ = blocks == null ? channel : blocks) {
      // Nothing is left to write.
    } catch (IOException e) {
      warn("could not close", e);
    } finally {
      // not before: who swept it meanwhile would meet the lock of its own process
      OURS.remove(part);
    }
  }

  private synchronized void remove() {
    if (finished) {
      return;
    }
    try {
      Files.deleteIfExists(part); // while it is locked, so that it is certainly this one
    } catch (IOException e) {
      warn("could not remove", e);
    } finally {
      finish();
    }
  }

  private void warn(String failure, IOException e) {
    System.getLogger(PartFile.class.getName())
        .log(System.Logger.Level.WARNING, failure + " " + part + ": " + e.getMessage());
  }
}
