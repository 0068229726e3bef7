package org.bitnetj.server;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The names by which a server may be asked. Whoever owns a name can let it mean any machine, this
 * one too, while a page of theirs is open in a browser here, and the browser then takes the server
 * for the page's own (DNS rebinding). So requests by other names are refused. Addresses are
 * nobody's to change. Immutable.
 */
final class HostNames {
  private static final Pattern ADDRESS =
      Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+(%[^\\]]*)?\\]");

  private static final Pattern PORT = Pattern.compile(":\\d*$");

  private final Set<String> names = new HashSet<>(Set.of("localhost"));

  /**
   * @param bound the name or address that the server listens at
   * @param more other names, or {@code *} for all
   */
  HostNames(String bound, List<String> more) {
    names.add(bound.toLowerCase(Locale.ROOT));
    more.forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
  }

  boolean allows(ServerRequest request) {
    return allows(host(request));
  }

  private static String host(ServerRequest request) {
    return request.headers().first(HeaderNames.HOST).orElse("");
  }

  /**
   * @throws ApiException always: the request is for another name
   */
  Door.Answer refuse(ServerRequest request) {
    throw new ApiException(
        ApiException.Kind.FORBIDDEN,
        "Requests to this server by the name "
            + host(request)
            + " are refused; it must be told that the name is its own (bitnet serve"
            + " --allow-host).");
  }

  /**
   * @param host as the header has it, with a port or not
   */
  boolean allows(String host) {
    String name = PORT.matcher(host.toLowerCase(Locale.ROOT)).replaceFirst("");
    return names.contains("*") || names.contains(name) || ADDRESS.matcher(name).matches();
  }
}
