package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.server.ApiKey;
import org.bitnetj.server.LogFormat;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerCertificate;
import org.bitnetj.server.ServerOptions;

/**
 * Runs a server until the process is told to end. What is not set is as in {@link
 * ServerOptions#defaults}; a wrong value is refused with an {@link IllegalArgumentException} whose
 * message is a sentence. Not thread-safe.
 */
final class Serving {
  /** Kept, so that its level is not forgotten: its notes at the start are of no use to users. */
  private static final Logger LIBRARY = Logger.getLogger("io.helidon");

  private ServerOptions options;

  /**
   * @param log receives what is told
   */
  Serving(Consumer<String> log) {
    options = ServerOptions.defaults().withLog(log);
  }

  Serving host(String address) {
    options = options.withHost(address);
    return this;
  }

  Serving port(int number) {
    options = options.withPort(number);
    return this;
  }

  Serving modelName(String name) {
    options = options.withModelName(name);
    return this;
  }

  Serving parallel(int texts) {
    options = options.withParallel(texts);
    return this;
  }

  Serving drafting(boolean value) {
    options = options.withDrafting(value);
    return this;
  }

  Serving queue(int requests) {
    options = options.withQueue(requests);
    return this;
  }

  Serving requestTime(Duration most) {
    options = options.withRequestTime(most);
    return this;
  }

  Serving transferTime(Duration most) {
    options = options.withTransferTime(most);
    return this;
  }

  /**
   * @param lines each as {@link ApiKey#parse} reads it
   */
  Serving keys(List<String> lines) {
    options = options.withApiKeys(read(lines));
    return this;
  }

  Serving origins(List<String> pages) {
    options = options.withOrigins(pages);
    return this;
  }

  Serving hosts(List<String> names) {
    options = options.withHosts(names);
    return this;
  }

  /**
   * Speaks HTTPS.
   *
   * @throws IOException if the certificate cannot be used
   */
  Serving certificate(Path certificate, Path key) throws IOException {
    options = options.withCertificate(ServerCertificate.read(certificate, key));
    return this;
  }

  /**
   * @param name that of a {@link LogFormat}
   */
  Serving logFormat(String name) {
    options = options.withLogFormat(LogFormat.valueOf(name));
    return this;
  }

  private static List<ApiKey> read(List<String> lines) {
    return IntStream.range(0, lines.size())
        .mapToObj(i -> ApiKey.parse(lines.get(i), "key-" + (i + 1)))
        .toList();
  }

  /** Returns when the process has been told to end and all answers have ended. */
  void run(LanguageModel model, Streams streams) throws IOException {
    LIBRARY.setLevel(Level.WARNING);
    ModelServer server = ModelServer.start(model, options);
    CountDownLatch ended = new CountDownLatch(1);
    Runnable end =
        () -> {
          server.close(); // lets answers end, before the model is closed under them
          model.close();
          ended.countDown();
        };
    Runtime.getRuntime().addShutdownHook(new Thread(end, "end the server"));
    announce(model, server.port(), streams);
    try {
      ended.await();
    } catch (InterruptedException e) {
      end.run();
      Thread.currentThread().interrupt();
    }
  }

  private void announce(LanguageModel model, int port, Streams streams) {
    String host = options.host();
    String shown = host.equals("0.0.0.0") || host.equals("::") ? "127.0.0.1" : host;
    streams.tell(
        "bitnet: serving "
            + model.info().name()
            + (options.certificate().isPresent() ? " at https://" : " at http://")
            + (shown.contains(":") ? "[" + shown + "]" : shown)
            + ":"
            + port
            + " ("
            + model.kernels()
            + " kernels, "
            + model.threads()
            + " threads)");
    if (model.chatTemplate().isEmpty()) {
      streams.tell(
          "bitnet: note: this model has no chat template, so it only continues texts; give one by"
              + " --chat-template.");
    }
  }
}
