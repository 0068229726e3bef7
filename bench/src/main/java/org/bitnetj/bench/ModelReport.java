package org.bitnetj.bench;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.family.ModelSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ModelBenchmark} measured, and on what.
 *
 * @param run when it was measured and with what
 * @param probe by what {@code rates} were measured; empty if they were not
 * @param rates the machine's own speed, for each number of threads
 * @param residentBytes memory the process held in the end, without the buffer of the probe
 * @param peakResidentBytes the most it held
 * @param idle what the machine took before anything was measured, or why energy is not known
 * @param warnings what the user must be told about the kernels; sentences without full stop
 */
public record ModelReport(
    BenchmarkRun run,
    Machine machine,
    Model model,
    BenchmarkPlan plan,
    Optional<Probe> probe,
    List<MachineRates> rates,
    List<ModelResult> results,
    OptionalLong residentBytes,
    OptionalLong peakResidentBytes,
    EnergyReading idle,
    List<String> warnings) {

  /**
   * The model.
   *
   * @param parameters elements of its tensors
   * @param fileBytes size of its file
   * @param ternaryBytes ternary weights as computed with, which steps of several tokens read
   * @param sparse whether steps of few tokens leave out what the feed-forward network multiplies by
   *     0
   * @param headBytes the output head, which steps without a low-bit copy of it read
   * @param lowBitHeadBytes the low-bit copy of the head, which others read before it; 0 if there is
   *     none
   * @param cacheBytes reserved for keys and values
   * @param loadSeconds from the file's name to being able to compute
   */
  public record Model(
      Path path,
      ModelSpec spec,
      long parameters,
      long fileBytes,
      long ternaryBytes,
      boolean sparse,
      long headBytes,
      long lowBitHeadBytes,
      long cacheBytes,
      double loadSeconds) {}

  MachineRates rates(int threads) {
    return rates.stream().filter(r -> r.threads() == threads).findFirst().orElseThrow();
  }

  /** The power of the idle machine; empty if it is not known. */
  Optional<Energy> watts() {
    return idle instanceof Energy energy ? Optional.of(energy.perSecond()) : Optional.empty();
  }

  /** What the machine took for a token; empty if it was not known to the end. */
  Optional<Energy> energyPerToken(ModelResult result) {
    return idle instanceof Energy ? result.energyPerToken() : Optional.empty();
  }

  /** What it took more than when idle. */
  Optional<Energy> energyLessIdle(ModelResult result) {
    return idle instanceof Energy power
        ? result.energyPerToken().map(energy -> energy.lessIdle(power))
        : Optional.empty();
  }

  /**
   * The fastest of a kind: of those with the fewest sequences together, the one with the highest
   * median.
   */
  Optional<ModelResult> best(ModelResult.Kind kind) {
    return fastest(kind).min(Comparator.comparingInt(ModelResult::batch));
  }

  /** The same whatever the number of sequences. */
  Optional<ModelResult> bestTogether(ModelResult.Kind kind) {
    return fastest(kind).findFirst();
  }

  private Stream<ModelResult> fastest(ModelResult.Kind kind) {
    return results.stream()
        .filter(r -> r.kind() == kind)
        .sorted(Comparator.comparingDouble(r -> -r.tokensPerSecond().median()));
  }

  /** What came to be known later; at the end, so that columns of CSV stay where they are. */
  Map<String, @Nullable Object> origin() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("version", run.build().version());
    row.put("start", run.start().toString());
    row.putAll(run.origin());
    row.put("parameters", model.parameters());
    row.putAll(Probe.row(probe));
    return row;
  }

  /** What is the same for all results: names and values, null where it is not known. */
  Map<String, @Nullable Object> common() {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("cpu", machine.cpu());
    row.put("processors", machine.processors());
    row.put("system", machine.system());
    row.put("java", machine.java());
    row.put("model", model.spec().name());
    row.put("file", model.path().toString());
    row.put("file_bytes", model.fileBytes());
    row.put("architecture", model.spec().architecture().label());
    row.put("ternary_bytes", model.ternaryBytes());
    row.put("sparse", model.sparse());
    row.put("head_bytes", model.headBytes());
    row.put("low_bit_head_bytes", model.lowBitHeadBytes());
    row.put("kv_type", plan.cacheType().name().toLowerCase(Locale.ROOT));
    row.put("kv_bytes_reserved", model.cacheBytes());
    row.put("step_tokens", plan.stepRows());
    row.put("head", plan.head().name().toLowerCase(Locale.ROOT));
    row.put("load_seconds", model.loadSeconds());
    row.put("resident_bytes", boxed(residentBytes));
    row.put("peak_resident_bytes", boxed(peakResidentBytes));
    Optional<Energy> watts = watts();
    row.put("idle_seconds", idle instanceof Energy energy ? energy.seconds() : null);
    row.put("idle_package_watts", watts.map(Energy::packages).orElse(null));
    row.put("idle_dram_watts", watts.map(w -> boxed(w.dram())).orElse(null));
    row.put("no_energy_because", idle instanceof NoEnergy none ? none.reason() : null);
    row.put("probe", probe.map(p -> p.tier().label()).orElse(null));
    return row;
  }

  /** One result: names and values, null where it is not known. */
  Map<String, @Nullable Object> row(ModelResult result) {
    StepCosts costs = new StepCosts(model.spec(), plan.cacheType());
    Series speed = result.tokensPerSecond();
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    row.put("test", result.test());
    row.put("tokens", result.tokens());
    row.put("depth", result.depth());
    row.put("batch", result.batch());
    row.put("kernels", result.tier().label());
    row.put("threads", result.threads());
    row.put("repetitions", speed.count());
    row.put("tokens_per_second_mean", speed.mean());
    row.put("tokens_per_second_sd", speed.deviation());
    row.put("tokens_per_second_median", speed.median());
    row.put("tokens_per_second_min", speed.least());
    row.put("tokens_per_second_max", speed.best());
    row.put(
        "first_token_ms",
        result.firstTokenSeconds().isPresent()
            ? (Object) (result.firstTokenSeconds().getAsDouble() * 1e3)
            : null);
    row.put("bytes_per_token", result.bytesPerToken());
    row.put("active_rows_share", boxed(result.activeRows()));
    row.put("nonzero_units_share", boxed(result.nonzeroUnits()));
    row.put("int8_products_per_token", result.productsPerToken());
    row.put(
        "kv_bytes",
        (long) (result.depth() + result.tokens()) * result.batch() * costs.bytesPerPosition());
    row.put("heap_bytes_per_token", boxed(result.allocatedPerToken()));
    Optional<Energy> energy = energyPerToken(result);
    Optional<Energy> lessIdle = energyLessIdle(result);
    row.put("package_joules_per_token", energy.map(Energy::packages).orElse(null));
    row.put("package_joules_per_token_less_idle", lessIdle.map(Energy::packages).orElse(null));
    row.put("dram_joules_per_token", energy.map(e -> boxed(e.dram())).orElse(null));
    row.put("dram_joules_per_token_less_idle", lessIdle.map(e -> boxed(e.dram())).orElse(null));
    row.put("bandwidth_share_median", known(result.bandwidthShare()));
    row.put("int8_peak_share_median", known(result.peakShare()));
    row.putAll(rates(result.threads()).speeds());
    return row;
  }

  private static @Nullable Object known(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private static @Nullable Object boxed(OptionalDouble value) {
    return value.isPresent() ? value.getAsDouble() : null;
  }

  private static @Nullable Object boxed(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : null;
  }
}
