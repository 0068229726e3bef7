package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.kv.KvShape;
import org.bitnetj.model.Transformer;
import org.bitnetj.tensor.AttentionLayer;

/** Texts of equal length with keys and values of their own. */
final class BenchmarkTexts implements AutoCloseable {
  private final ModelSpec spec;
  private final int context;
  private final BlockPool pool;
  private final List<BlockTable> tables = new ArrayList<>();
  private final int[] ids;

  /**
   * @param spec of the model
   * @param owner makes their cache
   * @param sequences how many
   * @param context tokens of each
   */
  BenchmarkTexts(
      ModelSpec spec, Transformer owner, AttentionLayer.Type type, int sequences, int context) {
    this.spec = spec;
    this.context = context;
    KvShape shape = new KvShape(spec.layers(), spec.heads(), spec.kvHeads(), spec.headDim(), type);
    // A block each for what begins one, and one for tokens after the last whole one.
    long positions = sequences * (context + 2L * BlockPool.POSITIONS);
    pool = owner.newCache(type, 2 * positions * shape.positionBytes());
    for (int i = 0; i < sequences; i++) {
      tables.add(pool.newTable(context));
    }
    ids = new int[Math.max(context, sequences)];
  }

  /** How many there are. */
  int count() {
    return tables.size();
  }

  /** Tokens that each of them has. */
  int length() {
    return tables.getFirst().length();
  }

  BlockTable table(int sequence) {
    return tables.get(sequence);
  }

  /** Room for the tokens of a step. */
  int[] ids() {
    return ids;
  }

  /** Any token, but always the same at a place. */
  int token(int sequence, int position) {
    long mixed = (position * 1021L + sequence + 1) * 0x9E3779B97F4A7C15L;
    return (int) ((mixed >>> 33) % spec.vocabulary());
  }

  /** What full texts take. */
  long bytes() {
    return (long) tables.size() * context * pool.shape().positionBytes();
  }

  /** Gives another text the first one's keys and values, under tokens of its own. */
  void copyFirst(int sequence, int from, int to) {
    BlockTable source = tables.getFirst();
    BlockTable target = tables.get(sequence);
    for (int i = from; i < to; i++) {
      ids[i] = token(sequence, i);
    }
    target.append(ids, from, to);
    for (int position = from; position < to; ) {
      int end = Math.min(to, (position / BlockPool.POSITIONS + 1) * BlockPool.POSITIONS);
      for (int l = 0; l < spec.layers(); l++) {
        copy(pool.layer(l), source, target, position, end);
      }
      position = end;
    }
    target.extend(to - from);
  }

  private void copy(AttentionLayer layer, BlockTable source, BlockTable target, int from, int to) {
    int inBlock = from % BlockPool.POSITIONS;
    long size = layer.type().bytes();
    long bytes = (to - from) * layer.headDim() * size;
    for (int head = 0; head < layer.kvHeads(); head++) {
      long at = layer.offset(block(source, from), head, inBlock) * size;
      long there = layer.offset(block(target, from), head, inBlock) * size;
      MemorySegment.copy(layer.keys(), at, layer.keys(), there, bytes);
      MemorySegment.copy(layer.values(), at, layer.values(), there, bytes);
    }
  }

  private static int block(BlockTable table, int position) {
    return table.blocks().getAtIndex(ValueLayout.JAVA_INT, position / BlockPool.POSITIONS);
  }

  void truncate(int depth) {
    tables.forEach(table -> table.truncate(depth));
  }

  @Override
  public void close() {
    pool.close();
  }
}
