package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import java.util.function.BiFunction;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;

class BitNetChatRequestParametersTest {
  private static BitNetChatRequestParameters.Builder with() {
    return BitNetChatRequestParameters.builder();
  }

  @Test
  void whatIsSetOverridesAndWhatIsNotStays() {
    BitNetChatRequestParameters base =
        with().temperature(0.1).seed(1L).minP(0.2).thinking(true).build();
    ChatRequestParameters plain = ChatRequestParameters.builder().temperature(0.5).build();
    assertEquals(
        with().temperature(0.5).seed(1L).minP(0.2).thinking(true).build(),
        base.overrideWith(plain));
    assertEquals(base, base.defaultedBy(plain));
    assertEquals(
        with().temperature(0.1).seed(2L).minP(0.2).thinking(false).build(),
        base.overrideWith(with().seed(2L).thinking(false).build()));
    assertEquals(base.overrideWith(plain), plain.defaultedBy(base).overrideWith(plain));
  }

  @Test
  void everyParameterCountsForEquality() {
    try (LanguageModel model = ShippedModel.load()) {
      Constraint yes = ShippedModel.saying(model, "Yes");
      List<BiFunction<BitNetChatRequestParameters.Builder, Boolean, ?>> setters =
          List.of(
              (b, first) -> b.seed(first ? 1L : 2L),
              (b, first) -> b.minP(first ? 0.1 : 0.2),
              (b, first) -> b.repetitionPenalty(first ? 1.1 : 1.2),
              (b, first) -> b.thinking(first),
              (b, first) -> b.parallelToolCalls(first),
              (b, first) -> b.constraint(first ? yes : null),
              (b, first) -> b.topK(first ? 1 : 2));
      for (BiFunction<BitNetChatRequestParameters.Builder, Boolean, ?> setter : setters) {
        assertEquals(built(setter, true), built(setter, true));
        assertEquals(built(setter, true).hashCode(), built(setter, true).hashCode());
        assertNotEquals(built(setter, true), built(setter, false));
        assertEquals(
            built(setter, true),
            with().build().overrideWith(built(setter, true)).defaultedBy(built(setter, false)));
      }
    }
  }

  private static BitNetChatRequestParameters built(
      BiFunction<BitNetChatRequestParameters.Builder, Boolean, ?> setter, boolean first) {
    BitNetChatRequestParameters.Builder builder = with();
    setter.apply(builder, first);
    return builder.build();
  }
}
