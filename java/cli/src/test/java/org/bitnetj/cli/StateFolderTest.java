package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {
  private static Optional<Path> folder(String os, String home, Map<String, String> variables) {
    Map<String, String> properties = Map.of("os.name", os, "user.home", home);
    return new StateFolder(properties::get, variables::get).user();
  }

  @Test
  void eachSystemHasItsPlace() {
    assertEquals(
        Optional.of(Path.of("/home/ann/.local/state")), folder("Linux", "/home/ann", Map.of()));
    assertEquals(
        Optional.of(Path.of("/state")),
        folder("Linux", "/home/ann", Map.of("XDG_STATE_HOME", "/state")));
    assertEquals(
        Optional.of(Path.of("/Users/ann/Library/Application Support")),
        folder("Mac OS X", "/Users/ann", Map.of("XDG_STATE_HOME", "/state")));
  }

  @Test
  void whatIsNoAbsolutePathIsIgnored() {
    assertEquals(
        Optional.of(Path.of("/home/ann/.local/state")),
        folder("Linux", "/home/ann", Map.of("XDG_STATE_HOME", "state")));
    assertEquals(Optional.empty(), folder("Linux", "?", Map.of()));
    assertEquals(Optional.empty(), folder("Windows 11", "/home/ann", Map.of()));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aPrivateFileIsItsOwnersWhateverItsFolderAllows(@TempDir Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path file = folder.resolve("history");
    StateFolder.keepPrivate(file);
    assertEquals("rw-------", permissions(file));
    Files.writeString(file, "typed");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    StateFolder.keepPrivate(file);
    assertEquals("rw-------", permissions(file));
    assertEquals("typed", Files.readString(file));
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
