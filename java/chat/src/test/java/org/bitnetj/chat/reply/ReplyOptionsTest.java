package org.bitnetj.chat.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.Test;

class ReplyOptionsTest {
  private static final SamplingOptions WHOLE_TEXT =
      SamplingOptions.defaults().withPenaltyWindow(Integer.MAX_VALUE);

  @Test
  void whatIsNotSaidIsTheEnginesDefault() {
    GenerationOptions expected = GenerationOptions.defaults().withSampling(WHOLE_TEXT);
    assertEquals(expected, new ReplyOptions().options());
    assertEquals(
        expected,
        new ReplyOptions()
            .temperature(null)
            .topP(null)
            .topK(null)
            .minP(null)
            .repetitionPenalty(null)
            .frequencyPenalty(null)
            .presencePenalty(null)
            .seed(null)
            .stopStrings(null)
            .maxTokens(null)
            .constraint(null)
            .options());
  }

  @Test
  void eachValueIsTaken() {
    assertEquals(
        GenerationOptions.defaults()
            .withSampling(
                new SamplingOptions(
                    0.5,
                    7,
                    0.25,
                    0.125,
                    1.5,
                    -1,
                    2,
                    Integer.MAX_VALUE,
                    Map.of(),
                    OptionalLong.of(9)))
            .withStopStrings("a", "b")
            .withMaxTokens(11),
        new ReplyOptions()
            .temperature(0.5)
            .topP(0.25)
            .topK(7)
            .minP(0.125)
            .repetitionPenalty(1.5)
            .frequencyPenalty(2.0)
            .presencePenalty(-1.0)
            .seed(9L)
            .stopStrings(List.of("a", "b"))
            .maxTokens(11)
            .options());
  }

  @Test
  void aValueOutOfRangeIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new ReplyOptions().topP(1.5));
    assertThrows(IllegalArgumentException.class, () -> new ReplyOptions().maxTokens(-1));
  }
}
