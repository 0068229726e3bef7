package org.bitnetj.springai;

import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bitnetj.generate.EmbeddingModel;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;
import org.springframework.ai.embedding.observation.DefaultEmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationContext;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationDocumentation;

/**
 * A model in this process as Spring AI's {@link org.springframework.ai.embedding.EmbeddingModel}.
 * Vectors have length 1. Texts of a request are computed together. Thread-safe.
 */
public final class BitNetEmbeddingModel implements org.springframework.ai.embedding.EmbeddingModel {
  private static final EmbeddingModelObservationConvention DEFAULT_CONVENTION =
      new DefaultEmbeddingModelObservationConvention();

  private final EmbeddingModel model;
  private final ObservationRegistry observations;
  private final @Nullable EmbeddingModelObservationConvention convention;

  /**
   * Vectors of a loaded model, without observations.
   *
   * @param model must stay open, and is not closed
   */
  public BitNetEmbeddingModel(EmbeddingModel model) {
    this(model, ObservationRegistry.NOOP, null);
  }

  /**
   * Vectors of a loaded model.
   *
   * @param model must stay open, and is not closed
   * @param observations where calls are recorded
   * @param convention how they are named; null for Spring AI's own names
   */
  public BitNetEmbeddingModel(
      EmbeddingModel model,
      ObservationRegistry observations,
      @Nullable EmbeddingModelObservationConvention convention) {
    this.model = Objects.requireNonNull(model, "model is null");
    this.observations = Objects.requireNonNull(observations, "observations is null");
    this.convention = convention;
  }

  /**
   * @throws IllegalArgumentException if the options ask for another model or other dimensions, or a
   *     text has no tokens
   * @throws org.bitnetj.error.ContextOverflowException if a text does not fit the context
   * @throws org.bitnetj.error.KvCacheFullException if other texts leave it no memory
   */
  @Override
  public EmbeddingResponse call(EmbeddingRequest request) {
    Objects.requireNonNull(request, "request is null");
    check(request.getOptions());
    EmbeddingModelObservationContext context =
        EmbeddingModelObservationContext.builder()
            .embeddingRequest(
                new EmbeddingRequest(
                    request.getInstructions(),
                    EmbeddingOptions.builder().model(name()).dimensions(dimensions()).build()))
            .provider("bitnet")
            .build();
    return Objects.requireNonNull(
        EmbeddingModelObservationDocumentation.EMBEDDING_MODEL_OPERATION
            .observation(convention, DEFAULT_CONVENTION, () -> context, observations)
            .observe(
                () -> {
                  EmbeddingResponse response = embedTexts(request.getInstructions());
                  context.setResponse(response);
                  return response;
                }));
  }

  private void check(@Nullable EmbeddingOptions options) {
    if (options == null) {
      return;
    }
    if (options.getModel() != null && !options.getModel().equals(name())) {
      throw new IllegalArgumentException(
          "This is the model '%s'; there is no model '%s' here."
              .formatted(name(), options.getModel()));
    }
    if (options.getDimensions() != null && options.getDimensions() != dimensions()) {
      throw new IllegalArgumentException(
          "The vectors of '%s' have %d dimensions, not %d."
              .formatted(name(), dimensions(), options.getDimensions()));
    }
  }

  private EmbeddingResponse embedTexts(List<String> texts) {
    List<int[]> tokens = texts.stream().map(model::encode).toList();
    List<Embedding> embeddings = new ArrayList<>();
    for (float[] vector : model.embedTokens(tokens)) {
      embeddings.add(new Embedding(vector, embeddings.size()));
    }
    int count = tokens.stream().mapToInt(ids -> ids.length).sum();
    return new EmbeddingResponse(
        embeddings, new EmbeddingResponseMetadata(name(), new DefaultUsage(count, 0)));
  }

  @Override
  public float[] embed(Document document) {
    Objects.requireNonNull(document, "document is null");
    return embed(Objects.requireNonNullElse(getEmbeddingContent(document), ""));
  }

  @Override
  public int dimensions() {
    return model.info().width();
  }

  private String name() {
    return model.info().name();
  }
}
