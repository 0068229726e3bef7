package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.memory.UserFolders;

/** Where this program keeps what it remembers between runs. */
final class StateFolder {
  private StateFolder() {}

  /** It need not exist; empty if the user has no home. */
  static Optional<Path> find() {
    return UserFolders.real().state().map(folder -> folder.resolve("bitnet.java"));
  }

  /**
   * Makes sure that a file is there and only its owner can read it, whatever its folder allows.
   * Where files have no such permissions, it does nothing.
   */
  static void keepPrivate(Path file) throws IOException {
    if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rw-------");
    try {
      Files.createFile(file, PosixFilePermissions.asFileAttribute(owner));
    } catch (FileAlreadyExistsException e) {
      Files.setPosixFilePermissions(file, owner);
    }
  }
}
