package org.bitnetj.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.common.AbstractEmbeddingModelIT;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;

/** LangChain4j's tests that every embedding model must pass. */
class EmbeddingModelContractTest extends AbstractEmbeddingModelIT {
  private final LanguageModel model = ShippedModel.load();

  @AfterAll
  void close() {
    model.close();
  }

  @Override
  protected List<EmbeddingModel> models() {
    return List.of(modelWith(List.of(), model));
  }

  @Override
  protected EmbeddingModel modelWith(EmbeddingModelListener listener) {
    return modelWith(List.of(listener), model);
  }

  @Override
  protected EmbeddingModel failingModelWith(EmbeddingModelListener listener) {
    LanguageModel closed = ShippedModel.load();
    EmbeddingModel failing = modelWith(List.of(listener), closed);
    closed.close();
    return failing;
  }

  private static EmbeddingModel modelWith(
      List<EmbeddingModelListener> listeners, LanguageModel language) {
    try {
      return BitNetEmbeddingModel.of(org.bitnetj.generate.EmbeddingModel.of(language), listeners);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected boolean supportsInputTypeParameter() {
    return false;
  }

  @Override
  protected boolean supportsDimensionsParameter() {
    return false;
  }

  @Override
  protected boolean supportsImageInput() {
    return false;
  }
}
