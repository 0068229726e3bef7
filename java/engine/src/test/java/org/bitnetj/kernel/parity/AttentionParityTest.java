package org.bitnetj.kernel.parity;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.testing.OnEveryTier;
import org.bitnetj.testing.Tiers;

/** Rotating, caching and attending gives the same bits on every tier. */
class AttentionParityTest {
  private static final int[] HEAD_DIMS = {2, 8, 16, 20, 32, 48, 64, 80, 96, 128, 256};

  /** Lengths around the ends of vectors and of chunks of 256 positions. */
  private static final int[] LENGTHS =
      IntStream.concat(
              IntStream.rangeClosed(1, 34),
              IntStream.of(47, 48, 63, 64, 65, 100, 255, 256, 257, 300, 511, 512, 513, 600))
          .toArray();

  @OnEveryTier
  void rotateMatchesScalarForBothStylesAndPartialHeads(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (Rope.Style style : Rope.Style.values()) {
      for (int headDim : HEAD_DIMS) {
        for (int dimensions = 2; dimensions <= headDim; dimensions += headDim < 40 ? 2 : 14) {
          rotate(kernels, style, headDim, dimensions);
        }
        rotate(kernels, style, headDim, headDim);
      }
    }
  }

  private static void rotate(Kernels kernels, Rope.Style style, int headDim, int dimensions) {
    String what = "rotate %s, %d of %d".formatted(style, dimensions, headDim);
    for (int heads : new int[] {1, 3}) {
      try (Trial trial = new Trial(kernels, headDim, what)) {
        Rope rope = new Rope(trial.memory, headDim, dimensions, 500_000, style, 700);
        rope.reach(699);
        Batch batch = new Batch(trial.memory, 6);
        for (int r = 0; r < 6; r++) {
          batch.add(MemorySegment.NULL, r == 0 ? 0 : trial.random.nextInt(700), 0, false);
        }
        for (Values values : new Values[] {Values.NORMAL, Values.WIDE, Values.ANY_FINITE}) {
          FloatRows expected = trial.rows(6, heads * headDim, values);
          FloatRows actual = trial.copy(expected);
          Trial.SCALAR.rotate(rope, batch, expected, 0, 5);
          kernels.rotate(rope, batch, actual, 0, 5);
          trial.same(expected, actual);
        }
      }
    }
  }

  @OnEveryTier
  void storeMatchesScalarAndTouchesNothingElse(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      for (int headDim : HEAD_DIMS) {
        for (Values values : Values.values()) {
          String what = "store as %s, heads of %d, %s".formatted(type, headDim, values);
          try (Trial trial = new Trial(kernels, headDim, what)) {
            AttentionLayer expected =
                AttentionLayer.allocate(trial.memory, type, 3, 3, headDim, 1f, 4);
            AttentionLayer actual =
                AttentionLayer.allocate(trial.memory, type, 3, 3, headDim, 1f, 4);
            MemorySegment[] tables = tables(trial, 2, 300);
            for (AttentionLayer layer : new AttentionLayer[] {expected, actual}) {
              layer.keys().fill((byte) 0x5a);
              layer.values().fill((byte) 0x5a);
            }
            FloatRows keys = trial.rows(5, 3 * headDim, values);
            FloatRows vectors = trial.rows(5, 3 * headDim, values);
            Batch batch = new Batch(trial.memory, 5);
            for (int r = 0; r < 5; r++) {
              batch.add(tables[r % 2], 258 - r, 0, false);
            }
            Trial.SCALAR.store(expected, batch, keys, vectors, 1, 5);
            kernels.store(actual, batch, keys, vectors, 1, 5);
            trial.sameBytes("keys", expected.keys(), actual.keys());
            trial.sameBytes("values", expected.values(), actual.values());
          }
        }
      }
    }
  }

  @OnEveryTier
  void storeRoundsToFloat16AsScalarDoesAllAroundEveryTie(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int headDim = 256;
    try (Trial trial = new Trial(kernels, 0, "store as F16 around ties")) {
      AttentionLayer expected =
          AttentionLayer.allocate(trial.memory, AttentionLayer.Type.F16, 1, 1, headDim, 1f, 1);
      AttentionLayer actual =
          AttentionLayer.allocate(trial.memory, AttentionLayer.Type.F16, 1, 1, headDim, 1f, 1);
      Batch batch = new Batch(trial.memory, 1);
      batch.add(Batch.table(trial.memory, 0), 0, 0, false);
      FloatRows keys = trial.output(1, headDim);
      FloatRows vectors = trial.output(1, headDim);
      // Between each float16 and the next one up: the float32 in the middle and its neighbours.
      for (int first = 0; first < 0x7c00; first += headDim) {
        for (int i = 0; i < headDim; i++) {
          float low = Float.float16ToFloat((short) (first + i));
          float high = first + i == 0x7bff ? 65536f : Float.float16ToFloat((short) (first + i + 1));
          float middle = (low + high) / 2; // exact
          keys.set(0, i, i % 2 == 0 ? middle : -middle);
          vectors.set(0, i, i % 2 == 0 ? Math.nextUp(middle) : Math.nextDown(middle));
        }
        Trial.SCALAR.store(expected, batch, keys, vectors, 0, 1);
        kernels.store(actual, batch, keys, vectors, 0, 1);
        trial.sameBytes("from " + first, expected.keys(), actual.keys());
        trial.sameBytes("near ties from " + first, expected.values(), actual.values());
      }
    }
  }

  /** Block tables of sequences whose blocks lie among each other's, the last ones first. */
  private static MemorySegment[] tables(Trial trial, int sequences, int context) {
    int each = Math.ceilDiv(context, AttentionLayer.CHUNK);
    MemorySegment[] tables = new MemorySegment[sequences];
    for (int s = 0; s < sequences; s++) {
      int sequence = s;
      int[] blocks =
          IntStream.range(0, each).map(i -> (each - 1 - i) * sequences + sequence).toArray();
      tables[s] = Batch.table(trial.memory, blocks);
    }
    return tables;
  }

  /** A layer whose cache holds random vectors everywhere, stored by the scalar kernels. */
  private static AttentionLayer cache(
      Trial trial,
      AttentionLayer.Type type,
      int[] heads,
      int headDim,
      MemorySegment[] tables,
      int context,
      Values values) {
    float scale = (float) (1 / Math.sqrt(headDim));
    int blocks = tables.length * Math.ceilDiv(context, AttentionLayer.CHUNK);
    AttentionLayer layer =
        AttentionLayer.allocate(trial.memory, type, heads[0], heads[1], headDim, scale, blocks);
    Batch all = new Batch(trial.memory, tables.length * context);
    for (MemorySegment table : tables) {
      for (int t = 0; t < context; t++) {
        all.add(table, t, 0, false);
      }
    }
    FloatRows keys = trial.rows(all.size(), heads[1] * headDim, values);
    FloatRows vectors = trial.rows(all.size(), heads[1] * headDim, values);
    Trial.SCALAR.store(layer, all, keys, vectors, 0, all.size());
    return layer;
  }

  private static void attend(
      Trial trial, Kernels kernels, AttentionLayer layer, Batch batch, Values values) {
    int columns = layer.queryHeads() * layer.headDim();
    int items = batch.size() * layer.kvHeads();
    FloatRows queries = trial.rows(batch.size(), columns, values);
    FloatRows expected = trial.output(batch.size(), columns);
    Trial.SCALAR.attend(layer, batch, queries, expected, 0, items);
    FloatRows whole = trial.output(batch.size(), columns);
    kernels.attend(layer, batch, queries, whole, 0, items);
    trial.same(expected, whole);
    FloatRows pieces = trial.output(batch.size(), columns);
    for (int begin = 0; begin < items; begin += 3) {
      kernels.attend(layer, batch, queries, pieces, begin, Math.min(begin + 3, items));
    }
    trial.same(expected, pieces);
    AttentionParts parts =
        new AttentionParts(trial.memory, batch.size(), layer.queryHeads(), layer.headDim());
    parts.cut(batch);
    items = parts.count() * layer.kvHeads();
    for (int end = items; end > 0; end -= 3) {
      kernels.attendParts(layer, batch, queries, parts, Math.max(0, end - 3), end);
    }
    FloatRows merged = trial.output(batch.size(), columns);
    items = batch.size() * layer.queryHeads();
    kernels.mergeParts(layer, batch, parts, merged, items / 3, items);
    kernels.mergeParts(layer, batch, parts, merged, 0, items / 3);
    trial.same(expected, merged);
  }

  @OnEveryTier
  void attendMatchesScalarForEveryLengthUpToSixHundred(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      try (Trial trial = new Trial(kernels, 1, "attend in " + type + ", row r has length r + 1")) {
        MemorySegment[] tables = tables(trial, 1, 600);
        AttentionLayer layer = cache(trial, type, new int[] {4, 2}, 32, tables, 600, Values.NORMAL);
        Batch batch = new Batch(trial.memory, 600);
        for (int t = 0; t < 600; t++) {
          batch.add(tables[0], t, 0, false);
        }
        attend(trial, kernels, layer, batch, Values.NORMAL);
      }
    }
  }

  @OnEveryTier
  void attendMatchesScalarForEveryHeadShape(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    int[][] groups = {{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 2}, {8, 1}, {16, 4}, {20, 5}};
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      for (int headDim : HEAD_DIMS) {
        for (int[] heads : groups) {
          String what =
              "attend in %s, %d heads over %d of %d".formatted(type, heads[0], heads[1], headDim);
          try (Trial trial = new Trial(kernels, headDim + heads[0], what)) {
            MemorySegment[] tables = tables(trial, 2, 40);
            AttentionLayer layer = cache(trial, type, heads, headDim, tables, 40, Values.NORMAL);
            Batch batch = new Batch(trial.memory, 4);
            for (int r = 0; r < 4; r++) {
              batch.add(tables[r % 2], trial.random.nextInt(40), 0, false);
            }
            attend(trial, kernels, layer, batch, Values.NORMAL);
          }
        }
      }
    }
  }

  @OnEveryTier
  void attendMatchesScalarForSeveralSequencesAndAllKindsOfData(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      for (Values values : Values.values()) {
        try (Trial trial = new Trial(kernels, 3, "attend in " + type + " over " + values)) {
          MemorySegment[] tables = tables(trial, 3, 600);
          AttentionLayer layer = cache(trial, type, new int[] {4, 2}, 64, tables, 600, values);
          Batch batch = new Batch(trial.memory, LENGTHS.length);
          for (int length : LENGTHS) {
            batch.add(tables[trial.random.nextInt(3)], length - 1, 0, false);
          }
          attend(trial, kernels, layer, batch, values);
          attend(trial, kernels, layer, batch, Values.OUTLIERS);
        }
      }
    }
  }

  @OnEveryTier
  void attendMatchesScalarWhereTheCacheIsNotFinite(Tiers.Tested tier) {
    Kernels kernels = Tiers.orSkip(tier);
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (AttentionLayer.Type type : AttentionLayer.Type.values()) {
      for (int at : new int[] {0, 5, 255, 256, 299}) {
        for (float value : bad) {
          String what = "attend in %s with %s at position %d".formatted(type, value, at);
          try (Trial trial = new Trial(kernels, at, what)) {
            MemorySegment[] tables = tables(trial, 1, 300);
            AttentionLayer layer =
                cache(trial, type, new int[] {2, 1}, 32, tables, 300, Values.NORMAL);
            Batch one = new Batch(trial.memory, 1);
            one.add(tables[0], at, 0, false);
            FloatRows keys = trial.rows(1, 32, Values.NORMAL);
            keys.set(0, 7, value);
            FloatRows vectors = trial.rows(1, 32, Values.NORMAL);
            Trial.SCALAR.store(layer, one, keys, vectors, 0, 1);
            Batch batch = new Batch(trial.memory, 2);
            batch.add(tables[0], 299, 0, false);
            batch.add(tables[0], 3, 0, false);
            attend(trial, kernels, layer, batch, Values.NORMAL);
          }
        }
      }
    }
  }
}
