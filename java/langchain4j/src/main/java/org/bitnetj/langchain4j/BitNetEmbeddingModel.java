package org.bitnetj.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.listener.EmbeddingModelListener;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.embedding.response.EmbeddingResponseMetadata;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.Objects;
import org.bitnetj.generate.EmbeddingModel;

/**
 * A model in this process as LangChain4j's {@link dev.langchain4j.model.embedding.EmbeddingModel}.
 * Vectors have length 1. Texts of a request are computed together. Thread-safe.
 */
public final class BitNetEmbeddingModel implements dev.langchain4j.model.embedding.EmbeddingModel {
  private final EmbeddingModel model;
  private final List<EmbeddingModelListener> listeners;

  private BitNetEmbeddingModel(EmbeddingModel model, List<EmbeddingModelListener> listeners) {
    this.model = model;
    this.listeners = listeners;
  }

  /**
   * Vectors of a loaded model.
   *
   * @param model must stay open, and is not closed
   * @return a model for LangChain4j
   */
  public static BitNetEmbeddingModel of(EmbeddingModel model) {
    return of(model, List.of());
  }

  /**
   * Vectors of a loaded model, with listeners.
   *
   * @param model must stay open, and is not closed
   * @param listeners hear of every request
   * @return a model for LangChain4j
   */
  public static BitNetEmbeddingModel of(
      EmbeddingModel model, List<EmbeddingModelListener> listeners) {
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(listeners, "listeners is null");
    return new BitNetEmbeddingModel(model, List.copyOf(listeners));
  }

  /**
   * @throws dev.langchain4j.exception.InvalidRequestException if a text does not fit the context
   * @throws dev.langchain4j.exception.RateLimitException if other texts leave it no memory
   */
  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    Objects.requireNonNull(request, "request is null");
    try {
      List<int[]> texts =
          request.inputs().stream().map(input -> model.encode(input.text())).toList();
      return EmbeddingResponse.builder()
          .embeddings(model.embedTokens(texts).stream().map(Embedding::from).toList())
          .metadata(
              EmbeddingResponseMetadata.builder()
                  .modelName(modelName())
                  .tokenUsage(new TokenUsage(texts.stream().mapToInt(ids -> ids.length).sum()))
                  .build())
          .build();
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public int dimension() {
    return model.info().width();
  }

  @Override
  public String modelName() {
    return model.info().name();
  }

  @Override
  public List<EmbeddingModelListener> listeners() {
    return listeners;
  }
}
