package org.bitnetj.testing;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Files and folders of other users, and modes that let others write. */
public final class OtherUsers {
  private static final int OTHER_USER = 12345;

  private OtherUsers() {}

  /** Skips the test where files have no owner and mode. */
  public static void assumePosix(Path path) {
    assumeTrue(
        path.getFileSystem().supportedFileAttributeViews().contains("unix"),
        "files have no POSIX owner and mode here");
  }

  public static void setMode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  /** The mode's permission bits. */
  public static int mode(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
  }

  /** Gives a path to another user; skips the test where this user may not. */
  public static void own(Path path) throws IOException {
    try {
      Files.setAttribute(path, "unix:uid", OTHER_USER, LinkOption.NOFOLLOW_LINKS);
    } catch (FileSystemException e) {
      abort("only root can give a file to another user: " + e.getMessage());
    }
  }

  public static boolean owns(Path path) throws IOException {
    return Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(OTHER_USER);
  }
}
