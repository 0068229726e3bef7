package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.option.SamplingOptions;
import org.junit.jupiter.api.Test;

class GenerationOptionsTest {
  private final GenerationOptions options = GenerationOptions.defaults();

  @Test
  void defaultsLeaveTheEndToTheModel() {
    assertEquals(
        new GenerationOptions(
            SamplingOptions.defaults(),
            Integer.MAX_VALUE,
            List.of(),
            Set.of(),
            false,
            false,
            Set.of(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            true),
        options);
  }

  @Test
  void eachWitherChangesItsOwnValue() {
    assertEquals(
        new GenerationOptions(
            SamplingOptions.greedy().withSeed(3),
            7,
            List.of("a", "b"),
            Set.of(9),
            true,
            true,
            Set.of(11),
            OptionalInt.of(5),
            OptionalInt.of(0),
            Optional.empty(),
            false),
        options
            .withSampling(SamplingOptions.greedy())
            .withSeed(3)
            .withMaxTokens(7)
            .withStopStrings("a", "b")
            .withStopTokens(Set.of(9))
            .withIgnoreEnd(true)
            .withShowSpecials(true)
            .withShownTokens(Set.of(11))
            .withTopLogprobs(5)
            .withPromptLogprobs(0)
            .withDrafting(false));
    assertEquals(OptionalLong.of(3), options.withSeed(3).sampling().seed());
  }

  @Test
  void wrongValuesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> options.withMaxTokens(-1));
    assertThrows(IllegalArgumentException.class, () -> options.withStopStrings("a", ""));
    assertThrows(IllegalArgumentException.class, () -> options.withStopStrings("\ud83d"));
    assertThrows(IllegalArgumentException.class, () -> options.withStopTokens(Set.of(-1)));
    assertThrows(IllegalArgumentException.class, () -> options.withTopLogprobs(-1));
    assertThrows(IllegalArgumentException.class, () -> options.withTopLogprobs(101));
    assertThrows(IllegalArgumentException.class, () -> options.withPromptLogprobs(101));
    assertEquals(List.of("\ud83d\ude00"), options.withStopStrings("\ud83d\ude00").stopStrings());
  }
}
