package org.bitnetj.bench.energy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "its names of files have no colons")
class EnergyMeterTest {
  private static final long RANGE = 262_143_328_850L;
  private static final double EXACT = 1e-9;

  @TempDir private Path folder;

  private void domain(String id, String name, long microjoules) throws IOException {
    Path path = Files.createDirectories(folder.resolve(id));
    Files.writeString(path.resolve("name"), name + "\n");
    Files.writeString(path.resolve("max_energy_range_uj"), RANGE + "\n");
    set(id, microjoules);
  }

  private void set(String id, long microjoules) throws IOException {
    Files.writeString(folder.resolve(id).resolve("energy_uj"), microjoules + "\n");
  }

  private static Energy taken(EnergyMeter meter) {
    return assertInstanceOf(Energy.class, meter.stop());
  }

  private static String reason(EnergyMeter meter) {
    return assertInstanceOf(NoEnergy.class, meter.stop()).reason();
  }

  @Test
  void packagesOfAllSocketsAreSummedAndMemoryBesideThem() throws IOException {
    Files.createDirectories(folder.resolve("intel-rapl"));
    domain("intel-rapl:0", "package-0", 5_000_000);
    domain("intel-rapl:0:0", "core", 1_000_000);
    domain("intel-rapl:0:1", "uncore", 1_000_000);
    domain("intel-rapl:0:2", "dram", 7_000_000);
    domain("intel-rapl:1", "package-1", 100_000_000);
    domain("intel-rapl:1:0", "dram", 0);
    domain("intel-rapl:2", "psys", 0);
    domain("intel-rapl-mmio:0", "package-0", 5_000_000);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.start();
      set("intel-rapl:0", 8_000_000);
      set("intel-rapl:0:0", 3_500_000);
      set("intel-rapl:0:1", 1_200_000);
      set("intel-rapl:0:2", 7_500_000);
      set("intel-rapl:1", 120_000_000);
      set("intel-rapl:1:0", 250_000);
      set("intel-rapl:2", 99_000_000);
      set("intel-rapl-mmio:0", 8_000_000);
      Energy energy = taken(meter);
      assertEquals(23, energy.packages(), EXACT);
      assertEquals(0.75, energy.dram().orElseThrow(), EXACT);
      assertTrue(energy.seconds() > 0);
    }
  }

  @Test
  void aMachineThatDoesNotCountMemoryHasPackagesAlone() throws IOException {
    domain("intel-rapl:0", "package-0-die-0", 10); // as the driver names AMD's and others' dies
    domain("intel-rapl:0:0", "core", 10);
    domain("intel-rapl:1", "package-0-die-1", 20);
    domain("intel-rapl:1:0", "core", 20);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.start();
      set("intel-rapl:0", 1_000_010);
      set("intel-rapl:0:0", 900_010);
      set("intel-rapl:1", 2_000_020);
      Energy energy = taken(meter);
      assertEquals(3, energy.packages(), EXACT);
      assertEquals(OptionalDouble.empty(), energy.dram());
    }
  }

  @Test
  void aCounterMayBeginAgainBetweenAnyTwoReadings() throws IOException {
    domain("intel-rapl:0", "package-0", RANGE - 1_000_000);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.start();
      set("intel-rapl:0", 2_000_000);
      meter.sample(); // 3 J
      set("intel-rapl:0", RANGE - 4_000_000);
      meter.sample();
      set("intel-rapl:0", 1_000_000);
      assertEquals(RANGE * 1e-6 + 2, taken(meter).packages(), EXACT);
      meter.start();
      set("intel-rapl:0", 1_500_000);
      assertEquals(0.5, taken(meter).packages(), EXACT);
    }
  }

  @Test
  void readingsBeforeTheStartAreNotCounted() throws IOException {
    domain("intel-rapl:0", "package-0", 1_000_000);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.sample();
      set("intel-rapl:0", 2_000_000);
      meter.sample();
      meter.start();
      set("intel-rapl:0", 5_000_000);
      assertEquals(3, taken(meter).packages(), EXACT);
    }
  }

  @Test
  void aRangeThatIsOverBetweenTwoReadingsIsRefused() throws IOException {
    domain("intel-rapl:0", "package-0", 0);
    Files.writeString(folder.resolve("intel-rapl:0/max_energy_range_uj"), "1000000");
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.start();
      assertEquals(
          folder.resolve("intel-rapl:0/energy_uj")
              + " begins again after 1000000 microjoules, too often",
          reason(meter));
    }
  }

  @Test
  void whatOnlyRootMayReadIsNotAvailableAndTheReasonSaysWhatToDo() throws IOException {
    domain("intel-rapl:0", "package-0", 0);
    Path secret = folder.resolve("intel-rapl:0/energy_uj");
    Powercap.LineReader reader =
        file -> {
          if (file.equals(secret)) {
            throw new AccessDeniedException(file.toString());
          }
          return Files.readString(file);
        };
    try (EnergyMeter meter = new EnergyMeter(folder, reader)) {
      meter.start();
      assertEquals(
          secret + " cannot be read; run as root or 'sudo chmod a+r " + secret + "'",
          reason(meter));
    }
  }

  @Test
  void aDomainThatVanishesTakesTheReadingWithIt() throws IOException {
    domain("intel-rapl:0", "package-0", 0);
    domain("intel-rapl:1", "package-1", 0);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      meter.start();
      Path counter = folder.resolve("intel-rapl:1/energy_uj");
      Files.delete(counter);
      String reason = counter + " cannot be read: it is not there, or hidden by a container";
      assertEquals(reason, reason(meter));
      set("intel-rapl:1", 5); // what was missed is not known even if it returns
      meter.start();
      assertEquals(reason, reason(meter));
    }
  }

  @Test
  void aSystemWithoutCountersIsNotWaitedFor() throws Exception {
    Path none = folder.resolve("powercap");
    try (EnergyMeter meter = new EnergyMeter(none)) {
      assertEquals(new NoEnergy("this system has no " + none), meter.idle(Duration.ofDays(1)));
    }
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      assertEquals("no processor package counts energy in " + folder, reason(meter));
    }
    domain("intel-rapl:0", "psys", 0);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      assertEquals("no processor package counts energy in " + folder, reason(meter));
    }
  }

  @Test
  void whatIsNoNumberIsNotAvailable() throws IOException {
    domain("intel-rapl:0", "package-0", 0);
    Files.writeString(folder.resolve("intel-rapl:0/energy_uj"), "a lot\n");
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      assertEquals(folder.resolve("intel-rapl:0/energy_uj") + " holds no number", reason(meter));
    }
  }

  @Test
  void idleIsWhatIsTakenMeanwhile() throws Exception {
    domain("intel-rapl:0", "package-0", 0);
    try (EnergyMeter meter = new EnergyMeter(folder)) {
      Energy idle = assertInstanceOf(Energy.class, meter.idle(Duration.ofMillis(20)));
      assertEquals(0, idle.packages());
      assertTrue(idle.seconds() >= 0.02);
    }
  }
}
