package org.bitnetj.memory;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where programs of this user keep their files, by the XDG base directory specification; on macOS
 * in {@code ~/Library}, on Windows in {@code %LOCALAPPDATA%}.
 *
 * @param properties the system properties {@code os.name} and {@code user.home}
 * @param variables environment variables
 */
public record UserFolders(
    Function<String, @Nullable String> properties, Function<String, @Nullable String> variables) {

  /** The real ones. */
  public static UserFolders real() {
    return new UserFolders(System::getProperty, System::getenv);
  }

  /**
   * For what can be made again: {@code $XDG_CACHE_HOME} or {@code ~/.cache}, on macOS {@code
   * ~/Library/Caches}. It need not exist; empty if the user has no home.
   */
  public Optional<Path> cache() {
    return folder("XDG_CACHE_HOME", ".cache", "Caches", "AppData/Local");
  }

  /**
   * For what is remembered between runs: {@code $XDG_STATE_HOME} or {@code ~/.local/state}, on
   * macOS {@code ~/Library/Application Support}. It need not exist; empty if the user has no home,
   * and on Windows if {@code %LOCALAPPDATA%} says nothing.
   */
  public Optional<Path> state() {
    return folder("XDG_STATE_HOME", ".local/state", "Application Support", null);
  }

  private Optional<Path> folder(
      String variable, String inHome, String inLibrary, @Nullable String windows) {
    String os = String.valueOf(properties.apply("os.name")).toLowerCase(Locale.ROOT);
    Optional<Path> home = absolute(properties.apply("user.home"));
    if (os.startsWith("windows")) {
      Optional<Path> local = absolute(variables.apply("LOCALAPPDATA"));
      return windows == null ? local : local.or(() -> home.map(h -> h.resolve(windows)));
    }
    if (os.startsWith("mac")) {
      return home.map(h -> h.resolve("Library").resolve(inLibrary));
    }
    return absolute(variables.apply(variable)).or(() -> home.map(h -> h.resolve(inHome)));
  }

  /** The XDG specification has others ignored. */
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
