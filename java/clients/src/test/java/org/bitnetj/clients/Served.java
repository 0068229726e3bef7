package org.bitnetj.clients;

import java.io.IOException;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;
import org.bitnetj.testkit.ShippedModel;

/** The shipped model behind a server at a free port. */
final class Served implements AutoCloseable {
  private final LanguageModel model;
  private final ModelServer server;

  Served() throws IOException {
    model =
        LanguageModel.load(
            ShippedModel.path(),
            LoadOptions.defaults()
                .withChatTemplate(ShippedModel.TEMPLATE)
                .withKeptCacheBytes(64 << 20));
    server = ModelServer.start(model, ServerOptions.defaults().withPort(0));
  }

  String url() {
    return "http://127.0.0.1:" + server.port();
  }

  @Override
  public void close() {
    server.close();
    model.close();
  }
}
