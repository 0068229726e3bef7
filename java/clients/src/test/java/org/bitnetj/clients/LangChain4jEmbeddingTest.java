package org.bitnetj.clients;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's tests that every embedding model must pass, of its client of OpenAI's API. */
@Timeout(120)
class LangChain4jEmbeddingTest extends AbstractEmbeddingModelIT {
  private Served served;

  @BeforeAll
  void serve() throws IOException {
    served = new Served();
  }

  @AfterAll
  void close() {
    served.close();
  }

  private OpenAiEmbeddingModel.OpenAiEmbeddingModelBuilder builder() {
    return OpenAiEmbeddingModel.builder()
        .baseUrl(served.url() + "/v1")
        .modelName("any")
        .maxRetries(0);
  }

  @Override
  protected List<EmbeddingModel> models() {
    return List.of(builder().build());
  }

  @Override
  protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
    return builder().listeners(List.of(listener)).build();
  }

  /** Of a width that the server refuses. */
  @Override
  protected EmbeddingModel failingModelWith(EmbeddingModelListener listener) {
    return builder().dimensions(1).listeners(List.of(listener)).build();
  }

  /** The only width that the server has. */
  @Override
  protected int dimensionsParameter() {
    return builder().build().dimension();
  }

  @Override
  protected boolean supportsInputTypeParameter() {
    return false;
  }

  @Override
  protected boolean supportsImageInput() {
    return false;
  }
}
