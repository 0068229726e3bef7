package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where programs of this user keep what they remember between runs: {@code $XDG_STATE_HOME} or
 * {@code ~/.local/state} (XDG base directory specification), on macOS {@code ~/Library/Application
 * Support}, on Windows {@code %LOCALAPPDATA%}.
 */
record StateFolder(
    Function<String, @Nullable String> properties, Function<String, @Nullable String> variables) {

  /** This program's part of the real one; empty if the user has no home. */
  static Optional<Path> find() {
    return new StateFolder(System::getProperty, System::getenv)
        .user()
        .map(folder -> folder.resolve("bitnet.java"));
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

  Optional<Path> user() {
    String os = String.valueOf(properties.apply("os.name")).toLowerCase(Locale.ROOT);
    Optional<Path> home = absolute(properties.apply("user.home"));
    if (os.startsWith("windows")) {
      return absolute(variables.apply("LOCALAPPDATA"));
    }
    if (os.startsWith("mac")) {
      return home.map(h -> h.resolve("Library").resolve("Application Support"));
    }
    return absolute(variables.apply("XDG_STATE_HOME"))
        .or(() -> home.map(h -> h.resolve(".local").resolve("state")));
  }

  private static Optional<Path> absolute(@Nullable String name) {
    try {
      return Optional.ofNullable(name)
          .filter(n -> !n.isEmpty())
          .map(Path::of)
          .filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
