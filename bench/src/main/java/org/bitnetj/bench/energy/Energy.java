package org.bitnetj.bench.energy;

import java.util.OptionalDouble;

/**
 * What the whole machine took in some time, whichever process caused it.
 *
 * @param packages joules of all processor packages: cores, caches, memory controllers
 * @param dram joules of the memory modules, which are not in {@code packages}; empty if they are
 *     not counted
 * @param seconds the time
 */
public record Energy(double packages, OptionalDouble dram, double seconds)
    implements EnergyReading {

  /** Both, one after the other. */
  public Energy plus(Energy other) {
    return new Energy(packages + other.packages, sum(dram, other.dram, 1), seconds + other.seconds);
  }

  /** Without what the machine takes in the same time if it takes the power of {@code idle}. */
  public Energy lessIdle(Energy idle) {
    double times = seconds / idle.seconds;
    return new Energy(packages - times * idle.packages, sum(dram, idle.dram, -times), seconds);
  }

  private static OptionalDouble sum(OptionalDouble a, OptionalDouble b, double factor) {
    return a.isPresent() && b.isPresent()
        ? OptionalDouble.of(a.getAsDouble() + factor * b.getAsDouble())
        : OptionalDouble.empty();
  }

  /** The same divided among {@code parts}. */
  public Energy each(double parts) {
    return new Energy(
        packages / parts,
        dram.isPresent() ? OptionalDouble.of(dram.getAsDouble() / parts) : dram,
        seconds / parts);
  }

  /** The mean power by parts, in watts. */
  public Energy perSecond() {
    return each(seconds);
  }
}
