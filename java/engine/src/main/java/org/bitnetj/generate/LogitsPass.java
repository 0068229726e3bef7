package org.bitnetj.generate;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.FloatRows;

/** One pass over a given text for the logits after its tokens. */
final class LogitsPass {
  private final SequenceState sequence;
  private final float[][] rows;

  LogitsPass(SequenceState sequence) {
    this.sequence = sequence;
    int most = Math.min(sequence.batchCapacity(), sequence.logitsCapacity());
    this.rows = new float[most][sequence.vocabulary()];
  }

  void run(int[] ids, int from, LogitsVisitor visitor) {
    if (from < 0 || from >= ids.length) {
      throw new IllegalArgumentException(
          "There are no logits from position "
              + from
              + " on in a text of "
              + ids.length
              + " tokens.");
    }
    if (ids.length > sequence.context()) {
      throw new ContextOverflowException(
          "The text has "
              + ids.length
              + " tokens, but the context holds "
              + sequence.context()
              + "; shorten the text or use a larger context.");
    }
    LogitsNeed all = LogitsNeed.all();
    int at = sequence.adopt(ids, from);
    while (at < from) {
      int to = Math.min(at + sequence.batchCapacity(), from);
      sequence.compute(ids, at, to, to, all);
      at = to;
    }
    while (at < ids.length) {
      int to = Math.min(at + rows.length, ids.length);
      sequence.compute(ids, at, to, at, all);
      copy(sequence.logits(), to - at, at);
      for (int i = at; i < to; i++) {
        visitor.row(i, rows[i - at]);
      }
      at = to;
    }
  }

  private void copy(FloatRows logits, int count, int first) {
    for (int r = 0; r < count; r++) {
      MemorySegment row = logits.row(r);
      MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, rows[r], 0, rows[r].length);
      requireFinite(rows[r], first + r);
    }
  }

  private static void requireFinite(float[] logits, int position) {
    for (int id = 0; id < logits.length; id++) {
      if (!Float.isFinite(logits[id])) {
        throw new NonFiniteException(
            "the logit of token "
                + id
                + " after position "
                + position
                + " is "
                + logits[id]
                + ": the weights of the output head are damaged; fetch the model file again.");
      }
    }
  }

  /** {@code log(sum(exp(l - max))) - (l[token] - max)}, in double. */
  static double negativeLogLikelihood(float[] logits, int token) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += StrictMath.exp((double) logit - max);
    }
    return StrictMath.log(sum) - ((double) logits[token] - max);
  }
}
