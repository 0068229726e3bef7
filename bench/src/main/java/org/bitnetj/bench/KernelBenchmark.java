package org.bitnetj.bench;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.parallel.ThreadTeam;

/**
 * Times the kernels of every tier on shapes of 2B-4T and some that fill no vector. All take turns
 * in every round, and the median of the rounds counts, so that a disturbance hits all alike. What
 * has a share of the machine's own speed is compared with a sample of that right before, a long one
 * with the mean of that and one right after. For one thread.
 */
public final class KernelBenchmark implements AutoCloseable {
  private static final long WARM_UP_NANOS = 100_000_000L;
  private static final long ROUND_NANOS = 5_000_000L;

  /** What an operation may take in all rounds together; a slow one has fewer rounds. */
  private static final long BUDGET_NANOS = 500_000_000L;

  /**
   * What a sample of the machine's own speed takes at least. One of reading takes longer: as one of
   * a kernel that reads from memory, it reads all of a buffer larger than the caches.
   */
  private static final long MACHINE_NANOS = ROUND_NANOS;

  /** From here on a sample of a kernel is so long that the machine is sampled after it, too. */
  static final long LONG_NANOS = 50_000_000L;

  private static final long MEMORY_BYTES = 256L << 20;

  /** Matrices of 2560 x 6912 that are as much together. */
  private static final int IN_MEMORY = (int) (MEMORY_BYTES / (2560 * 6912 / 4));

  /** One operation in all its tiers. */
  private record Case(
      String operation,
      String shape,
      boolean fromMemory,
      boolean int8,
      Function<KernelTier, Operation> maker) {
    boolean isNamed(String part) {
      return operation.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }
  }

  /** One operation with one tier and number of threads. */
  static final class Entry {
    private final Operation operation;
    private final ThreadTeam team;
    private final MachineRates rates;
    private final KernelResult result;
    private int repeats = 1;
    private long spent;

    Entry(Operation operation, ThreadTeam team, MachineRates rates, KernelResult result) {
      this.operation = operation;
      this.team = team;
      this.rates = rates;
      this.result = result;
    }

    /** Nanoseconds of {@code times} operations. */
    long time(int times) {
      long start = System.nanoTime();
      for (int i = 0; i < times; i++) {
        operation.next();
        if (team.threads() == 1) {
          operation.compute();
        } else {
          operation.compute(team);
        }
      }
      return System.nanoTime() - start;
    }

    void warmUp() {
      long all = 0;
      long last = 0;
      while (all < WARM_UP_NANOS) {
        last = time(repeats);
        all += last;
        if (last < ROUND_NANOS / 2) {
          repeats *= 2;
        }
      }
    }

    int timesInRound() {
      return Math.max(repeats, operation.operands());
    }

    /**
     * One sample, after those of the machine that it is compared with, and after an operation that
     * is not timed: what ran before left other data in the caches and translation buffers. Every
     * operand has its turn, or what is to come from memory would in part come from a cache.
     */
    void measure(Optional<MachineSpeed> machine) {
      if (result.nanos().count() == 0 || spent < BUDGET_NANOS) {
        Series reads = new Series();
        Series products = new Series();
        machine.ifPresent(speed -> sample(speed, reads, products));
        int times = timesInRound();
        time(1);
        long nanos = time(times);
        if (nanos >= LONG_NANOS) {
          machine.ifPresent(speed -> sample(speed, reads, products));
        }
        spent += nanos;
        result.add((double) nanos / times, reads.mean(), products.mean());
      }
    }

    /**
     * The machine's own speed at what the operation has a share of: of products, by the tier's own
     * instructions if it has any.
     */
    private void sample(MachineSpeed machine, Series reads, Series products) {
      if (result.int8()) {
        double best = rates.addProducts(machine.productRate(team));
        KernelTier tier = result.tier();
        products.add(
            tier.isNative() && tier != machine.tier() ? machine.productRate(team, tier) : best);
      }
      if (result.fromMemory()) {
        reads.add(rates.addBytes(machine.readRate(team)));
      }
    }
  }

  private final int rounds;
  private final String command;
  private final Consumer<String> progress;
  private final Deque<Runnable> closers = new ArrayDeque<>();
  private final List<ThreadTeam> teams = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();
  private final List<MachineRates> rates = new ArrayList<>();
  private final List<OmittedTier> omitted = new ArrayList<>();
  private final Machine machine = Machine.here();
  private final Optional<MachineSpeed> machineSpeed;

  /**
   * @param tiers labels of those to measure; none for all that run here
   * @param threads how many threads compute, one after the other
   * @param rounds how often everything is timed
   * @param operations words in the names of those to measure; none for all
   * @param command the command line that asks for it, for the report
   * @throws IllegalArgumentException as {@link #check}
   * @throws org.bitnetj.error.KernelTierException if this machine lacks a tier
   */
  public KernelBenchmark(
      List<String> tiers,
      List<Integer> threads,
      int rounds,
      List<String> operations,
      String command,
      Consumer<String> progress) {
    List<Case> cases = cases(operations);
    this.rounds = rounds;
    this.command = command;
    this.progress = progress;
    try {
      for (int count : threads) {
        ThreadTeam team = new ThreadTeam(count);
        closers.push(team::close);
        teams.add(team);
        rates.add(new MachineRates(count));
      }
      List<KernelTier> measured =
          tiers.isEmpty()
              ? running(omitted)
              : tiers.stream().map(label -> KernelSelection.choose(label).tier()).toList();
      machineSpeed =
          MachineSpeed.of(
              NativeLibrary.status(), machine.cacheBytes(), teams.getLast(), MACHINE_NANOS);
      machineSpeed.ifPresent(speed -> closers.push(speed::close));
      for (Case c : cases) {
        for (KernelTier tier : measured) {
          progress.accept("prepare " + c.operation() + " " + c.shape() + ", " + tier);
          Operation operation = c.maker().apply(tier);
          closers.push(operation::close);
          for (int i = 0; i < teams.size(); i++) {
            int count = teams.get(i).threads();
            if (count == 1 || operation.items() > 1) {
              KernelResult result = result(c, tier, count, operation);
              entries.add(new Entry(operation, teams.get(i), rates.get(i), result));
            }
          }
        }
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static KernelResult result(Case c, KernelTier tier, int threads, Operation operation) {
    return new KernelResult(
        c.operation(),
        c.shape(),
        tier,
        threads,
        operation.bytes(),
        operation.products(),
        c.fromMemory(),
        c.int8());
  }

  /** The tiers that run here and compute what they should; the others go to {@code omitted}. */
  static List<KernelTier> running(List<OmittedTier> omitted) {
    List<KernelTier> running = new ArrayList<>();
    for (KernelTier tier : KernelTier.values()) {
      try {
        running.add(KernelSelection.choose(tier.label()).tier());
      } catch (KernelTierException e) {
        omitted.add(new OmittedTier(tier, String.valueOf(e.getMessage())));
      }
    }
    return running;
  }

  /**
   * Refuses words that are in the name of no operation.
   *
   * @param words in any case
   * @throws IllegalArgumentException whose message is a sentence
   */
  public static void check(List<String> words) {
    for (String each : words) {
      if (each.isBlank() || cases().stream().noneMatch(c -> c.isNamed(each))) {
        throw new IllegalArgumentException(
            "No operation has '"
                + each
                + "' in its name; there are "
                + cases().stream().map(Case::operation).distinct().collect(Collectors.joining("; "))
                + ".");
      }
    }
  }

  private static List<Case> cases(List<String> words) {
    check(words);
    return cases().stream()
        .filter(c -> words.isEmpty() || words.stream().anyMatch(c::isNamed))
        .toList();
  }

  private static List<Case> cases() {
    return List.of(
        product("GEMV", 640, 2560, 1, 1),
        product("GEMV", 2560, 2560, 1, 1),
        product("GEMV", 1000, 333, 1, 1),
        product("GEMV from memory", 2560, 6912, 1, IN_MEMORY),
        product("GEMM, 16 tokens", 2560, 2560, 16, 1),
        product("GEMM, 64 tokens", 2560, 2560, 64, 1),
        product("GEMM, 128 tokens", 640, 2560, 128, 1),
        product("GEMM, 512 tokens", 640, 2560, 512, 1),
        product("GEMM, 7 tokens", 1000, 333, 7, 1),
        groups("GEMV", 2560, 1, 1, 64),
        groups("GEMV from memory", 6912, 1, IN_MEMORY, 128),
        groups("GEMM, 64 tokens", 2560, 64, 1, 128),
        head(WeightFormats.F16),
        head(WeightFormats.Q6_K),
        quantization(1, 2560),
        quantization(64, 6912),
        attention(256),
        attention(2048),
        new Case("empty call", KernelResult.NO_SHAPE, false, false, EmptyCall::new));
  }

  private static Case product(String name, int rows, int columns, int batch, int copies) {
    return new Case(
        name,
        rows + " × " + columns,
        copies > 1,
        true,
        tier -> new TernaryProduct(tier, rows, columns, batch, copies));
  }

  private static Case groups(String name, int columns, int batch, int copies, int group) {
    return new Case(
        name + ", groups of " + group,
        "2560 × " + columns,
        copies > 1,
        true,
        tier -> new TernaryProduct(tier, 2560, columns, batch, copies, group));
  }

  private static Case head(FloatFormat type) {
    return new Case(
        "head, " + type.name(),
        "512 × 2560",
        false,
        false,
        tier -> new HeadProduct(tier, type, 512, 2560, 1));
  }

  private static Case quantization(int rows, int columns) {
    return new Case(
        "quantize",
        rows + " × " + columns,
        false,
        false,
        tier -> new Quantization(tier, rows, columns));
  }

  private static Case attention(int positions) {
    return new Case(
        "attention",
        positions + " positions",
        false,
        false,
        tier -> new Attention(tier, 20, 5, 128, positions));
  }

  /** Measures everything. */
  public KernelReport run() {
    BenchmarkRun run = BenchmarkRun.now(rounds, command);
    for (Entry entry : entries) {
      progress.accept("warm up " + entry.result.operation() + ", " + entry.result.tier());
      entry.warmUp();
    }
    for (int round = 1; round <= rounds; round++) {
      progress.accept("round " + round + "/" + rounds);
      entries.forEach(entry -> entry.measure(machineSpeed));
    }
    return new KernelReport(
        run,
        machine,
        machineSpeed.map(MachineSpeed::probe),
        List.copyOf(rates),
        List.copyOf(omitted),
        entries.stream().map(entry -> entry.result).toList());
  }

  /** Frees everything. */
  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}
