package org.bitnetj.springai;

import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Loads the model that the property {@code bitnet.model} names, and makes it Spring AI's chat and
 * embedding model. As with Spring AI's own models, {@code spring.ai.model.chat} and {@code
 * spring.ai.model.embedding} choose among several providers: {@code bitnet} is this one, {@code
 * none} is none. The model is closed with the application's context.
 */
@AutoConfiguration(after = ToolCallingAutoConfiguration.class)
@ConditionalOnProperty("bitnet.model")
@EnableConfigurationProperties(BitNetProperties.class)
public class BitNetAutoConfiguration {
  private static final String NAME = "bitnet";

  /** Made by Spring. */
  public BitNetAutoConfiguration() {}

  /**
   * Loads the model.
   *
   * @param properties those of {@code bitnet.}
   * @return the model, closed with the context
   * @throws IOException if the file is no model that can be used
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public LanguageModel bitNetLanguageModel(BitNetProperties properties) throws IOException {
    return LanguageModel.load(
        Objects.requireNonNull(properties.model(), "bitnet.model"), properties.load());
  }

  /**
   * Makes the model one that chats.
   *
   * @param model the loaded model
   * @param properties those of {@code bitnet.}
   * @param tools knows the definitions of tools
   * @param observations where requests are recorded, if there is one
   * @param convention how they are named, if there is one
   * @return the chat model
   */
  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnProperty(
      name = SpringAIModelProperties.CHAT_MODEL,
      havingValue = NAME,
      matchIfMissing = true)
  public BitNetChatModel bitNetChatModel(
      LanguageModel model,
      BitNetProperties properties,
      ToolCallingManager tools,
      ObjectProvider<ObservationRegistry> observations,
      ObjectProvider<ChatModelObservationConvention> convention) {
    return BitNetChatModel.builder()
        .model(model)
        .options(properties.chat().options())
        .toolCallingManager(tools)
        .observationRegistry(observations.getIfUnique(() -> ObservationRegistry.NOOP))
        .observationConvention(convention.getIfAvailable())
        .build();
  }

  /**
   * The engine's own, of the model that chats or of one for this alone.
   *
   * @param model the loaded model
   * @param properties those of {@code bitnet.}
   * @return a model for vectors
   * @throws IOException if the file is no model that can be used
   */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  @ConditionalOnProperty(
      name = SpringAIModelProperties.EMBEDDING_MODEL,
      havingValue = NAME,
      matchIfMissing = true)
  public EmbeddingModel bitNetEmbeddings(LanguageModel model, BitNetProperties properties)
      throws IOException {
    Path own = properties.embedding().model();
    return own == null ? EmbeddingModel.of(model) : EmbeddingModel.load(own, properties.load());
  }

  /**
   * Makes the engine's model for vectors Spring AI's.
   *
   * @param embeddings makes the vectors
   * @param observations where requests are recorded, if there is one
   * @param convention how they are named, if there is one
   * @return the embedding model
   */
  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnProperty(
      name = SpringAIModelProperties.EMBEDDING_MODEL,
      havingValue = NAME,
      matchIfMissing = true)
  public BitNetEmbeddingModel bitNetEmbeddingModel(
      EmbeddingModel embeddings,
      ObjectProvider<ObservationRegistry> observations,
      ObjectProvider<EmbeddingModelObservationConvention> convention) {
    return new BitNetEmbeddingModel(
        embeddings,
        observations.getIfUnique(() -> ObservationRegistry.NOOP),
        convention.getIfAvailable());
  }
}
