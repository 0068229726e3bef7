package org.bitnetj.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.EnergyMeter;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.model.Fit;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.WeightReads;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * Times prefill and decode of a model, in the manner of llama.cpp's llama-bench: random tokens, the
 * most probable next one chosen but not taken, the cache filled to a depth beforehand and not
 * timed. Repetitions of all combinations take turns, and the machine's own speed is sampled before
 * and after each of them, so that a disturbance hits all alike. For one thread.
 */
public final class ModelBenchmark implements AutoCloseable {
  private static final long WARM_UP_NANOS = 1_000_000_000L;

  /** How often the machine's speed is measured before each repetition, and after it. */
  private static final int SAMPLES = 2;

  private static final long SAMPLE_NANOS = 20_000_000L;

  /** How long the idle machine is measured, where its energy can be. */
  private static final Duration IDLE = Duration.ofSeconds(2);

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** One engine: kernels and threads. */
  private record Engine(KernelTier tier, ThreadTeam team, Transformer transformer) {
    int threads() {
      return team.threads();
    }
  }

  /** What is timed at one depth on one engine. */
  private record Trial(Engine engine, ModelResult result) {}

  private final Path path;
  private final BenchmarkPlan plan;
  private final String command;
  private final Consumer<String> progress;
  private final Deque<Runnable> closers = new ArrayDeque<>();
  private final ModelSource source;
  private final ModelSpec spec;
  private final Weights weights;
  private final List<String> warnings = new ArrayList<>();
  private final List<Engine> engines = new ArrayList<>();
  private final List<ThreadTeam> teams = new ArrayList<>();
  private final Optional<MachineSpeed> machineSpeed;
  private final EnergyMeter meter;
  private final Machine machine = Machine.here();
  private final double loadSeconds;
  private final OptionalLong loadPeakBytes;
  private final Sampler greedy;
  private final LogitsNeed need;
  private EnergyReading idle = new NoEnergy("nothing was measured");
  private long sink;

  /**
   * Loads the model.
   *
   * @param layouts what the model's file leaves open about its weights
   * @param activations what shares a scale among them; empty for what the model says
   * @param command the command line that asks for it, for the report
   * @param meter counts what energy it takes; stays the caller's
   * @param progress is told what is going on
   * @throws ContextOverflowException if the plan needs a longer context than the model has
   */
  public ModelBenchmark(
      Path path,
      BenchmarkPlan plan,
      LayoutOptions layouts,
      Optional<ActivationScaling> activations,
      String command,
      EnergyMeter meter,
      Consumer<String> progress)
      throws IOException {
    this.path = path;
    this.plan = plan;
    this.command = command;
    this.meter = meter;
    this.progress = progress;
    long start = System.nanoTime();
    try {
      List<KernelSelection> selections =
          plan.kernels().isEmpty()
              ? List.of(KernelSelection.choose(null))
              : plan.kernels().stream().map(KernelSelection::choose).toList();
      selections.forEach(s -> warnings.addAll(s.warnings()));
      source = ModelContainer.open(path, true, layouts);
      closers.push(source::close);
      spec = source.spec(activations);
      warnings.addAll(source.warnings());
      if (plan.context() > spec.contextLength()) {
        throw new ContextOverflowException(
            "a depth of "
                + BenchmarkPlan.most(plan.depths())
                + " and "
                + Math.max(plan.prompt(), plan.generated())
                + " tokens more do not fit the context of "
                + spec.contextLength()
                + " that "
                + spec.name()
                + " was made for; ask for fewer (-p, -n, -d).");
      }
      for (int threads : plan.threads()) {
        ThreadTeam team = new ThreadTeam(threads);
        closers.push(team::close);
        teams.add(team);
      }
      ThreadTeam largest = largestTeam();
      greedy = new Sampler(SamplingOptions.greedy(), spec.vocabulary());
      need = greedy.need();
      Map<Boolean, Weights> loaded = load(selections, largest);
      weights = loaded.getOrDefault(true, loaded.get(false));
      loadSeconds = (System.nanoTime() - start) * 1e-9;
      int sequences = BenchmarkPlan.most(plan.batches());
      for (KernelSelection selection : selections) {
        for (ThreadTeam team : teams) {
          int rows = Math.max(plan.stepRows(), sequences);
          Kernels kernels = selection.kernels();
          Weights own = loaded.get(kernels.gainsBySkipping());
          Transformer transformer = new Transformer(own, kernels, team, rows, sequences);
          closers.push(transformer::close);
          engines.add(new Engine(selection.tier(), team, transformer));
        }
      }
      loadPeakBytes = Machine.peakResidentBytes();
      machineSpeed =
          MachineSpeed.of(
              selections.getLast().library(),
              machine.cacheBytes(),
              probedWeights(),
              largest,
              SAMPLE_NANOS);
      machineSpeed.ifPresent(speed -> closers.push(speed::close));
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Weights by whether kernels gain by skipping some: those of the kernels that do for all, unless
   * they are kept in a way that the others would be slow with.
   */
  private Map<Boolean, Weights> load(List<KernelSelection> selections, ThreadTeam team)
      throws IOException {
    Map<Boolean, Weights> loaded = new HashMap<>();
    List<Kernels> kernels =
        selections.stream()
            .map(KernelSelection::kernels)
            .sorted(Comparator.comparing(Kernels::gainsBySkipping).reversed())
            .toList();
    for (Kernels each : kernels) {
      Weights others = loaded.get(true);
      boolean fit = others != null && !others.isSparse() && others.lowBitHead() == null;
      if (fit) {
        loaded.put(each.gainsBySkipping(), others);
      } else if (!loaded.containsKey(each.gainsBySkipping())) {
        Weights own =
            Weights.load(source, spec, each, team, plan.head(), plan.sparse(), plan.fromDisk());
        closers.push(own::close);
        loaded.put(each.gainsBySkipping(), own);
      }
    }
    if (loaded.values().stream().distinct().count() > 1) {
      warnings.add(
          "the weights are in memory twice, because some of these kernels skip some of them and"
              + " others read all; memory and the time of loading are those of both");
    }
    return loaded;
  }

  /**
   * What the probe of the machine's speed reads instead of a buffer of its own, where that would
   * take more than an eighth of the memory that the weights leave: weights that each step reads.
   * None of those that do not fit the memory, which may come from disk.
   */
  private List<MemorySegment> probedWeights() {
    long left = MachineMemory.bytes().orElse(Long.MAX_VALUE) - weights.workingBytes();
    return left < 0 || MachineSpeed.bufferBytes(machine.cacheBytes()) <= left / 8
        ? List.of()
        : source.tensors().stream()
            .filter(
                tensor ->
                    tensor.format() instanceof MappedFormat format
                        && format.layout() instanceof PanelLayout)
            .map(Tensor::data)
            .toList();
  }

  private ThreadTeam largestTeam() {
    return teams.stream().reduce((a, b) -> a.threads() >= b.threads() ? a : b).orElseThrow();
  }

  /** Measures everything the plan asks for. */
  public ModelReport run() throws IOException {
    BenchmarkRun run = BenchmarkRun.now(plan.repetitions(), command);
    List<MachineRates> rates =
        teams.stream().map(team -> new MachineRates(team.threads())).toList();
    List<ModelResult> results = new ArrayList<>();
    int sequences = BenchmarkPlan.most(plan.batches());
    measureIdle();
    long cacheBytes;
    try (BenchmarkTexts texts =
        new BenchmarkTexts(
            spec, engines.getLast().transformer(), plan.cacheType(), sequences, plan.context())) {
      cacheBytes = texts.bytes();
      for (int depth : plan.depths().stream().sorted().toList()) {
        progress.accept("fill the cache to depth " + depth);
        fill(texts, depth);
        List<Trial> trials = trials(depth);
        for (Trial trial : trials) {
          progress.accept("warm up " + trial.result().label());
          warmUp(trial, texts);
        }
        for (int repetition = 1; repetition <= plan.repetitions(); repetition++) {
          for (Trial trial : trials) {
            progress.accept(
                trial.result().label() + ", repetition " + repetition + "/" + plan.repetitions());
            measure(trial, texts, rates.get(teams.indexOf(trial.engine().team())));
          }
        }
        trials.forEach(trial -> results.add(trial.result()));
      }
    }
    return new ModelReport(
        run,
        machine,
        new ModelReport.Model(
            path,
            spec,
            Fit.parameters(source, spec),
            Files.size(path),
            weights.linearBytes(),
            weights.isSparse(),
            weights.head().bytes(),
            lowBitHeadBytes(),
            cacheBytes,
            loadSeconds),
        plan,
        machineSpeed.map(MachineSpeed::probe),
        rates,
        results,
        withoutProbe(Machine.residentBytes(), 0),
        withoutProbe(Machine.peakResidentBytes(), loadPeakBytes.orElse(0)),
        idle,
        List.copyOf(warnings));
  }

  private void measureIdle() throws IOException {
    progress.accept("measure the idle machine");
    try {
      idle = meter.idle(IDLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while it measured the idle machine");
    }
  }

  private long lowBitHeadBytes() {
    LowBitMatrix lowBit = weights.lowBitHead();
    return lowBit == null ? 0 : LowBitMatrix.bytes(lowBit.rows(), lowBit.columns());
  }

  /**
   * What the process holds for the model: a buffer of the probe, there to the end, does not count.
   */
  private OptionalLong withoutProbe(OptionalLong bytes, long least) {
    long buffer = machineSpeed.map(MachineSpeed::ownBytes).orElse(0L);
    return bytes.isPresent() ? OptionalLong.of(Math.max(bytes.getAsLong() - buffer, least)) : bytes;
  }

  private List<Trial> trials(int depth) {
    List<Trial> trials = new ArrayList<>();
    for (Engine engine : engines) {
      if (plan.prompt() > 0) {
        trials.add(trial(engine, ModelResult.Kind.PREFILL, depth, 1));
      }
      if (plan.generated() > 0) {
        for (int batch : plan.batches()) {
          trials.add(trial(engine, ModelResult.Kind.DECODE, depth, batch));
        }
      }
    }
    return trials;
  }

  private Trial trial(Engine engine, ModelResult.Kind kind, int depth, int batch) {
    int tokens = kind == ModelResult.Kind.PREFILL ? plan.prompt() : plan.generated();
    int rows = kind == ModelResult.Kind.PREFILL ? plan.stepRows() : 1;
    StepCosts costs = new StepCosts(spec, plan.cacheType());
    return new Trial(
        engine,
        new ModelResult(
            kind,
            tokens,
            depth,
            batch,
            engine.tier(),
            engine.threads(),
            costs.cacheBytes(depth, tokens, rows, batch),
            costs.productsPerToken()));
  }

  private void sampleMachine(ThreadTeam team, MachineRates all, MachineRates around) {
    machineSpeed.ifPresent(
        speed -> {
          for (int i = 0; i < SAMPLES; i++) {
            around.addBytes(all.addBytes(speed.readRate(team)));
            around.addProducts(all.addProducts(speed.productRate(team)));
          }
        });
  }

  /** Brings all sequences to {@code depth}: computes one and copies it. */
  private void fill(BenchmarkTexts texts, int depth) {
    int from = texts.length();
    prefill(engines.getLast(), texts, from, depth - from, false, new WeightReads());
    for (int sequence = 1; sequence < texts.count(); sequence++) {
      texts.copyFirst(sequence, from, depth);
    }
  }

  /** A whole repetition, and on until a second has passed; a long decode ends then. */
  private void warmUp(Trial trial, BenchmarkTexts texts) {
    ModelResult result = trial.result();
    WeightReads unused = new WeightReads();
    long start = System.nanoTime();
    do {
      switch (result.kind()) {
        case PREFILL ->
            prefill(trial.engine(), texts, result.depth(), result.tokens(), true, unused);
        case DECODE -> {
          for (int i = 0; i < result.tokens() && System.nanoTime() - start < WARM_UP_NANOS; i++) {
            decode(trial.engine(), texts, result.batch(), result.depth() + i, 1, unused);
          }
        }
      }
      texts.truncate(result.depth());
    } while (System.nanoTime() - start < WARM_UP_NANOS);
  }

  private void measure(Trial trial, BenchmarkTexts texts, MachineRates rates) {
    ModelResult result = trial.result();
    MachineRates around = new MachineRates(rates.threads());
    sampleMachine(trial.engine().team(), rates, around);
    fillCaches(trial, texts);
    meter.start();
    long allocated = THREADS.getTotalThreadAllocatedBytes();
    long start = System.nanoTime();
    switch (result.kind()) {
      case PREFILL ->
          prefill(trial.engine(), texts, result.depth(), result.tokens(), true, result.reads());
      case DECODE ->
          decode(
              trial.engine(),
              texts,
              result.batch(),
              result.depth(),
              result.tokens(),
              result.reads());
    }
    long computed = System.nanoTime();
    OptionalLong taken = since(allocated, THREADS.getTotalThreadAllocatedBytes());
    sink += choose(trial.engine().transformer(), 0);
    long chosen = System.nanoTime();
    switch (meter.stop()) {
      case Energy energy -> result.add(energy);
      case NoEnergy none -> idle = none; // it was known before, but is not to the end
    }
    texts.truncate(result.depth());
    sampleMachine(trial.engine().team(), rates, around);
    result.add((computed - start) * 1e-9, (chosen - start) * 1e-9, taken, around);
  }

  /**
   * The least of what is timed that reads the same weights: those of a model that fits into the
   * CPU's caches are there again, as in a text, where the machine's sample has left its own bytes.
   */
  private void fillCaches(Trial trial, BenchmarkTexts texts) {
    ModelResult result = trial.result();
    WeightReads unused = new WeightReads();
    switch (result.kind()) {
      case PREFILL -> { // two tokens, because a single one may skip weights
        int tokens = Math.min(2, result.tokens());
        prefill(trial.engine(), texts, result.depth(), tokens, true, unused);
      }
      case DECODE -> decode(trial.engine(), texts, result.batch(), result.depth(), 1, unused);
    }
    texts.truncate(result.depth());
  }

  /**
   * What was allocated between two counts; empty if the JVM, by -1, says that it does not count.
   */
  static OptionalLong since(long before, long after) {
    return before < 0 || after < 0 ? OptionalLong.empty() : OptionalLong.of(after - before);
  }

  private void prefill(
      Engine engine, BenchmarkTexts texts, int from, int count, boolean logits, WeightReads reads) {
    for (int i = from; i < from + count; i++) {
      texts.ids()[i] = texts.token(0, i);
    }
    Transformer transformer = engine.transformer();
    int end = from + count;
    for (int done = from; done < end; done += plan.stepRows()) {
      int to = Math.min(end, done + plan.stepRows());
      transformer.step().clear();
      transformer.step().add(texts.table(0), texts.ids(), done, to, logits ? end - 1 : end, need);
      compute(transformer, reads);
    }
  }

  private void decode(
      Engine engine, BenchmarkTexts texts, int sequences, int from, int count, WeightReads reads) {
    Transformer transformer = engine.transformer();
    for (int position = from; position < from + count; position++) {
      transformer.step().clear();
      for (int sequence = 0; sequence < sequences; sequence++) {
        texts.ids()[sequence] = texts.token(sequence, position);
        transformer
            .step()
            .add(texts.table(sequence), texts.ids(), sequence, sequence + 1, sequence, need);
      }
      compute(transformer, reads);
      for (int sequence = 0; sequence < sequences; sequence++) {
        sink += choose(transformer, sequence);
      }
    }
  }

  private int choose(Transformer transformer, int row) {
    return greedy.sample(transformer.logits(), row, transformer.computed(row));
  }

  private static void compute(Transformer transformer, WeightReads reads) {
    transformer.forward();
    transformer.step().commit();
    reads.add(transformer.reads());
  }

  /** Frees everything. */
  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}
