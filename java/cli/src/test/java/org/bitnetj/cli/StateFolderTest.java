package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {
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
