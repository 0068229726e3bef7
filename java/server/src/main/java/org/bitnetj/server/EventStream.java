package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An answer as server-sent events, as the HTML standard defines them. Headers go out with the first
 * event, so that a request can still be refused before. Thread-safe.
 */
final class EventStream implements AutoCloseable {
  /** The client has closed the connection. */
  static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1;

    Gone(@Nullable Throwable cause) {
      super("The client has gone.", cause);
    }
  }

  private final ServerResponse response;
  private Consumer<ApiException> failure;
  private OutputStream out = OutputStream.nullOutputStream();
  private boolean open;
  private boolean failed;

  /**
   * @param dialect in which a failure is told
   */
  EventStream(ServerResponse response, Dialect dialect) {
    this.response = response;
    this.failure =
        e -> {
          if (dialect == Dialect.ANTHROPIC) {
            event("error", dialect.error(e));
          } else {
            data(dialect.error(e));
          }
        };
  }

  /** Says how a failure is told in the midst of the stream. */
  void onFailure(Consumer<ApiException> teller) {
    failure = teller;
  }

  /** Tells that the stream ends here, and why. */
  void fail(ApiException e) {
    failure.accept(e);
  }

  /** Whether something has been sent, so that another status is too late. */
  synchronized boolean isOpen() {
    return open;
  }

  /** An event without a name. */
  void data(JsonNode data) {
    write("data: " + data + "\n\n");
  }

  void event(String name, JsonNode data) {
    write("event: " + name + "\ndata: " + data + "\n\n");
  }

  /** What OpenAI's streams end with. */
  void done() {
    write("data: [DONE]\n\n");
  }

  /** A line that clients skip: it shows that the server is at work, and whether the client is. */
  void comment(String text) {
    write(": " + text + "\n\n");
  }

  private synchronized void write(String text) {
    try {
      if (!open) {
        open = true;
        response.status(Status.OK_200);
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        response.header(HeaderNames.CACHE_CONTROL, "no-cache");
        response.header(HeaderNames.create("X-Accel-Buffering"), "no"); // nginx passes it on
        out = response.outputStream();
      }
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException
        | UncheckedIOException
        | IllegalStateException
        | ServerConnectionException e) {
      failed = true;
      throw new Gone(e);
    }
  }

  /** Sends the end of a stream that has begun. */
  @Override
  public synchronized void close() {
    if (open && !failed) {
      try {
        out.close();
        if (response instanceof RoutingResponse whole) {
          whole.commit(); // else the last bytes go out later, unknown to who waits for them
        }
      } catch (IOException | UncheckedIOException | ServerConnectionException e) {
        failed = true; // the client left at the very end
      }
    }
  }
}
