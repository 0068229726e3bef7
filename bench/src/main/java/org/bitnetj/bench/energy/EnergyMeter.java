package org.bitnetj.bench.energy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import org.bitnetj.bench.energy.Powercap.UnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * Measures what energy the machine takes from {@link #start} to {@link #stop}. Where a counter
 * cannot be read, or no longer, the reading says why; nothing is ever estimated. For one thread at
 * a time.
 *
 * <p>A counter's values begin again at 0, on the processors known after 65 kJ at least, so it must
 * be read more often than the power of a package takes to use that up: a thread of the meter's own
 * reads all counters every {@value #SAMPLE_SECONDS} s, enough for {@value #MOST_WATTS} W in each
 * package. Counters advance about every millisecond, so short times are measured less exactly.
 */
public final class EnergyMeter implements AutoCloseable {
  static final int SAMPLE_SECONDS = 20;
  static final int MOST_WATTS = 2000;

  private static final Path POWERCAP = Path.of("/sys/class/powercap");

  private final @Nullable Powercap counters;
  private final @Nullable Thread sampler;

  private @Nullable NoEnergy none;
  private long[] last = {};
  private long[] taken = {};
  private long startNanos;

  /** A meter of this machine. */
  public static EnergyMeter ofMachine() {
    return System.getProperty("os.name", "").startsWith("Mac")
        ? new EnergyMeter(new NoEnergy("macOS shows it to 'sudo powermetrics' alone"))
        : new EnergyMeter(POWERCAP);
  }

  /**
   * A meter by counters in a folder.
   *
   * @param powercap a folder like {@code /sys/class/powercap}
   */
  public EnergyMeter(Path powercap) {
    this(powercap, Files::readString);
  }

  EnergyMeter(Path powercap, Powercap.LineReader reader) {
    Powercap found = null;
    try {
      found = new Powercap(powercap, reader);
      taken = new long[found.count()]; // the sampler may come before the start
    } catch (UnavailableException e) {
      none = new NoEnergy(e.getMessage());
    }
    counters = found;
    sampler = found == null ? null : Thread.ofPlatform().daemon().unstarted(this::sampleOften);
    if (sampler != null) {
      sampler.setName("bitnet-energy");
      sampler.start();
    }
  }

  private EnergyMeter(NoEnergy none) {
    this.counters = null;
    this.sampler = null;
    this.none = none;
  }

  /** Begins to measure, anew if it has begun already. */
  public synchronized void start() {
    if (counters != null && none == null) {
      taken = new long[counters.count()];
      last = read(counters);
      startNanos = System.nanoTime();
    }
  }

  /** What was taken since the start; may be asked for again. */
  public synchronized EnergyReading stop() {
    double seconds = (System.nanoTime() - startNanos) * 1e-9;
    sample();
    if (none != null) {
      return none;
    }
    double packages = 0;
    double dram = 0;
    boolean countsDram = false;
    for (int i = 0; i < taken.length; i++) {
      if (counters != null && counters.isDram(i)) {
        countsDram = true;
        dram += taken[i] * 1e-6;
      } else {
        packages += taken[i] * 1e-6;
      }
    }
    return new Energy(
        packages, countsDram ? OptionalDouble.of(dram) : OptionalDouble.empty(), seconds);
  }

  /**
   * What the machine takes while this thread waits.
   *
   * @param time how long; not at all where energy is not known
   */
  public EnergyReading idle(Duration time) throws InterruptedException {
    start();
    if (none == null) {
      Thread.sleep(time);
    }
    return stop();
  }

  /** Adds what was taken since the counters were last read. */
  synchronized void sample() {
    if (counters == null || none != null) {
      return;
    }
    long[] now = read(counters);
    for (int i = 0; i < now.length && i < last.length; i++) {
      taken[i] += counters.difference(i, last[i], now[i]);
    }
    last = now;
  }

  private long[] read(Powercap powercap) {
    try {
      return powercap.read();
    } catch (UnavailableException e) {
      none = new NoEnergy(e.getMessage());
      return new long[0];
    }
  }

  private void sampleOften() {
    try {
      while (true) {
        Thread.sleep(Duration.ofSeconds(SAMPLE_SECONDS));
        sample();
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  @Override
  public void close() {
    if (sampler != null) {
      sampler.interrupt();
    }
  }
}
