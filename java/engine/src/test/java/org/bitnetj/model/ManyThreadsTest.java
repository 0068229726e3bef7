package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.parallel.SimulatedTeam;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.RopeScaling;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A team of 64 threads has work for all of them in every phase of a step, except where that would
 * not pay: a row's own operations (a norm, a rotation) take a few microseconds at most and sum in a
 * fixed order; below {@value #LEAST_BYTES} bytes for a thread, claiming costs as much as reading;
 * and an item of attention, the positions of one chunk for one KV head, reads its keys and values
 * once for all of its query heads. Counted for the shape of BitNet b1.58 2B-4T and that of the
 * shipped model.
 */
class ManyThreadsTest {
  private static final int THREADS = 64;
  private static final int STEP_ROWS = 512;
  private static final int SEQUENCES = 16;

  /** As PanelSharing has it. */
  private static final long LEAST_BYTES = 64 << 10;

  /**
   * Panels and items are not cut. So of 80 equal ones, the panels of 2560 rows or the items of 16
   * texts with 5 KV heads, the busiest thread has two, where an equal part is 80/64: 1.6 times as
   * much. It is as much for Q, K and V together, of whose 120 panels the busiest thread has three,
   * since a chunk that crosses from one weight into the next has a panel of each.
   */
  private static long mostOfMany(long equal) {
    return 2L * THREADS * equal / 80;
  }

  /**
   * Where there are fewer chunks than threads, most threads must have one: four in five. Of gate
   * and up of 2B-4T there are 62, as each has {@value #LEAST_BYTES} bytes or more.
   */
  private static long mostOfFew(long equal) {
    return 5 * equal / 4;
  }

  private enum Shape {
    B2_4T,
    SHIPPED;

    ModelSpec spec() throws Exception {
      if (this == SHIPPED) {
        try (GgufFile file = GgufFile.open(Golden.MODEL)) {
          return file.spec();
        }
      }
      return new ModelSpec(
          Architecture.BITNET_B158,
          "2B-4T",
          2, // all are alike, but the last goes on with wanted rows only
          2560,
          6912,
          20,
          5,
          128,
          128_256,
          4096,
          1e-5f,
          new LayerPlan.Rotation(Rope.Style.HALVES, 500_000, 128, RopeScaling.NONE),
          Multipliers.NONE,
          ActivationScaling.ROW);
    }
  }

  /** Weights whose pages nobody touches. */
  private static Weights weights(ModelSpec spec) throws Exception {
    NativeMemory memory = new NativeMemory();
    FloatMatrix head =
        new FloatMatrix(
            memory.allocate(2L * spec.vocabulary() * spec.width()),
            WeightFormats.F16,
            spec.vocabulary(),
            spec.width());
    List<Weights.Layer> layers = new ArrayList<>();
    Norm width = norm(memory, spec, spec.width());
    for (int l = 0; l < spec.layers(); l++) {
      TernaryMatrix gate = matrix(memory, spec.feedForward(), spec.width());
      layers.add(
          new Weights.Layer(
              spec.plan(l),
              width,
              linear(matrix(memory, spec.queryWidth(), spec.width())),
              linear(matrix(memory, spec.kvWidth(), spec.width())),
              linear(matrix(memory, spec.kvWidth(), spec.width())),
              Norm.none(spec.headDim()),
              Norm.none(spec.headDim()),
              norm(memory, spec, spec.queryWidth()),
              linear(matrix(memory, spec.width(), spec.queryWidth())),
              Norm.none(spec.width()),
              width,
              linear(gate),
              vectors(memory, spec.feedForward(), spec.width(), TernaryVectors.Order.ROW_MAJOR),
              norm(memory, spec, spec.feedForward()),
              vectors(memory, spec.width(), spec.feedForward(), TernaryVectors.Order.COLUMN_MAJOR),
              Norm.none(spec.width())));
    }
    return new Weights(
        memory,
        ModelBytes.map(List.of(Golden.MODEL)),
        spec,
        head,
        new float[0],
        layers,
        RowGroups.NONE,
        width,
        head,
        LowBitMatrix.allocate(memory, spec.vocabulary(), spec.width()),
        0);
  }

  private static Norm norm(NativeMemory memory, ModelSpec spec, int columns) {
    return Norm.of(memory, new float[columns], spec.normEpsilon());
  }

  private static TernaryMatrix matrix(NativeMemory memory, int rows, int columns) {
    return TernaryMatrix.allocate(
        memory, PanelLayout.TWO_BIT, rows, columns, new TernaryScales.Tensor(1), 2);
  }

  private static Linear vectors(
      NativeMemory memory, int rows, int columns, TernaryVectors.Order order) {
    return new Linear.Vectors(
        TernaryVectors.allocate(memory, rows, columns, 1, order), Norm.none(columns));
  }

  private static Linear linear(TernaryMatrix matrix) {
    return new Linear.Ternary(matrix, Norm.none(matrix.columns()));
  }

  @ParameterizedTest
  @CsvSource({
    "B2_4T, 1, 1",
    "B2_4T, 1, 4096",
    "B2_4T, 16, 1",
    "B2_4T, 16, 2048",
    "B2_4T, 512, 512",
    "SHIPPED, 1, 1",
    "SHIPPED, 1, 512",
    "SHIPPED, 16, 256",
    "SHIPPED, 512, 512",
  })
  void everyPhaseHasWorkForAllOrIsTooSmall(Shape shape, int rows, int positions) throws Exception {
    ModelSpec spec = shape.spec();
    Division division = new Division();
    LogitsNeed greedy = new Sampler(SamplingOptions.greedy(), spec.vocabulary()).need();
    try (ThreadTeam team = SimulatedTeam.of(THREADS);
        Weights weights = weights(spec);
        Transformer transformer =
            new Transformer(weights, division.kernels(), team, STEP_ROWS, SEQUENCES);
        BlockPool pool = transformer.newCache(AttentionLayer.Type.F16, 1L << 30)) {
      int[] ids = new int[positions];
      boolean decodes = rows <= SEQUENCES;
      for (int s = 0; s < (decodes ? rows : 1); s++) {
        BlockTable table = pool.newTable(positions);
        int before = decodes ? positions - 1 : 0;
        table.append(ids, 0, before);
        table.extend(before);
        transformer.step().add(table, ids, before, positions, positions - 1, greedy);
      }
      transformer.forward();
      List<Division.Phase> phases = division.take();
      long item = AttentionLayer.CHUNK * 2L * spec.headDim() * Short.BYTES;
      for (Division.Phase phase : phases) {
        if (phase.name().equals("rows")) { // one row is done in order by one thread
          assertTrue(phase.chunks().stream().allMatch(chunk -> chunk == 1), phase.toString());
          continue;
        }
        long equal = Math.ceilDiv(phase.total(), THREADS);
        long busiest = phase.busiest(THREADS);
        boolean many = phase.chunks().size() >= THREADS;
        boolean shared = busiest <= (many ? mostOfMany(equal) : mostOfFew(equal));
        boolean mayBeSmall = shape == Shape.SHIPPED || !phase.name().equals("GEMM");
        long small = phase.name().equals("attention") ? item : LEAST_BYTES;
        assertTrue(
            shared || mayBeSmall && busiest <= small,
            "the busiest thread reads %d bytes, an equal part is %d: %s"
                .formatted(busiest, equal, phase));
      }
      Set<String> names =
          phases.stream().map(Division.Phase::name).collect(Collectors.toCollection(TreeSet::new));
      // Which products there are depends on the rows, and on the positions whether parts are
      // merged.
      names.removeAll(List.of("GEMV", "GEMM", "columns", "merge"));
      assertEquals(Set.of("rows", "attention", "bounds", "refinement", "head"), names);
    }
  }
}
