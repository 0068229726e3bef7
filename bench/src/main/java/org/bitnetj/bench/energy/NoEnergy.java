package org.bitnetj.bench.energy;

/**
 * Nothing is known.
 *
 * @param reason why, and what to do about it; goes after a colon, without full stop
 */
public record NoEnergy(String reason) implements EnergyReading {}
