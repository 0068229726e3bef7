package org.bitnetj.model.screening;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.parallel.Repeatable;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * The best logits of the rows of a step without reading the whole head, exactly: a low-bit copy of
 * the head bounds every logit from above ({@link Activation16} has the proof); a token whose upper
 * bound is below the logits of k others is not among the k best. So the logits of the k tokens that
 * the copy itself puts first are computed, and the least of them is the threshold. What reaches it,
 * ties included, are the row's candidates, and their logits are computed from the head itself, as
 * ever. A row whose need has a {@link LogitsNeed#reach} has a higher threshold first.
 *
 * <p>The copy is read in two steps, its second plane only for tokens that the first has not ruled
 * out, and each step reads it once for all rows that are screened together. Every row has a
 * threshold and candidates of its own. For one caller at a time.
 */
public final class CandidateScreening {
  /** The most rows that are screened together. */
  public static final int MOST_ROWS = 16;

  /** When more than this share of the tokens is left, the whole head costs less than they do. */
  private static final int MOST_LEFT = 8;

  /** Panels that a worker takes at a time, except for long streams. */
  private static final int MOST_PANELS = 64;

  private static final int LEAST_PANELS = 8;

  private static final int CHUNKS_PER_THREAD = 8;

  /** Of tokens here and there, that a worker computes at a time. */
  private static final int LOGITS_AT_ONCE = 8;

  /**
   * From how many rows that are screened together on their activations may be rounded to high
   * bytes: for fewer, bounds wait for memory.
   */
  private static final int LEAST_ROUNDED = 3;

  /**
   * After a row for which screening did not pay, up to this many are computed without trying: twice
   * as many each time, because heads differ in that more than rows do.
   */
  private static final int LONGEST_REST = 127;

  /** With norms beyond this a logit might overflow, or the bounds themselves. */
  private static final float LARGEST_NORM = 0x1p70f;

  private final FloatMatrix head;
  private final LowBitMatrix lowBit;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final FloatRows input;
  private final FloatRows logits;
  private final FloatRows[] inputRows; // views from each row on
  private final FloatRows[] logitsRows;
  private final ScreenedRow[] rows;
  private final Activation16[] activations; // of rows
  private final LogitBounds[] bounds;
  private final int panels;
  private final boolean usable;

  private final ThreadTeam.Task takeRows = this::takeRows;
  private final ThreadTeam.Task bound = this::bound;
  private final BoundOne boundOne;
  private final ThreadTeam.Task findBest = this::findBest;
  private final ThreadTeam.Task computeBest = this::computeBest;
  private final ThreadTeam.Task refine = this::refine;
  private final ThreadTeam.Task list = this::list;
  private final ThreadTeam.Task compute = this::compute;

  // Where the step is; set by the caller's thread between phases.
  private boolean rounded; // whether rows may be
  private int count; // of rows that are screened
  private long bytesRead;
  private int refinedRows;
  private int candidates;
  private int tooMany; // of the best: that many did not pay
  private int rest; // after the last row for which it did not pay
  private int resting; // rows that are left of it

  /**
   * @param own of at least {@link #ownBytes} for each thread
   * @param input rows that are multiplied by the head
   * @param logits where their logits go
   */
  public CandidateScreening(
      NativeMemory memory,
      ThreadMemory own,
      FloatMatrix head,
      LowBitMatrix lowBit,
      Kernels kernels,
      ThreadTeam team,
      FloatRows input,
      FloatRows logits) {
    this.head = head;
    this.lowBit = lowBit;
    this.kernels = kernels;
    this.team = team;
    this.input = input;
    this.logits = logits;
    this.inputRows = new FloatRows[input.capacity()];
    this.logitsRows = new FloatRows[input.capacity()];
    Arrays.setAll(inputRows, input::from);
    Arrays.setAll(logitsRows, logits::from);
    this.rows = new ScreenedRow[Math.min(MOST_ROWS, input.capacity())];
    Arrays.setAll(rows, i -> new ScreenedRow(memory, lowBit));
    this.activations = new Activation16[rows.length];
    this.bounds = new LogitBounds[rows.length];
    Arrays.setAll(activations, i -> rows[i].activation());
    Arrays.setAll(bounds, i -> rows[i].bounds());
    this.panels = lowBit.panelCount();
    this.usable = lowBit.largestNorm() <= LARGEST_NORM;
    this.boundOne = new BoundOne(own);
  }

  /** What it needs of a thread's own memory. */
  public static long ownBytes(LowBitMatrix lowBit) {
    return LogitBounds.bytes(lowBit.rows());
  }

  /**
   * Computes the logits that rows {@code [0, count)} of the input, which are finite, need. Rows
   * that need all logits, or for which screening would not pay or the bounds would not hold, are
   * left as they are.
   *
   * @param needs of each row
   * @param computed becomes the tokens whose logits are computed; all for a row that is left: that
   *     is for the caller to do
   */
  public void run(LogitsNeed[] needs, int count, ComputedLogits[] computed) {
    bytesRead = 0;
    refinedRows = 0;
    candidates = 0;
    for (int row = 0; row < count; ) {
      int started = 0;
      for (; row < count && started < rows.length; row++) {
        computed[row].setAll();
        started += start(started, row, needs[row], computed[row]) ? 1 : 0;
      }
      this.count = take(started);
      if (this.count > 0) {
        screen();
      }
    }
  }

  /** Starts with a row of the step as the next one, unless it cannot pay. */
  private boolean start(int next, int row, LogitsNeed need, ComputedLogits computed) {
    int best = need.isAll() ? Integer.MAX_VALUE : need.count(head.rows());
    if (!usable || best > panels) {
      return false;
    }
    if (resting > 0 && best >= tooMany) {
      resting--;
      return false;
    }
    rows[next].start(row, need, best, computed, head.rows() / MOST_LEFT);
    return true;
  }

  /**
   * Takes the rows that were started. Those without low bytes come first: kernels compute them
   * together, whatever the others have. Returns how many there are without those whose bounds would
   * not hold.
   */
  private int take(int started) {
    rounded = started >= LEAST_ROUNDED;
    team.run(takeRows, started, 1);
    int taken = 0;
    int withoutLow = 0;
    for (int i = 0; i < started; i++) {
      if (rows[i].isBounded()) {
        swap(i, taken);
        if (activations[taken].isLowZero()) {
          swap(taken, withoutLow);
          withoutLow++;
        }
        taken++;
      }
    }
    return taken;
  }

  private void takeRows(int begin, int end) {
    for (int i = begin; i < end; i++) {
      rows[i].take(input, rounded);
    }
  }

  private void swap(int i, int j) {
    ScreenedRow row = rows[i];
    put(i, rows[j]);
    put(j, row);
  }

  private void put(int i, ScreenedRow row) {
    rows[i] = row;
    activations[i] = row.activation();
    bounds[i] = row.bounds();
  }

  private void screen() {
    team.runGuided(count == 1 ? boundOne : bound, panels, LEAST_PANELS, MOST_PANELS, 4);
    bytesRead += lowBit.coarseBytes();
    team.run(findBest, count, 1);
    int most = 0;
    for (int i = 0; i < count; i++) {
      most = Math.max(most, rows[i].count());
      bytesRead += rows[i].count() * head.rowBytes();
    }
    team.run(computeBest, count * most, LOGITS_AT_ONCE);
    for (int i = 0; i < count; i++) {
      rows[i].setThreshold(logits);
    }
    computeCandidates();
    boolean complete = true;
    for (int i = 0; i < count; i++) {
      complete &= rows[i].complete(logits);
    }
    if (!complete) {
      computeCandidates();
    }
    judge();
  }

  /** Finds the candidates of rows that are not complete, and computes their logits. */
  private void computeCandidates() {
    scatter(refine);
    team.run(list, count, 1);
    int refined = 0;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (!rows[i].isComplete()) {
        refined += rows[i].refinedRows();
        kept += rows[i].pays() ? rows[i].candidates().count() : 0;
      }
    }
    if (kept > 0) {
      scatter(compute);
      for (int i = 0; i < count; i++) {
        kept += isComputed(rows[i]) ? computeNeededTokens(rows[i]) : 0;
      }
    }
    refinedRows += refined;
    candidates += kept;
    bytesRead += Math.min(refined, head.rows()) * lowBit.fineRowBytes();
    bytesRead += Math.min(kept, head.rows()) * head.rowBytes();
  }

  private static boolean isComputed(ScreenedRow row) {
    return row.pays() && !row.isComplete();
  }

  /** For tokens here and there: likely ones may be neighbours, so all ranges are short. */
  private void scatter(ThreadTeam.Task task) {
    int grain = panels / (CHUNKS_PER_THREAD * team.threads());
    team.run(task, panels, Math.clamp(grain, LEAST_PANELS, MOST_PANELS));
  }

  /** For which rows screening paid; after a step in which it did not, some are not screened. */
  private void judge() {
    int least = Integer.MAX_VALUE; // of the best, for which it did not pay
    int most = 0; // for which it did
    for (int i = 0; i < count; i++) {
      ScreenedRow row = rows[i];
      if (row.pays()) {
        most = Math.max(most, row.count());
      } else {
        least = Math.min(least, row.count());
      }
    }
    if (least < Integer.MAX_VALUE) {
      tooMany = rest == 0 ? least : Math.min(tooMany, least);
      rest = Math.min(2 * rest + 1, LONGEST_REST);
      resting = rest;
    } else if (most >= tooMany) {
      rest = 0;
    }
  }

  /**
   * Bytes that the last step read of the low-bit copy and the head, of the head for candidates and
   * for thresholds, which are candidates again. Where several rows were screened, this counts what
   * more than one of them needed again, but of candidates and of the second plane no more than
   * there is each time.
   */
  public long bytesRead() {
    return bytesRead;
  }

  /** Rows of the low-bit copy of which the last step read the second plane, each time. */
  public int refinedRows() {
    return refinedRows;
  }

  /** Logits of candidates that the last step computed, each time. */
  public int candidates() {
    return candidates;
  }

  private void bound(int begin, int end) {
    kernels.boundLogits(lowBit, activations, bounds, count, begin, end);
  }

  /** The same for one row, whose sums are not too much to be copied: 8 bytes for each token. */
  private final class BoundOne implements Repeatable {
    private final Attempt[] attempts;

    BoundOne(ThreadMemory own) {
      this.attempts = new Attempt[own.threads()];
      Arrays.setAll(attempts, i -> new OwnBounds(own.piece(i)));
    }

    @Override
    public void run(int begin, int end) {
      bound(begin, end);
    }

    @Override
    public Attempt[] attempts() {
      return attempts;
    }
  }

  private final class OwnBounds implements Repeatable.Attempt {
    private final LogitBounds[] own = new LogitBounds[1];

    OwnBounds(MemorySegment piece) {
      own[0] = LogitBounds.over(piece, lowBit.rows());
    }

    @Override
    public void take() {} // there is one matrix and one row

    @Override
    public void compute(int begin, int end) {
      kernels.boundLogits(lowBit, activations, own, 1, begin, end);
    }

    @Override
    public void publish(int begin, int end) {
      bounds[0].copyPanels(own[0], begin, end);
    }
  }

  private void findBest(int begin, int end) {
    for (int i = begin; i < end; i++) {
      rows[i].findBest();
    }
  }

  /** By the i-th best of all rows. */
  private void computeBest(int begin, int end) {
    for (int item = begin; item < end; item++) {
      ScreenedRow row = rows[item % count];
      if (item / count < row.count()) {
        computeLogit(row, row.bestToken(item / count));
      }
    }
  }

  private void refine(int begin, int end) {
    kernels.refineBounds(lowBit, activations, bounds, count, begin, end);
  }

  private void list(int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (!rows[i].isComplete()) {
        rows[i].list();
      }
    }
  }

  private void compute(int begin, int end) {
    for (int i = 0; i < count; i++) {
      if (isComputed(rows[i])) {
        ComputedLogits tokens = rows[i].candidates();
        int last = tokens.before(end * LowBitMatrix.PANEL_ROWS);
        for (int t = tokens.before(begin * LowBitMatrix.PANEL_ROWS); t < last; t++) {
          computeLogit(rows[i], tokens.token(t));
        }
      }
    }
  }

  /** The tokens that are needed whatever their logits are. Returns how many were no candidates. */
  private int computeNeededTokens(ScreenedRow row) {
    int more = 0;
    for (int i = 0; i < row.need().tokens(); i++) {
      int token = row.need().token(i);
      if (row.candidates().insert(token)) {
        computeLogit(row, token);
        more++;
      }
    }
    return more;
  }

  private void computeLogit(ScreenedRow row, int token) {
    kernels.headProduct(head, inputRows[row.row()], logitsRows[row.row()], 1, token, token + 1);
  }
}
