package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.ai.tool.annotation.ToolParam;
import org.springframework.context.ConfigurableApplicationContext;

/** Spring AI's client over the model of an application. */
class ChatClientTest {
  enum Mood {
    GLAD,
    SAD
  }

  record Feeling(Mood mood, boolean certain) {}

  static final class Weather {
    final List<String> asked = new ArrayList<>();

    @Tool(description = "Tells the weather.")
    String weather(@ToolParam(description = "where") String city) {
      asked.add(city);
      return "rain";
    }
  }

  private static ConfigurableApplicationContext context;
  private static LanguageModel language;

  @BeforeAll
  static void start() {
    context = Running.withModel("--bitnet.chat.seed=1");
    language = context.getBean(LanguageModel.class);
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static ChatClient scripted() {
    return ChatClient.create(
        new Scripted(
            context.getBean(ChatModel.class),
            (options, text) ->
                ((BitNetChatOptions) options)
                    .mutate()
                    .constraint(ShippedModel.saying(language, text))
                    .build()));
  }

  @Test
  void anAnswerBecomesAnObjectOfItsClass() {
    Feeling feeling =
        context
            .getBean(ChatClient.Builder.class)
            .build()
            .prompt("How did the prince feel?")
            .call()
            .entity(Feeling.class, entity -> entity.useProviderStructuredOutput());
    assertNotNull(feeling);
    assertNotNull(feeling.mood());
  }

  @Test
  void toolsAreCalledAndTheirResultsAnswered() {
    Weather weather = new Weather();
    String answer =
        scripted().prompt("How is the weather in Rome?").tools(weather).call().content();
    assertEquals("It rains in Rome.", answer);
    assertEquals(List.of("Rome"), weather.asked);
  }

  @Test
  void toolsAreCalledWithinAStream() {
    Weather weather = new Weather();
    List<String> pieces =
        scripted().prompt("How is the weather in Rome?").tools(weather).stream()
            .content()
            .collectList()
            .block(Duration.ofMinutes(1));
    assertTrue(String.join("", Objects.requireNonNull(pieces)).endsWith("It rains in Rome."));
    assertTrue(pieces.size() > 1, pieces.toString());
    assertEquals(List.of("Rome"), weather.asked);
  }
}
