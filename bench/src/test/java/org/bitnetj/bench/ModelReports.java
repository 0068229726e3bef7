package org.bitnetj.bench;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RopeScaling;

/** Reports that nobody measured. */
final class ModelReports {
  private ModelReports() {}

  static ModelReport of(
      EnergyReading idle,
      String name,
      Optional<Probe> probe,
      List<MachineRates> rates,
      ModelResult... results) {
    ModelSpec spec =
        new ModelSpec(
            Architecture.BITNET_B158,
            name,
            1,
            64,
            128,
            2,
            2,
            32,
            8,
            32,
            1e-5f,
            new LayerPlan.Rotation(Rope.Style.HALVES, 10000, 32, RopeScaling.NONE),
            Multipliers.NONE,
            ActivationScaling.ROW);
    BenchmarkPlan plan =
        new BenchmarkPlan(
            0,
            2,
            List.of(0),
            List.of(1),
            List.of(1),
            List.of(),
            1,
            4,
            AttentionLayer.Type.F16,
            true,
            HeadMode.FULL,
            false);
    return new ModelReport(
        new BenchmarkRun(
            new Build("1.2.3", "abc123", "gcc 14.2.0"), Instant.EPOCH, 1, "bitnet bench"),
        Machine.here(),
        new ModelReport.Model(Path.of("tiny.gguf"), spec, 9, 1, 1, false, 1, 0, 1, 0.1),
        plan,
        probe,
        rates,
        List.of(results),
        OptionalLong.empty(),
        OptionalLong.empty(),
        idle,
        List.of());
  }
}
