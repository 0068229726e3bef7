package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.parallel.Repeatable;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;

/**
 * A phase that computes columns of activation rows. In steps of few rows its chunks may be computed
 * more than once: each thread has memory of its own for their results then. With more rows these
 * are too much to be copied, and computed in place.
 *
 * @param <O> what it reads and writes
 */
final class RowsPhase<O extends RowsPhase.Operands<O>> {
  /** So many rows of activations are few, unless they are those of the vocabulary. */
  static final int FEW = 4;

  /** What a phase reads and writes; set between phases, by the caller's thread. */
  interface Operands<O> {
    /** Copies all of {@code other}, but does nothing with it. */
    void copy(O other);

    /** Rows of this step. */
    int count();

    /** Always the same. */
    FloatRows[] outputs();

    /**
     * Computes items {@code [begin, end)}; by several threads at once.
     *
     * @param outputs of the same number and widths as {@link #outputs}
     * @return bytes of weights that it read, if it depends on the activations which; else 0
     */
    long compute(FloatRows[] outputs, int begin, int end);

    /** The first column of an output that an item at or after this one computes. */
    int column(int output, int item);
  }

  private final O operands;
  private final int mostRows;
  private final AtomicLong read = new AtomicLong();
  private final ThreadTeam.Task inPlace = this::computeInPlace;
  private final Few few;

  /**
   * @param own of at least {@link #ownBytes} for each thread
   * @param mostRows that are few
   * @param operands of the step that is computed
   * @param newOperands makes those of a thread, which have the same outputs
   */
  RowsPhase(ThreadMemory own, int mostRows, O operands, Supplier<O> newOperands) {
    this.operands = operands;
    this.mostRows = mostRows;
    this.few = new Few(new Repeatable.Attempt[own.threads()]);
    FloatRows[] outputs = operands.outputs();
    Arrays.setAll(
        few.attempts, i -> new OwnRows(newOperands.get(), like(own.piece(i), mostRows, outputs)));
  }

  private static FloatRows[] like(MemorySegment piece, int mostRows, FloatRows... outputs) {
    FloatRows[] own = new FloatRows[outputs.length];
    long at = 0;
    for (int i = 0; i < own.length; i++) {
      int rows = Math.min(mostRows, outputs[i].capacity());
      own[i] = FloatRows.over(piece.asSlice(at), rows, outputs[i].columns());
      at += own[i].data().byteSize();
    }
    return own;
  }

  /** What a phase with these outputs needs of a thread's own memory. */
  static long ownBytes(int mostRows, FloatRows... outputs) {
    long bytes = 0;
    for (FloatRows output : outputs) {
      bytes += FloatRows.bytes(Math.min(mostRows, output.capacity()), output.columns());
    }
    return bytes;
  }

  /** The task of the phase for its operands as they are now. */
  ThreadTeam.Task task() {
    read.setPlain(0);
    return operands.count() <= mostRows ? few : inPlace;
  }

  /** What {@link Operands#compute} read of weights in the last run. */
  long bytesRead() {
    return read.getPlain();
  }

  private void computeInPlace(int begin, int end) {
    add(operands.compute(operands.outputs(), begin, end));
  }

  private void add(long bytes) {
    if (bytes != 0) {
      read.addAndGet(bytes);
    }
  }

  private final class Few implements Repeatable {
    private final Attempt[] attempts;

    Few(Attempt[] attempts) {
      this.attempts = attempts;
    }

    @Override
    public void run(int begin, int end) {
      computeInPlace(begin, end);
    }

    @Override
    public Attempt[] attempts() {
      return attempts;
    }
  }

  private final class OwnRows implements Repeatable.Attempt {
    private final O taken;
    private final FloatRows[] own;
    private long bytes;

    OwnRows(O taken, FloatRows[] own) {
      this.taken = taken;
      this.own = own;
    }

    @Override
    public void take() {
      taken.copy(operands);
    }

    @Override
    public void compute(int begin, int end) {
      bytes = taken.compute(own, begin, end);
    }

    @Override
    public void publish(int begin, int end) {
      FloatRows[] outputs = taken.outputs();
      for (int i = 0; i < own.length; i++) {
        int from = taken.column(i, begin);
        int to = taken.column(i, end);
        if (from < to) {
          outputs[i].copyColumns(own[i], taken.count(), from, to);
        }
      }
      add(bytes);
    }
  }
}
