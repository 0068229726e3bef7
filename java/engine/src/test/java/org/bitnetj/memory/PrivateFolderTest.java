package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.testing.OtherUsers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {
  @TempDir Path folder;
  private Path cache;

  @BeforeEach
  void aCacheOfThisUser() throws IOException {
    OtherUsers.assumePosix(folder);
    folder = folder.toRealPath();
    cache = Files.createDirectory(folder.resolve("cache"));
    OtherUsers.setMode(cache, 0755);
  }

  private void refused(Path at, String why) {
    FileSystemException e =
        assertThrows(FileSystemException.class, () -> PrivateFolder.of(cache, "a", "b"));
    assertEquals(at + ": " + why, e.getMessage());
  }

  @Test
  void whatIsMissingIsMadeForThisUserOnly() throws IOException {
    Path deep = folder.resolve("x").resolve("y");
    assertEquals(deep.resolve("a").resolve("b"), PrivateFolder.of(deep, "a", "b"));
    for (String made : new String[] {"x", "x/y", "x/y/a", "x/y/a/b"}) {
      assertEquals(0700, OtherUsers.mode(folder.resolve(made)), made);
    }
    assertEquals(deep.resolve("a").resolve("b"), PrivateFolder.of(deep, "a", "b"));
  }

  @Test
  void foldersThatOthersMayOnlyReadAreUsed() throws IOException {
    Path path = PrivateFolder.of(cache, "a", "b");
    OtherUsers.setMode(path, 0755);
    assertEquals(path, PrivateFolder.of(cache, "a", "b"));
  }

  @Test
  void noFolderOnTheWayMayBeWritableByOthers() throws IOException {
    String why = "other users may write to it";
    Path path = PrivateFolder.of(cache, "a", "b");
    for (Path open = path; !open.equals(folder.getParent()); open = open.getParent()) {
      int mode = OtherUsers.mode(open);
      for (int others : new int[] {0020, 0002}) {
        OtherUsers.setMode(open, 0755 | others);
        refused(open, why);
      }
      OtherUsers.setMode(open, mode);
    }
    PrivateFolder.of(cache, "a", "b");
  }

  /** In such a folder others cannot rename what is this user's, but put something beside it. */
  @Test
  void theStickyBitHelpsOnlyAboveTheCache() throws IOException {
    OtherUsers.setMode(folder, 01777);
    Path path = PrivateFolder.of(cache, "a", "b");
    for (Path open = path; !open.equals(folder); open = open.getParent()) {
      int mode = OtherUsers.mode(open);
      OtherUsers.setMode(open, 01777);
      refused(open, "other users may write to it");
      OtherUsers.setMode(open, mode);
    }
  }

  @Test
  void noFolderOnTheWayMayBelongToAnotherUser() throws IOException {
    Path path = PrivateFolder.of(cache, "a", "b");
    for (Path other = path; !other.equals(folder.getParent()); other = other.getParent()) {
      Object owner = Files.getAttribute(other, "unix:uid");
      OtherUsers.own(other);
      refused(other, "it belongs to another user (12345)");
      Files.setAttribute(other, "unix:uid", owner);
    }
    PrivateFolder.of(cache, "a", "b");
  }

  @Test
  void linksAreFollowedToTheCacheAndNotInIt() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), cache);
    assertEquals(cache.resolve("a"), PrivateFolder.of(link, "a"));
    Path own = Files.createDirectory(folder.resolve("own"));
    Files.createSymbolicLink(cache.resolve("b"), own);
    assertThrows(FileAlreadyExistsException.class, () -> PrivateFolder.of(cache, "b"));
    Files.writeString(cache.resolve("c"), "no folder");
    assertThrows(FileAlreadyExistsException.class, () -> PrivateFolder.of(cache, "c"));
  }

  @Test
  void aTemporaryFolderIsMadeWhereOthersCannotRenameIt() throws IOException {
    OtherUsers.setMode(cache, 01777);
    Path one = PrivateFolder.temporary(cache, "x-");
    Path two = PrivateFolder.temporary(cache, "x-");
    assertTrue(one.startsWith(cache) && two.startsWith(cache) && !one.equals(two));
    assertEquals(0700, OtherUsers.mode(one));
    OtherUsers.setMode(cache, 0777);
    assertThrows(FileSystemException.class, () -> PrivateFolder.temporary(cache, "x-"));
    OtherUsers.setMode(cache, 01777);
    OtherUsers.own(cache);
    assertThrows(FileSystemException.class, () -> PrivateFolder.temporary(cache, "x-"));
  }

  @Test
  void onlyRegularFilesOfThisUserArePrivate() throws IOException {
    Path file = Files.writeString(cache.resolve("file"), "x");
    OtherUsers.setMode(file, 0644);
    assertTrue(PrivateFolder.isPrivate(file));
    assertFalse(PrivateFolder.isPrivate(cache.resolve("absent")));
    assertFalse(PrivateFolder.isPrivate(Files.createSymbolicLink(cache.resolve("link"), file)));
    OtherUsers.setMode(file, 0664);
    assertFalse(PrivateFolder.isPrivate(file));
    OtherUsers.setMode(file, 0644);
    OtherUsers.own(file);
    assertFalse(PrivateFolder.isPrivate(file));
  }
}
