package org.bitnetj.server;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Makes every HTTP/1.1 connection of the server a {@link Connection}, and ends those whose clients
 * are too slow. Thread-safe.
 */
final class Connections implements ServerConnectionSelector, AutoCloseable {
  private final ServerConnectionSelector http =
      Http1ConnectionSelector.builder().config(Http1Config.create()).build();
  private final Duration transferTime;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("bitnet-connections").factory());

  /**
   * @param transferTime how long a client may take for a request's head, for its body, and for each
   *     piece of an answer
   */
  Connections(Duration transferTime) {
    this.transferTime = transferTime;
    long tick = Math.clamp(transferTime.toNanos() / 8, 1_000_000L, 1_000_000_000L);
    clock.scheduleWithFixedDelay(
        () -> open.forEach(connection -> connection.endIfLate(System.nanoTime())),
        tick,
        tick,
        TimeUnit.NANOSECONDS);
  }

  @Override
  public ServerConnection connection(ConnectionContext context) {
    Connection connection = new Connection(context, transferTime);
    return connection.handled(http.connection(connection), open);
  }

  @Override
  public int bytesToIdentifyConnection() {
    return http.bytesToIdentifyConnection();
  }

  @Override
  public Support supports(BufferData data) {
    return http.supports(data);
  }

  @Override
  public Set<String> supportedApplicationProtocols() {
    return http.supportedApplicationProtocols();
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
