package org.bitnetj.memory;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where programs of this user keep what they can make again: {@code $XDG_CACHE_HOME} or {@code
 * ~/.cache} (XDG base directory specification), on macOS {@code ~/Library/Caches}, on Windows
 * {@code %LOCALAPPDATA%}.
 *
 * @param properties the system properties {@code os.name} and {@code user.home}
 * @param variables environment variables
 */
public record UserCache(
    Function<String, @Nullable String> properties, Function<String, @Nullable String> variables) {

  /** The real one; empty if the user has no home. */
  public static Optional<Path> find() {
    return new UserCache(System::getProperty, System::getenv).folder();
  }

  /** The folder, which need not exist. */
  public Optional<Path> folder() {
    String os = String.valueOf(properties.apply("os.name")).toLowerCase(Locale.ROOT);
    Optional<Path> home = absolute(properties.apply("user.home"));
    if (os.startsWith("windows")) {
      return absolute(variables.apply("LOCALAPPDATA"))
          .or(() -> home.map(h -> h.resolve("AppData").resolve("Local")));
    }
    if (os.startsWith("mac")) {
      return home.map(h -> h.resolve("Library").resolve("Caches"));
    }
    return absolute(variables.apply("XDG_CACHE_HOME")).or(() -> home.map(h -> h.resolve(".cache")));
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
