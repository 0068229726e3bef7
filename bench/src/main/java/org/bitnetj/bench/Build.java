package org.bitnetj.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bitnetj.kernel.ffi.NativeLibrary;

/**
 * Which bitnet.java this is.
 *
 * @param version of the project
 * @param commit of its sources, with {@code -dirty} if tracked files were changed since; {@code
 *     unknown} if it was not built in a clone
 * @param compiler of the native kernels, with its version; {@code none} if there are none here
 */
public record Build(String version, String commit, String compiler) {
  /** In place of what is not known. */
  static final String UNKNOWN = "unknown";

  /** At the end of a commit that was changed. */
  static final String CHANGED = "-dirty";

  /** This one. Loads the native library. */
  public static Build here() {
    List<String> lines = resource().lines().toList();
    String compiler =
        switch (NativeLibrary.status()) {
          case NativeLibrary.Loaded loaded ->
              loaded.compiler().isEmpty() ? UNKNOWN : loaded.compiler();
          case NativeLibrary.Missing _ -> "none";
        };
    return new Build(lines.get(0), lines.get(1), compiler);
  }

  /** What the build wrote. */
  private static String resource() {
    try (InputStream in = Build.class.getResourceAsStream("version")) {
      if (in == null) {
        throw new IllegalStateException(
            "org/bitnetj/bench/version is missing from the class path; build with Maven.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** In one line. */
  @Override
  public String toString() {
    return version
        + ", commit "
        + commit
        + ", "
        + (compiler.equals("none") ? "no native kernels" : "native kernels by " + compiler);
  }
}
