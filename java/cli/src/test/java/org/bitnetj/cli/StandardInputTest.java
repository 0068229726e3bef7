package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whether there is a standard input, by the folder that Linux has for a process. */
@DisabledOnOs(OS.WINDOWS)
class StandardInputTest {
  @TempDir private Path folder;

  private boolean isClosed(String file, String flags) throws IOException {
    Path descriptor = Files.createDirectories(folder.resolve("fd")).resolve("0");
    Files.deleteIfExists(descriptor);
    Files.createSymbolicLink(descriptor, Path.of(file));
    Files.writeString(
        Files.createDirectories(folder.resolve("fdinfo")).resolve("0"),
        "pos:\t0\nflags:\t" + flags + "\nmnt_id:\t24\n");
    return StandardInput.isClosed(folder);
  }

  @Test
  void whatCanBeReadIsOpen() throws IOException {
    assertEquals(false, isClosed("/home/someone/book.txt", "0100000"));
    assertEquals(false, isClosed("/dev/pts/3", "02100002"));
    assertEquals(false, isClosed("pipe:[77]", "00"));
  }

  @Test
  void whatCanOnlyBeWrittenIsNoInput() throws IOException {
    assertEquals(true, isClosed("/dev/null", "0100001"));
    assertEquals(true, isClosed("pipe:[77]", "01"));
  }

  @Test
  void aFileOfTheJvmIsNoInput() throws IOException {
    String modules = Path.of(System.getProperty("java.home")).toRealPath() + "/lib/modules";
    assertEquals(true, isClosed(modules, "0100000"));
  }

  @Test
  void aDescriptorThatIsNotThereIsClosed() throws IOException {
    Files.createDirectories(folder.resolve("fd"));
    assertEquals(true, StandardInput.isClosed(folder));
    assertEquals(false, StandardInput.isClosed(folder.resolve("another system")));
  }

  @Test
  void anErrorOfTheSystemStaysWhatItIs() {
    IOException error =
        assertThrows(
            IOException.class,
            () ->
                new StandardInput(
                        new java.io.InputStream() {
                          @Override
                          public int read() throws IOException {
                            throw new IOException("Ungültiger Dateideskriptor");
                          }
                        })
                    .read());
    assertEquals("Ungültiger Dateideskriptor", error.getMessage());
  }
}
