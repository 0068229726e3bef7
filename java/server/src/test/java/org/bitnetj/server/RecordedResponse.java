package org.bitnetj.server;

import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** A response that goes nowhere: what is written to it is passed on. */
final class RecordedResponse {
  /** Receives what is written between two flushes. */
  interface Client {
    void receive(String text) throws IOException;
  }

  private RecordedResponse() {}

  static ServerResponse to(Client client) {
    OutputStream out =
        new OutputStream() {
          private final StringBuilder held = new StringBuilder();

          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes, int from, int length) {
            held.append(new String(bytes, from, length, StandardCharsets.UTF_8));
          }

          @Override
          public void flush() throws IOException {
            String text = held.toString();
            held.setLength(0);
            client.receive(text);
          }
        };
    return (ServerResponse)
        Proxy.newProxyInstance(
            RecordedResponse.class.getClassLoader(),
            new Class<?>[] {ServerResponse.class},
            (proxy, method, arguments) ->
                method.getReturnType() == OutputStream.class
                    ? out
                    : method.getReturnType().isInstance(proxy) ? proxy : null);
  }

  /** The same for a client that never fails. */
  static ServerResponse collecting(Consumer<String> client) {
    return to(client::accept);
  }
}
