package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;

/** One layer's attention of the last token of a text over a cache in float16. */
public final class Attention extends Operation {
  private final AttentionLayer layer;
  private final Batch batch;
  private final FloatRows queries;
  private final FloatRows out;
  private final int positions;

  /**
   * @param heads query heads, a multiple of {@code kvHeads}
   * @param positions tokens in the cache, the last one included
   */
  public Attention(KernelTier tier, int heads, int kvHeads, int headDim, int positions) {
    super(tier);
    this.positions = positions;
    float scale = (float) (1 / Math.sqrt(headDim));
    int[] blocks = IntStream.range(0, Math.ceilDiv(positions, AttentionLayer.CHUNK)).toArray();
    layer =
        AttentionLayer.allocate(
            memory, AttentionLayer.Type.F16, heads, kvHeads, headDim, scale, blocks.length);
    random.fill(layer.keys(), WeightFormats.F16);
    random.fill(layer.values(), WeightFormats.F16);
    batch = new Batch(memory, 1);
    batch.add(Batch.table(memory, blocks), positions - 1, 0, false);
    queries = FloatRows.allocate(memory, 1, heads * headDim);
    random.fill(queries);
    out = FloatRows.allocate(memory, 1, heads * headDim);
  }

  @Override
  public int items() {
    return layer.kvHeads();
  }

  @Override
  public long bytes() {
    return 2L * layer.kvHeads() * layer.headDim() * positions * layer.type().bytes();
  }

  @Override
  public long products() {
    return 2L * layer.queryHeads() * layer.headDim() * positions;
  }

  @Override
  public List<MemorySegment> results() {
    return List.of(out.data());
  }

  @Override
  public void run(int begin, int end) {
    kernels.attend(layer, batch, queries, out, begin, end);
  }
}
