package org.bitnetj.model;

import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;

/**
 * Attention of a step's rows, divided among threads by rows and cache heads, or, where these are
 * too few to keep all threads busy, by chunks of positions as well. The bits are the same. Not
 * thread-safe.
 */
final class AttentionPass {
  /** The number of rows times heads for each thread from which on they keep all threads busy. */
  private static final int ENOUGH = 8;

  /**
   * The most rows of one call, which share what kernels read of the cache. With many threads there
   * are fewer or one, so that all have work.
   */
  private static final int ROWS_TOGETHER = 8;

  /** The number of calls for each thread, so that all end at about the same time. */
  private static final int CALLS = 4;

  /** Bytes of parts that a worker merges at a time, with those of a whole row or of some heads. */
  private static final long MERGED_BYTES = 32 << 10;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final AttentionParts parts;
  private final ThreadTeam.Task whole = this::whole;
  private final ThreadTeam.Task byParts = this::byParts;
  private final ThreadTeam.Task merge = this::merge;

  // What is computed; set by the caller's thread between phases.
  private AttentionLayer layer;
  private Batch rows;
  private FloatRows queries;
  private FloatRows out;

  AttentionPass(
      NativeMemory memory, Kernels kernels, ThreadTeam team, ModelSpec spec, int batchCapacity) {
    this.kernels = kernels;
    this.team = team;
    this.parts = new AttentionParts(memory, batchCapacity, spec.heads(), spec.headDim());
  }

  /** out = attention of the queries of {@code rows}, whose keys and values are in the cache. */
  void run(AttentionLayer layer, Batch rows, FloatRows queries, FloatRows out) {
    this.layer = layer;
    this.rows = rows;
    this.queries = queries;
    this.out = out;
    int items = rows.size() * layer.kvHeads();
    boolean isEnough = team.threads() == 1 || items >= ENOUGH * team.threads();
    if (isEnough || AttentionParts.count(rows) == rows.size()) {
      int together = Math.min(rows.size() / (CALLS * team.threads()), ROWS_TOGETHER);
      team.run(whole, items, together > 1 ? together * layer.kvHeads() : 1);
      return;
    }
    parts.cut(rows);
    team.run(byParts, parts.count() * layer.kvHeads(), 1);
    long headBytes = parts.count() / rows.size() * parts.headStride() * Float.BYTES;
    int heads = Math.clamp(MERGED_BYTES / headBytes, 1, layer.queryHeads());
    team.run(merge, rows.size() * layer.queryHeads(), heads);
  }

  private void whole(int begin, int end) {
    kernels.attend(layer, rows, queries, out, begin, end);
  }

  private void byParts(int begin, int end) {
    kernels.attendParts(layer, rows, queries, parts, begin, end);
  }

  private void merge(int begin, int end) {
    kernels.mergeParts(layer, rows, parts, out, begin, end);
  }
}
