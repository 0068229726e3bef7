package org.bitnetj.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which hub, on whose behalf, into which cache.
 *
 * @param endpoint the hub's address, {@code http} or {@code https}, without a slash at its end
 * @param token what the hub knows the user by; sent to the endpoint alone
 * @param cache the folder of repositories ({@code models--owner--name})
 * @param offline whether nothing may be fetched
 * @param symlinks whether the cache may use symbolic links where the system has them
 */
public record HubOptions(
    URI endpoint, Optional<String> token, Path cache, boolean offline, boolean symlinks) {
  /** Refuses null. */
  public HubOptions {
    Objects.requireNonNull(endpoint, "endpoint is null");
    Objects.requireNonNull(token, "token is null");
    Objects.requireNonNull(cache, "cache is null");
  }

  private static final String HUB = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  /**
   * {@return what the environment says to the hub's own tools: {@code HF_ENDPOINT}, {@code
   * HF_TOKEN} or the token file ({@code HF_TOKEN_PATH}), {@code HF_HOME}, {@code HF_HUB_CACHE},
   * {@code HF_HUB_OFFLINE}, {@code HF_HUB_DISABLE_SYMLINKS}}
   *
   * @throws HubException if a variable makes no sense
   */
  public static HubOptions fromEnvironment() throws HubException {
    return from(System::getenv, Path.of(System.getProperty("user.home", ".")));
  }

  /**
   * The same, but with the public hub whatever {@code HF_ENDPOINT} says: for what asks no server,
   * and before {@link #withEndpoint}.
   *
   * @return options without {@code HF_ENDPOINT}
   * @throws HubException if a variable makes no sense
   */
  public static HubOptions ofPublicHub() throws HubException {
    return ofPublicHub(System::getenv, Path.of(System.getProperty("user.home", ".")));
  }

  static HubOptions ofPublicHub(Function<String, @Nullable String> variables, Path user)
      throws HubException {
    return from(name -> name.equals("HF_ENDPOINT") ? null : variables.apply(name), user);
  }

  /** Source of names and defaults: huggingface_hub, constants.py and utils/_auth.py. */
  static HubOptions from(Function<String, @Nullable String> variables, Path user)
      throws HubException {
    Environment environment = new Environment(variables, user);
    Path home =
        environment
            .folder("HF_HOME")
            .or(() -> environment.folder("XDG_CACHE_HOME").map(x -> x.resolve("huggingface")))
            .orElse(user.resolve(".cache").resolve("huggingface"));
    Path cache =
        environment
            .folder("HF_HUB_CACHE")
            .or(() -> environment.folder("HUGGINGFACE_HUB_CACHE"))
            .orElse(home.resolve("hub"));
    Path tokenFile = environment.folder("HF_TOKEN_PATH").orElse(home.resolve("token"));
    Optional<String> token =
        environment
            .text("HF_TOKEN")
            .or(() -> environment.text("HUGGING_FACE_HUB_TOKEN"))
            .or(() -> content(tokenFile));
    return new HubOptions(
        endpoint(environment.text("HF_ENDPOINT").orElse(HUB), "HF_ENDPOINT"),
        environment.flag("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? Optional.empty() : token,
        cache,
        environment.flag("HF_HUB_OFFLINE") || environment.flag("TRANSFORMERS_OFFLINE"),
        !environment.flag("HF_HUB_DISABLE_SYMLINKS"));
  }

  private record Environment(Function<String, @Nullable String> variables, Path user) {
    Optional<String> text(String variable) {
      return Optional.ofNullable(variables.apply(variable))
          .map(String::strip)
          .filter(value -> !value.isEmpty());
    }

    boolean flag(String variable) {
      return text(variable).filter(v -> TRUE.contains(v.toUpperCase(Locale.ROOT))).isPresent();
    }

    Optional<Path> folder(String variable) {
      return text(variable)
          .map(
              value ->
                  value.equals("~") || value.startsWith("~/")
                      ? user.resolve(value.substring(1).replaceFirst("^/+", ""))
                      : Path.of(value))
          .map(Path::toAbsolutePath);
    }
  }

  private static Optional<String> content(Path file) {
    try {
      return Optional.of(Files.readString(file).strip()).filter(token -> !token.isEmpty());
    } catch (IOException e) {
      return Optional.empty(); // as a rule there is none
    }
  }

  private static URI endpoint(String text, String source) throws HubException {
    try {
      URI uri = new URI(text.replaceFirst("/+$", ""));
      if (HubClient.isHttp(uri) && uri.getQuery() == null && uri.getFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // as if it had another scheme
    }
    throw new HubException(
        source + " is '" + text + "', which is not an address such as " + HUB + ".");
  }

  /**
   * The same with another hub.
   *
   * @param address {@code http} or {@code https}, without query
   * @return these options with another {@link #endpoint}
   * @throws HubException if that is no address of one
   */
  public HubOptions withEndpoint(String address) throws HubException {
    Objects.requireNonNull(address, "address is null");
    return new HubOptions(endpoint(address, "the hub"), token, cache, offline, symlinks);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return endpoint + " -> " + cache + (offline ? " (offline)" : "");
  }
}
