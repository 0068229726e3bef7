package org.bitnetj.kernel.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.bitnetj.memory.PrivateFolder;
import org.jspecify.annotations.Nullable;

/**
 * The native library as it travels in the jar: {@code /META-INF/native/<os>-<arch>/<file name>} and
 * beside it, under the same name plus {@code .sha256}, its hash in hexadecimal.
 */
final class LibraryResource {
  private static final String ROOT = "/META-INF/native/";

  /** For so long a copy is kept that is not used. */
  static final int KEPT_DAYS = 30;

  private final Function<String, @Nullable InputStream> resources;
  private final String name;
  private final String fileName;
  private final String sha256;

  /**
   * @param resources opens a resource by its absolute name, null if there is none
   * @param platform {@code <os>-<arch>}
   * @throws LibraryException if there is no library for the platform, or no hash of it
   */
  LibraryResource(
      Function<String, @Nullable InputStream> resources, String platform, String fileName)
      throws LibraryException {
    this.resources = resources;
    this.fileName = fileName;
    this.name = ROOT + platform + "/" + fileName;
    byte @Nullable [] hash = read(name + ".sha256");
    if (hash == null) {
      throw new LibraryException(
          "this build of bitnet.java has no native library for "
              + platform
              + " (resource "
              + name
              + "): use a build made for it, or build it here without -Dnative.skip");
    }
    this.sha256 = new String(hash, StandardCharsets.US_ASCII).strip();
    if (sha256.length() != 64 || !sha256.chars().allMatch(HexFormat::isHexDigit)) {
      throw damaged(name + ".sha256 does not hold a SHA-256");
    }
  }

  /** The hash that the library must have. */
  String sha256() {
    return sha256;
  }

  /**
   * The library as a file in a {@link PrivateFolder}: the one that is there if only this user can
   * change it and it has the right content, else a new copy, put in place by one atomic step.
   *
   * <p>To unpack the library from the jar, and to hash it, takes long beside what else a start
   * does. So a copy whose hash was right when it was made gets a file beside it with its size and
   * CRC-32, by which it is known again. That file's time says when the copy was last used, to the
   * day. Whoever makes a new copy removes those beside it, of other builds, that were not used for
   * {@value #KEPT_DAYS} days.
   *
   * @throws IOException if the folder cannot be written
   * @throws LibraryException if the library in the jar does not have its hash
   */
  Path extractTo(Path folder) throws IOException, LibraryException {
    Path file = folder.resolve(fileName);
    Path sum = folder.resolve(fileName + ".crc32");
    byte[] found = PrivateFolder.isPrivate(file) ? Files.readAllBytes(file) : new byte[0];
    if (found.length != 0
        && PrivateFolder.isPrivate(sum)
        && Files.readString(sum, StandardCharsets.ISO_8859_1).equals(sum(found))) {
      markUsed(sum);
      return file;
    }
    byte[] content = content();
    if (!Arrays.equals(found, content)) { // else another process may have it in use
      replace(file, content);
    }
    replace(sum, sum(content).getBytes(StandardCharsets.ISO_8859_1));
    sweepOthers(folder);
    return file;
  }

  private static void markUsed(Path sum) {
    try {
      Instant now = Instant.now();
      if (Files.getLastModifiedTime(sum).toInstant().isBefore(now.minus(1, ChronoUnit.DAYS))) {
        Files.setLastModifiedTime(sum, FileTime.from(now));
      }
    } catch (IOException e) {
      // on a file system that is read-only now: then nothing is swept there either
    }
  }

  /** Removes old copies beside a folder; what a system does not let go stays. */
  private static void sweepOthers(Path folder) {
    Instant oldest = Instant.now().minus(KEPT_DAYS, ChronoUnit.DAYS);
    try (DirectoryStream<Path> others =
        Files.newDirectoryStream(folder.toAbsolutePath().getParent(), LibraryResource::isCopy)) {
      for (Path other : others) {
        if (!other.getFileName().equals(folder.getFileName())) {
          try {
            sweep(other, oldest);
          } catch (IOException e) {
            // it stays, and the others go
          }
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // a start does not fail because of what others left
    }
  }

  private static boolean isCopy(Path folder) {
    String name = folder.getFileName().toString();
    return name.length() == 64
        && name.chars().allMatch(HexFormat::isHexDigit)
        && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
  }

  private static void sweep(Path folder, Instant oldest) throws IOException {
    List<Path> files;
    try (Stream<Path> in = Files.list(folder)) {
      files = in.toList();
    }
    if (files.isEmpty()) { // another process is about to copy into it
      return;
    }
    for (Path file : files) {
      if (!Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(oldest)
          || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder);
  }

  /**
   * A copy in a new folder that nothing else is in.
   *
   * @throws IOException if the folder cannot be written
   * @throws LibraryException if the library in the jar does not have its hash
   */
  Path copyTo(Path folder) throws IOException, LibraryException {
    return replace(folder.resolve(fileName), content());
  }

  private byte[] content() throws LibraryException {
    byte @Nullable [] content = read(name);
    if (content == null) {
      throw damaged(name + " is missing");
    }
    if (!sha256.equals(HexFormat.of().formatHex(digest().digest(content)))) {
      throw damaged(name + " does not have the SHA-256 that was recorded when it was built");
    }
    return content;
  }

  private static Path replace(Path file, byte[] content) throws IOException {
    Path temporary = // for this user only
        Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
    try {
      Files.write(temporary, content);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** What a copy is known by: its size and CRC-32. */
  private static String sum(byte[] content) {
    CRC32 crc = new CRC32();
    crc.update(content);
    return content.length + " " + crc.getValue();
  }

  private byte @Nullable [] read(String resource) throws LibraryException {
    try (InputStream in = resources.apply(resource)) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw damaged(resource + " cannot be read (" + e.getMessage() + ")");
    }
  }

  private static LibraryException damaged(String what) {
    return new LibraryException(
        "the bitnet.java jar is damaged: " + what + "; get the jar again or build it anew");
  }

  /** The SHA-256 of a file's content in lower-case hexadecimal. */
  static String hash(Path file) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
