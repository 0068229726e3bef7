package org.bitnetj.kv;

import java.util.ArrayList;
import java.util.List;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.AttentionLayer;

/**
 * The keys and values of several sequences, per layer, off-heap. Memory is reserved for the whole
 * context and taken page by page as sequences grow. For one thread at a time.
 */
public final class KvCache implements AutoCloseable {
  /** What one layer's attention looks like; the same for all layers. */
  public record Shape(int layers, int heads, int kvHeads, int headDim, AttentionLayer.Type type) {}

  private final NativeMemory memory = NativeMemory.growing();
  private final List<AttentionLayer> layers;
  private final int[] lengths;
  private final int context;
  private final long bytesPerPosition;

  /**
   * An empty cache.
   *
   * @param sequences how many sequences it holds
   * @param context positions per sequence
   * @throws OutOfMemoryError if the system refuses the memory; nothing is kept of it
   */
  public KvCache(Shape shape, int sequences, int context) {
    if (sequences < 1 || context < 1) {
      throw new IllegalArgumentException(
          sequences + " sequences of " + context + " positions are no cache");
    }
    this.lengths = new int[sequences];
    this.context = context;
    this.bytesPerPosition =
        2L * shape.layers() * shape.kvHeads() * shape.headDim() * shape.type().bytes();
    float scale = (float) (1 / Math.sqrt(shape.headDim()));
    List<AttentionLayer> all = new ArrayList<>(shape.layers());
    try {
      for (int l = 0; l < shape.layers(); l++) {
        all.add(
            new AttentionLayer(
                memory,
                shape.type(),
                shape.heads(),
                shape.kvHeads(),
                shape.headDim(),
                scale,
                sequences,
                context));
      }
    } catch (OutOfMemoryError e) {
      memory.close();
      throw new OutOfMemoryError(
          "the system refused the "
              + (bytes() >> 20)
              + " MiB that a cache of "
              + context
              + " positions takes");
    }
    this.layers = List.copyOf(all);
  }

  public AttentionLayer layer(int index) {
    return layers.get(index);
  }

  public int layers() {
    return layers.size();
  }

  public int sequences() {
    return lengths.length;
  }

  /** Positions a sequence can hold. */
  public int context() {
    return context;
  }

  /** Positions a sequence holds. */
  public int length(int sequence) {
    return lengths[sequence];
  }

  /** Counts a position that was stored; the forward pass calls it once a step has succeeded. */
  public void extend(int sequence) {
    if (lengths[sequence] == context) {
      throw new IllegalStateException("sequence " + sequence + " is full");
    }
    lengths[sequence]++;
  }

  /** Forgets all positions from {@code length} on. */
  public void truncate(int sequence, int length) {
    if (length < 0 || length > lengths[sequence]) {
      throw new IllegalArgumentException(
          "cannot cut a sequence of " + lengths[sequence] + " positions to " + length);
    }
    lengths[sequence] = length;
  }

  /** Bytes that the positions held now take. */
  public long usedBytes() {
    long positions = 0;
    for (int length : lengths) {
      positions += length;
    }
    return positions * bytesPerPosition;
  }

  /** Bytes reserved for full sequences. */
  public long bytes() {
    return (long) lengths.length * context * bytesPerPosition;
  }

  @Override
  public void close() {
    memory.close();
  }
}
