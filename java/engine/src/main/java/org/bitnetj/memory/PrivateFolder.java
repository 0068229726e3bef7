package org.bitnetj.memory;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * Folders whose files no other user can change or exchange, so that what was checked there is what
 * is loaded. A folder is private if it belongs to this user or root and nobody else may write to
 * it, and if the same holds for the folders above it, all the way up; there, others may write to a
 * folder with the sticky bit, in which they cannot rename what is not theirs. Paths are taken
 * without symbolic links, which would have owners of their own.
 *
 * <p>Only where files have POSIX owners and modes; elsewhere (Windows) a user's folders are
 * protected by the access lists they inherit, and nothing is checked.
 */
public final class PrivateFolder {
  private static final int OTHERS_WRITE = 0022;
  private static final int STICKY = 01000;

  /** Who seems to own what is root's in a user namespace without root. */
  private static final int NOBODY = 65534;

  private PrivateFolder() {}

  /**
   * The folder {@code cache/name/…}. Missing folders are created, for this user only.
   *
   * @param cache need not exist
   * @return its path without symbolic links
   * @throws FileSystemException naming the folder that is not private, and why
   * @throws IOException if one cannot be made
   */
  public static Path of(Path cache, String... names) throws IOException {
    Files.createDirectories(cache, mode(cache));
    Path path = cache.toRealPath();
    requireSafeAbove(path);
    requirePrivate(path);
    for (String name : names) {
      path = path.resolve(name);
      try {
        Files.createDirectory(path, mode(path));
      } catch (FileAlreadyExistsException e) {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          throw e;
        }
      }
      requirePrivate(path);
    }
    return path;
  }

  /**
   * A new private folder in a folder for temporary files, in which others may make theirs.
   *
   * @throws FileSystemException naming the folder that is not safe, and why
   * @throws IOException if it cannot be made
   */
  public static Path temporary(Path parent, String prefix) throws IOException {
    Path path = parent.toRealPath().resolve(prefix);
    requireSafeAbove(path);
    return Files.createTempDirectory(path.getParent(), prefix, mode(path));
  }

  /** Whether a file is one that only this user and root can change; no link. */
  public static boolean isPrivate(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      requirePrivate(file);
      return true;
    } catch (FileSystemException e) {
      return false;
    }
  }

  /** Lets nobody but this user read or change a file that this user has made. */
  public static void makePrivate(Path file) throws IOException {
    if (posix(file)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
  }

  private static void requireSafeAbove(Path path) throws IOException {
    for (Path above = path.getParent(); above != null; above = above.getParent()) {
      require(above, true);
    }
  }

  private static void requirePrivate(Path path) throws IOException {
    require(path, false);
  }

  /**
   * @param above whether it is only on the way to what must be private
   */
  private static void require(Path path, boolean above) throws IOException {
    if (!posix(path)) {
      return;
    }
    Map<String, Object> attributes =
        Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
    int owner = (int) attributes.get("uid");
    int mode = (int) attributes.get("mode");
    if (owner != 0 && !(above && owner == NOBODY) && owner != user()) {
      throw new FileSystemException(
          path.toString(), null, "it belongs to another user (" + owner + ")");
    }
    if ((mode & OTHERS_WRITE) != 0 && !(above && (mode & STICKY) != 0)) {
      throw new FileSystemException(path.toString(), null, "other users may write to it");
    }
  }

  private static FileAttribute<?>[] mode(Path path) {
    return posix(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /** The user by whose rights files are opened. */
  private static int user() {
    Linker linker = Linker.nativeLinker();
    MethodHandle geteuid =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("geteuid"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT));
    try {
      return (int) geteuid.invokeExact();
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
