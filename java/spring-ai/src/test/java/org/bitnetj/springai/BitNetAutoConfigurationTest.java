package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ReadmeExample;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.beans.BeansException;
import org.springframework.context.ConfigurableApplicationContext;

class BitNetAutoConfigurationTest {
  @Test
  void onePropertyMakesTheModels() {
    try (ConfigurableApplicationContext context = Running.withModel()) {
      assertEquals(BitNetChatModel.class, context.getBean(ChatModel.class).getClass());
      assertEquals(BitNetEmbeddingModel.class, context.getBean(EmbeddingModel.class).getClass());
      assertEquals(1, context.getBeansOfType(ChatClient.Builder.class).size());
    }
  }

  @Test
  void withoutItThereIsNone() {
    try (ConfigurableApplicationContext context = Running.with()) {
      assertEquals(0, context.getBeansOfType(ChatModel.class).size());
      assertEquals(0, context.getBeansOfType(EmbeddingModel.class).size());
      assertEquals(0, context.getBeansOfType(LanguageModel.class).size());
    }
  }

  @Test
  void anotherProviderMayBeChosen() {
    try (ConfigurableApplicationContext context =
        Running.withModel("--spring.ai.model.chat=other", "--spring.ai.model.embedding=bitnet")) {
      assertEquals(0, context.getBeansOfType(ChatModel.class).size());
      assertEquals(1, context.getBeansOfType(EmbeddingModel.class).size());
    }
    try (ConfigurableApplicationContext context =
        Running.withModel("--spring.ai.model.embedding=none")) {
      assertEquals(1, context.getBeansOfType(ChatModel.class).size());
      assertEquals(0, context.getBeansOfType(EmbeddingModel.class).size());
    }
  }

  @Test
  void propertiesAreTheDefaultsOfRequests() {
    try (ConfigurableApplicationContext context =
        Running.withModel(
            "--bitnet.threads=1",
            "--bitnet.chat.temperature=0.25",
            "--bitnet.chat.top-k=7",
            "--bitnet.chat.top-p=0.5",
            "--bitnet.chat.min-p=0.125",
            "--bitnet.chat.repetition-penalty=1.5",
            "--bitnet.chat.presence-penalty=0.75",
            "--bitnet.chat.frequency-penalty=0.5",
            "--bitnet.chat.seed=9",
            "--bitnet.chat.max-tokens=5",
            "--bitnet.chat.stop-sequences=x,y",
            "--bitnet.chat.thinking=false")) {
      assertEquals(
          BitNetChatOptions.builder()
              .model("tiny-bitnet-stories")
              .temperature(0.25)
              .topK(7)
              .topP(0.5)
              .minP(0.125)
              .repetitionPenalty(1.5)
              .presencePenalty(0.75)
              .frequencyPenalty(0.5)
              .seed(9L)
              .maxTokens(5)
              .stopSequences(List.of("x", "y"))
              .thinking(false)
              .build(),
          context.getBean(ChatModel.class).getOptions());
      assertEquals(1, context.getBean(LanguageModel.class).threads());
    }
  }

  @Test
  void anEmbeddingModelMayHaveAFileOfItsOwn() {
    try (ConfigurableApplicationContext context =
        Running.withModel("--bitnet.embedding.model=" + ShippedModel.path())) {
      LanguageModel chats = context.getBean(LanguageModel.class);
      long steps = chats.status().steps();
      assertEquals(256, context.getBean(EmbeddingModel.class).embed("A story.").length);
      assertEquals(steps, chats.status().steps());
    }
  }

  @Test
  void theModelIsClosedWithItsContext() {
    LanguageModel model;
    try (ConfigurableApplicationContext context = Running.withModel()) {
      model = context.getBean(LanguageModel.class);
    }
    assertThrows(IllegalStateException.class, model::openSession);
    try (ConfigurableApplicationContext other = Running.withModel()) {
      assertNotSame(model, other.getBean(LanguageModel.class));
    }
  }

  @Test
  void aFileThatIsNoModelIsNamed(@TempDir Path folder) {
    BeansException failed =
        assertThrows(
            BeansException.class, () -> Running.with("--bitnet.model=" + folder.resolve("none")));
    assertTrue(String.valueOf(failed.getMessage()).contains("none"), failed.getMessage());
  }

  @Test
  void theExampleInTheReadmeRuns(@TempDir Path folder) throws Exception {
    String said =
        ReadmeExample.run(
            "spring-ai",
            "com.example.Teller",
            folder,
            "--bitnet.model=" + ShippedModel.path(),
            "--bitnet.chat-template=" + ShippedModel.TEMPLATE);
    assertTrue(said.contains("Feeling[mood="), said);
  }
}
