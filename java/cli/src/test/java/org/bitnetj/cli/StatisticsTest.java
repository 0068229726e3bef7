package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalDouble;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.NoEnergy;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  @Test
  void energyIsThatOfAllAndOfATokenWithMemoryApart() {
    assertEquals(
        "energy with idle power 12.5 J (DRAM 1.0 J), 0.2500 J (DRAM 0.02000 J) per token of prompt"
            + " and text",
        Statistics.energy(new Energy(12.5, OptionalDouble.of(1), 3), 50));
    assertEquals(
        "energy with idle power 12.5 J, 0.2500 J per token of prompt and text",
        Statistics.energy(new Energy(12.5, OptionalDouble.empty(), 3), 50));
  }

  @Test
  void energyThatIsNotKnownIsSaidToBe() {
    assertEquals(
        "energy not available", Statistics.energy(new NoEnergy("this system has no counters"), 50));
  }

  @Test
  void slowTextsHaveARateToo() {
    assertEquals(", 1250.0 tokens/s", Statistics.rate(1250));
    assertEquals(", 1.0 tokens/s", Statistics.rate(1));
    assertEquals(", 0.026 tokens/s", Statistics.rate(0.0263));
    assertEquals("", Statistics.rate(0));
  }
}
