package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.function.BiFunction;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.prompt.ChatOptions;

class BitNetChatOptionsTest {
  @Test
  void everyOptionIsKeptAndCountsForEquality() {
    try (LanguageModel model = ShippedModel.load()) {
      Constraint yes = ShippedModel.saying(model, "Yes");
      List<BiFunction<BitNetChatOptions.Builder, Boolean, ?>> setters =
          List.of(
              (b, first) -> b.seed(first ? 1L : 2L),
              (b, first) -> b.minP(first ? 0.1 : 0.2),
              (b, first) -> b.repetitionPenalty(first ? 1.1 : 1.2),
              (b, first) -> b.thinking(first),
              (b, first) ->
                  b.toolChoice(
                      first
                          ? BitNetChatOptions.ToolChoice.AUTO
                          : BitNetChatOptions.ToolChoice.NONE),
              (b, first) -> b.parallelToolCalls(first),
              (b, first) -> b.outputSchema(first ? "{}" : "true"),
              (b, first) -> b.constraint(first ? yes : null),
              (b, first) -> b.temperature(first ? 0.1 : 0.2),
              (b, first) -> b.model(first ? "a" : "b"));
      for (BiFunction<BitNetChatOptions.Builder, Boolean, ?> setter : setters) {
        BitNetChatOptions options = built(setter, true);
        assertEquals(options, built(setter, true));
        assertEquals(options.hashCode(), built(setter, true).hashCode());
        assertNotEquals(options, built(setter, false));
        assertEquals(options, options.mutate().build());
        assertEquals(options, options.mutate().clone().build());
        assertEquals(options, BitNetChatOptions.builder().combineWith(options.mutate()).build());
        assertEquals(options, built(setter, false).mutate().combineWith(options.mutate()).build());
      }
    }
  }

  @Test
  void optionsOfAnyModelCanBeCombinedWith() {
    BitNetChatOptions options =
        BitNetChatOptions.builder()
            .seed(1L)
            .temperature(0.1)
            .combineWith(ChatOptions.builder().temperature(0.5).maxTokens(3))
            .build();
    assertEquals(
        BitNetChatOptions.builder().seed(1L).temperature(0.5).maxTokens(3).build(), options);
  }

  private static BitNetChatOptions built(
      BiFunction<BitNetChatOptions.Builder, Boolean, ?> setter, boolean first) {
    BitNetChatOptions.Builder builder = BitNetChatOptions.builder();
    setter.apply(builder, first);
    return builder.build();
  }
}
