package org.bitnetj.model;

import java.util.Arrays;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.model.screening.CandidateScreening;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LowBitMatrix;
import org.jspecify.annotations.Nullable;

/**
 * The logits of a step's rows: by candidate screening where there is a low-bit copy of the head and
 * a row needs only the best ones, else by the whole head. Not thread-safe.
 */
final class HeadPass {
  /** Bytes of the head that a worker takes at a time at the end, long parts before. */
  private static final long MOST_BYTES = 256 << 10;

  private static final long LEAST_BYTES = 64 << 10;

  /** Rows that kernels compute together. */
  private static final int TOGETHER = 16;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final WeightReads reads;
  private final FloatMatrix head;
  private final FloatRows[] inputRows; // views from each row on
  private final FloatRows[] logitsRows;
  private final @Nullable CandidateScreening screening;
  private final ComputedLogits[] computed; // by row
  private final boolean[] done; // by row, whether the whole head is not needed
  private final ThreadTeam.Task whole = this::whole;
  private final RowsPhase<WholeForOne> wholeForOne;
  private int count; // of rows; set by the caller's thread between phases

  /**
   * @param own of at least {@link #ownBytes} for each thread
   */
  HeadPass(
      NativeMemory memory,
      ThreadMemory own,
      Kernels kernels,
      ThreadTeam team,
      Weights weights,
      FloatRows input,
      FloatRows logits,
      WeightReads reads) {
    this.kernels = kernels;
    this.team = team;
    this.reads = reads;
    this.head = weights.head();
    this.inputRows = new FloatRows[input.capacity()];
    this.logitsRows = new FloatRows[input.capacity()];
    Arrays.setAll(inputRows, input::from);
    Arrays.setAll(logitsRows, logits::from);
    this.computed = new ComputedLogits[input.capacity()];
    Arrays.setAll(computed, i -> new ComputedLogits());
    this.done = new boolean[input.capacity()];
    FloatRows[] outputs = {logits};
    this.wholeForOne =
        new RowsPhase<>(own, 1, new WholeForOne(outputs), () -> new WholeForOne(outputs));
    LowBitMatrix lowBit = weights.lowBitHead();
    this.screening =
        lowBit != null
            ? new CandidateScreening(memory, own, head, lowBit, kernels, team, input, logits)
            : null;
  }

  /** What it needs of a thread's own memory. */
  static long ownBytes(Weights weights, FloatRows logits) {
    LowBitMatrix lowBit = weights.lowBitHead();
    long bounds = lowBit != null ? CandidateScreening.ownBytes(lowBit) : 0;
    return Math.max(bounds, RowsPhase.ownBytes(1, logits));
  }

  /** Computes what rows {@code [0, count)} need. */
  void run(LogitsNeed[] needs, int count) {
    this.count = count;
    if (screening != null) {
      screening.run(needs, count, computed);
      reads.addBytes(screening.bytesRead());
    }
    int left = 0;
    for (int row = 0; row < count; row++) {
      done[row] = !computed[row].areAll() || needs[row].isHiddenState();
      left += done[row] ? 0 : 1;
    }
    if (left > 0) {
      int least = (int) Math.max(TOGETHER, LEAST_BYTES / head.rowBytes());
      int most = (int) Math.max(least, MOST_BYTES / head.rowBytes());
      team.runGuided(count == 1 ? wholeForOne.task() : whole, head.rows(), least, most, TOGETHER);
      reads.addBytes(head.bytes());
    }
  }

  /** Which of a row's logits the last run computed. */
  ComputedLogits computed(int row) {
    return computed[row];
  }

  /** For every row that is not done; rows that follow each other go together. */
  private void whole(int begin, int end) {
    int first = 0;
    for (int row = 0; row < count; row++) {
      if (done[row]) {
        first = row + 1;
      } else if (row + 1 == count || done[row + 1]) {
        int some = row + 1 - first;
        kernels.headProduct(head, inputRows[first], logitsRows[first], some, begin, end);
      }
    }
  }

  /** The same for a step of one row. Items are rows of the head. */
  private final class WholeForOne implements RowsPhase.Operands<WholeForOne> {
    private final FloatRows[] outputs;

    WholeForOne(FloatRows[] outputs) {
      this.outputs = outputs;
    }

    @Override
    public void copy(WholeForOne other) {} // there is one head and one row

    @Override
    public int count() {
      return 1;
    }

    @Override
    public FloatRows[] outputs() {
      return outputs;
    }

    @Override
    public long compute(FloatRows[] outputs, int begin, int end) {
      kernels.headProduct(head, inputRows[0], outputs[0], 1, begin, end);
      return 0; // all is read
    }

    @Override
    public int column(int output, int row) {
      return row;
    }
  }
}
