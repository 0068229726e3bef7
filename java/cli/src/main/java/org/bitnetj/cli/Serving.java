package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
import org.jspecify.annotations.Nullable;

/** Runs a server until the process is told to end. */
final class Serving {
  /** Kept, so that its level is not forgotten: its notes at the start are of no use to users. */
  private static final Logger LIBRARY = Logger.getLogger("io.helidon");

  private final ServerOptions options;

  /**
   * @param keys each as {@link ApiKey#parse} reads it
   * @param logFormat one of {@link LogFormat}
   * @param certificate and its key, for HTTPS; both are there or neither
   * @throws IllegalArgumentException if a value is wrong; the message is a sentence
   * @throws IOException if the certificate cannot be used
   */
  Serving(
      String host,
      int port,
      Optional<String> modelName,
      int parallel,
      int queue,
      Duration requestTime,
      Duration transferTime,
      List<String> keys,
      List<String> origins,
      List<String> hosts,
      @Nullable Path certificate,
      @Nullable Path certificateKey,
      String logFormat,
      Consumer<String> log)
      throws IOException {
    ServerOptions chosen =
        ServerOptions.defaults()
            .withHost(host)
            .withPort(port)
            .withParallel(parallel)
            .withQueue(queue)
            .withRequestTime(requestTime)
            .withTransferTime(transferTime)
            .withApiKeys(read(keys))
            .withOrigins(origins)
            .withHosts(hosts)
            .withLogFormat(LogFormat.valueOf(logFormat))
            .withLog(log);
    if (certificate != null && certificateKey != null) {
      chosen = chosen.withCertificate(ServerCertificate.read(certificate, certificateKey));
    }
    options = modelName.isPresent() ? chosen.withModelName(modelName.get()) : chosen;
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
