package org.bitnetj.engine;

import java.util.Arrays;
import java.util.Objects;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Step;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.WeightReads;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.FloatRows;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of one text, their keys and values, and what is to be computed of it next. For one
 * thread at a time, except {@link #close}.
 */
public final class SequenceState implements AutoCloseable {
  /** Where the tokens are that {@link #compute} was asked for. */
  enum Progress {
    /** None are asked for, or all are done. */
    DONE,
    /** Some wait for a step. */
    WAITING,
    /** Some are in the step that is computed now. */
    COMPUTING
  }

  static final String CLOSED = "This session is closed; open another one.";

  private final Engine engine;
  private final Scheduler scheduler;
  private final BlockTable table;
  private final WeightReads reads = new WeightReads();

  /**
   * In memory that is freed after its last reader: another thread may close the sequence while its
   * owner chooses a token.
   */
  private volatile @Nullable FloatRows logits;

  private ComputedLogits[] computed = {}; // of those rows

  private volatile boolean closed;

  // What is asked for, and how far it is; guarded by the scheduler's lock.
  Progress progress = Progress.DONE;
  @Nullable Throwable failure;

  /** Whether some thread waits to close it. */
  boolean closing;

  /** The round of the scheduler in which this sequence is expected to come back. */
  long expectedIn = -1;

  private int[] ids = {};
  private int next;
  private int end;
  private int logitsFrom;
  private LogitsNeed need = LogitsNeed.all();
  private int rows; // in the step that is computed, or was last
  private int logitsDone;

  SequenceState(Engine engine, Scheduler scheduler, BlockTable table) {
    this.engine = engine;
    this.scheduler = scheduler;
    this.table = table;
  }

  /** Most tokens it may have. */
  public int context() {
    return table.context();
  }

  /** Tokens whose keys and values are there. */
  public int length() {
    return table.length();
  }

  /** Those tokens. */
  public int[] tokens() {
    scheduler.lock();
    try {
      requireOpen();
      int[] tokens = new int[table.length()];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = table.token(i);
      }
      return tokens;
    } finally {
      scheduler.unlock();
    }
  }

  /**
   * Becomes a beginning of {@code ids} of at most {@code most} tokens: as much of it as this or any
   * other sequence of the model holds is not computed again. Gives back the memory of the rest.
   *
   * @return the length now
   */
  public int adopt(int[] ids, int most) {
    scheduler.lock();
    try {
      requireOpen();
      return table.adopt(ids, most);
    } finally {
      scheduler.unlock();
    }
  }

  /**
   * Computes tokens {@code [from, to)} of {@code ids} after those that are there, in one step or
   * several, together with what other sequences wait for. The bits do not depend on them.
   *
   * @param logitsFrom the first token whose logits are needed; at most {@link
   *     Engine#logitsCapacity} of them
   * @param need which of them, or hidden states in their place
   * @throws IllegalStateException if the sequence or the engine is closed
   * @throws org.bitnetj.error.ContextOverflowException if the tokens do not fit the context
   * @throws org.bitnetj.error.KvCacheFullException if other sequences hold all the memory
   * @throws org.bitnetj.error.NonFiniteException if the numbers break
   *     <p>A call that fails leaves the tokens of the steps before the failing one.
   */
  public void compute(int[] ids, int from, int to, int logitsFrom, LogitsNeed need) {
    if (Objects.checkFromToIndex(from, to, ids.length) == to) {
      return;
    }
    int columns = need.isHiddenState() ? engine.spec().width() : vocabulary();
    prepareLogits(to - Math.max(from, logitsFrom), columns);
    this.ids = ids;
    this.next = from;
    this.end = to;
    this.logitsFrom = logitsFrom;
    this.need = need;
    this.logitsDone = 0;
    reads.clear();
    scheduler.compute(this);
  }

  private void prepareLogits(int count, int columns) {
    FloatRows present = logits;
    if (count <= 0
        || present != null && present.columns() == columns && present.capacity() >= count) {
      return;
    }
    if (count > engine.logitsCapacity()) {
      throw new IllegalArgumentException(
          "at most %d rows of logits can be computed at a time, not %d"
              .formatted(engine.logitsCapacity(), count));
    }
    FloatRows larger = FloatRows.allocateCollected(count, columns);
    scheduler.lock();
    try {
      requireOpen();
      logits = larger;
      int before = computed.length;
      computed = Arrays.copyOf(computed, Math.max(before, count));
      for (int i = before; i < computed.length; i++) {
        computed[i] = new ComputedLogits();
      }
    } finally {
      scheduler.unlock();
    }
  }

  /**
   * Row i belongs to the i-th token that asked for logits, or hidden states; valid until the next
   * {@link #compute}, also if the sequence is closed meanwhile.
   */
  public FloatRows logits() {
    FloatRows present = logits;
    if (present == null) {
      throw new IllegalStateException(
          closed ? CLOSED : "no logits have been asked for of this sequence");
    }
    return present;
  }

  /** Which of a row's logits there are; valid as long. */
  public ComputedLogits computed(int row) {
    return computed[row];
  }

  /** What the last {@link #compute} read of the weights, as its share of the steps. */
  public WeightReads reads() {
    return reads;
  }

  /** Most tokens in a step. */
  public int batchCapacity() {
    return engine.batchCapacity();
  }

  /** Most rows of logits that {@link #compute} gives. */
  public int logitsCapacity() {
    return engine.logitsCapacity();
  }

  /** Elements of a hidden state. */
  public int width() {
    return engine.spec().width();
  }

  /** Logits in a row. */
  public int vocabulary() {
    return engine.spec().vocabulary();
  }

  /** Weight bytes that a dense step of one token with all logits reads. */
  public long bytesPerToken() {
    return engine.bytesPerToken();
  }

  /** Forgets the last {@code count} tokens. Does nothing if the sequence is closed. */
  public void forget(int count) {
    scheduler.lock();
    try {
      if (!closed) {
        table.truncate(table.length() - count);
      }
    } finally {
      scheduler.unlock();
    }
  }

  /**
   * How many tokens of a draft are worth computing with the next one, by the time that steps take.
   *
   * @param most at most
   */
  public int drafts(Drafter drafter, int most) {
    int possible = Math.min(Math.min(most, Drafter.MOST), engine.logitsCapacity() - 1);
    if (possible < 1 || !drafter.hasDraft()) {
      return 0;
    }
    scheduler.lock();
    try {
      return scheduler.drafts(drafter, possible);
    } finally {
      scheduler.unlock();
    }
  }

  /** Says that no more tokens will come for a while, so that steps need not wait for them. */
  public void rest() {
    scheduler.rest(this);
  }

  void requireOpen() {
    scheduler.requireOpen();
    if (closed) {
      throw new IllegalStateException(CLOSED);
    }
  }

  BlockTable table() {
    return table;
  }

  /** Tokens that still wait. */
  int remaining() {
    return end - next;
  }

  /** Whether its rows are those of its next token and of a draft, not of a prompt. */
  boolean wantsNextToken() {
    return logitsFrom <= next && remaining() <= 1 + Drafter.MOST;
  }

  /**
   * Puts as many of its tokens into the step as fit, {@code most} at most; the lock is held.
   *
   * @return false if none fits
   */
  boolean enter(Step step, int most) {
    int to = next + Math.min(Math.min(end - next, most), step.capacity() - step.size());
    int logitsLeft = step.logitsCapacity() - step.logitsCount();
    if (to > Math.max(next, logitsFrom)) {
      to = Math.min(to, Math.max(next, logitsFrom) + logitsLeft);
    }
    if (to <= next) {
      return false;
    }
    step.add(table, ids, next, to, logitsFrom, need);
    rows = to - next;
    return true;
  }

  /** Copies its logits out of the step's, from row {@code first} on; returns how many there are. */
  int takeLogits(Transformer transformer, int first) {
    int count = Math.max(0, next + rows - Math.max(next, logitsFrom));
    for (int row = first; row < first + count; row++, logitsDone++) {
      takeLogits(transformer, row, logits(), logitsDone);
    }
    return count;
  }

  private void takeLogits(Transformer transformer, int row, FloatRows mine, int to) {
    FloatRows from = need.isHiddenState() ? transformer.hiddenStates() : transformer.logits();
    ComputedLogits there = transformer.computed(row);
    computed[to].copy(there);
    if (need.isHiddenState() || there.areAll()) {
      mine.copyRow(from, row, to);
    } else {
      for (int i = 0; i < there.count(); i++) {
        mine.set(to, there.token(i), from.get(row, there.token(i)));
      }
    }
  }

  /** Notes that its rows of a step are computed; the lock is held. */
  void advance(WeightReads stepReads, int stepRows) {
    next += rows;
    reads.addShare(stepReads, rows, stepRows);
  }

  /** Says that nothing is to be computed any more, and what went wrong; the lock is held. */
  void finish(@Nullable Throwable failure) {
    if (failure != null) {
      table.truncate(length()); // without the blocks it was to have
    }
    this.failure = failure;
    progress = Progress.DONE;
  }

  /**
   * Frees the keys and values, once no step computes with them: who waits for a step gets an {@link
   * IllegalStateException}. Idempotent, from any thread.
   */
  @Override
  public void close() {
    scheduler.lock();
    try {
      scheduler.withdraw(this);
      free();
    } finally {
      scheduler.unlock();
    }
  }

  /** The same where no step computes with it; the lock is held. */
  void free() {
    if (!closed) {
      closed = true;
      table.truncate(0);
      logits = null;
      engine.remove(this);
    }
  }
}
