package org.bitnetj.bench.energy;

/** What a counter of energy says: how much was taken, or why that is not known. */
public sealed interface EnergyReading permits Energy, NoEnergy {}
