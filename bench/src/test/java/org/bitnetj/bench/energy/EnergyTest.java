package org.bitnetj.bench.energy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class EnergyTest {
  @Test
  void idlePowerIsSubtractedForTheTimeThatWasMeasured() {
    Energy idle = new Energy(20, OptionalDouble.of(2), 2); // 10 W and 1 W
    Energy energy = new Energy(100, OptionalDouble.of(9), 4);
    assertEquals(new Energy(60, OptionalDouble.of(5), 4), energy.lessIdle(idle));
    assertEquals(new Energy(25, OptionalDouble.of(2.25), 1), energy.perSecond());
    assertEquals(new Energy(10, OptionalDouble.of(1), 1), idle.perSecond());
    assertEquals(new Energy(120, OptionalDouble.of(11), 6), energy.plus(idle));
    Energy withoutDram = new Energy(100, OptionalDouble.empty(), 4);
    assertEquals(new Energy(60, OptionalDouble.empty(), 4), withoutDram.lessIdle(idle));
  }
}
