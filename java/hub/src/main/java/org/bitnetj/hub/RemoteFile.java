package org.bitnetj.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A file of a repository.
 *
 * @param name its path in the repository, safe as a file name here
 * @param hash in hexadecimal, what the hub calls its etag: of big files the SHA-256 of their bytes,
 *     of others the SHA-1 of git's blob. It is the name of the file in the cache.
 * @param size in bytes
 */
record RemoteFile(String name, String hash, long size) {
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
  private static final int SHA1_LENGTH = 40;
  private static final int BUFFER = 1 << 20;

  static boolean isHash(String text) {
    return HASH.matcher(text).matches();
  }

  String algorithm() {
    return hash.length() == SHA1_LENGTH ? "SHA-1" : "SHA-256";
  }

  /** The hash of a file's bytes, made the way this one's was. */
  String hashOf(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance(algorithm());
      if (hash.length() == SHA1_LENGTH) {
        digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
      }
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every JDK has both
    }
  }
}
