package org.bitnetj.clients;

import java.io.IOException;
import java.nio.file.Path;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;

/** The shipped model behind a server at a free port. */
final class Served implements AutoCloseable {
  /** Names who speaks; the shipped model has no template of its own. */
  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";

  private final LanguageModel model;
  private final ModelServer server;

  Served() throws IOException {
    model =
        LanguageModel.load(
            Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf"),
            LoadOptions.defaults().withChatTemplate(TEMPLATE).withKeptCacheBytes(64 << 20));
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
