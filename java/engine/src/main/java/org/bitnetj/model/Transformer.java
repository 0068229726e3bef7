package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.KvCache;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass. A step takes a batch of (sequence, position, token) rows and computes the
 * logits of those that ask for them; prefill, decode and batched serving are the same call, and a
 * row's logits do not depend on what else is in the batch.
 *
 * <p>Each phase below is one pass over rows, panels or heads that the thread team shares; phases
 * follow each other in the model's order. For one caller at a time.
 */
public final class Transformer implements AutoCloseable {
  /** Sees the residual stream as it passes: for tests and diagnosis. */
  @FunctionalInterface
  public interface Observer {
    /**
     * @param point "embed", "layer0", "layer1", …, or "final_norm"; from the last layer on, only
     *     rows with logits
     * @param rows the values, to be read before returning
     * @param count how many rows are meant
     */
    void at(String point, FloatRows rows, int count);
  }

  private static final LogitsNeed ALL_LOGITS = LogitsNeed.all();

  /** Bytes of the head that a worker takes at a time. */
  private static final long HEAD_BYTES = 256 << 10;

  private final Weights weights;
  private final ModelSpec spec;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final NativeMemory memory = new NativeMemory();
  private final Rope rope;
  private final Batch batch;
  private final Batch wanted; // its rows with logits

  // The state of a step, by rows of the batch.
  private final FloatRows x; // the residual stream
  private final QuantizedRows normed; // what q, k, v and gate, up read
  private final FloatRows query;
  private final FloatRows key;
  private final FloatRows value;
  private final FloatRows attended;
  private final QuantizedRows attendedQuantized;
  private final FloatRows gate;
  private final FloatRows up;
  private final QuantizedRows hidden;
  private final FloatRows delta; // what a block adds to x
  private final FloatRows headInput; // rows with logits only
  private final FloatRows logits;
  private final @Nullable HeadShortlist shortlist;

  private final ThreadTeam.Task attentionInput = this::attentionInput;
  private final ThreadTeam.Task rotateAndStore = this::rotateAndStore;
  private final ThreadTeam.Task attend = this::attend;
  private final ThreadTeam.Task attentionOutputInput = this::attentionOutputInput;
  private final ThreadTeam.Task feedForwardInput = this::feedForwardInput;
  private final ThreadTeam.Task gateAndQuantize = this::gateAndQuantize;
  private final ThreadTeam.Task addDelta = this::addDelta;
  private final ThreadTeam.Task embed = this::embed;
  private final ThreadTeam.Task headRows = this::headRows;
  private final TernaryProducts queryKeyValue;
  private final TernaryProducts single;
  private final TernaryProducts gateUp;
  private final SparseFeedForward sparseFeedForward;
  private final WeightReads reads = new WeightReads();
  private final BatchCheck check;

  // Where the step is; set by the caller's thread between phases.
  private Weights.Layer layer;
  private AttentionLayer cacheLayer;
  private int layerIndex;
  private Batch step; // the rows that are computed
  private @Nullable Observer observer;

  /**
   * @param batchCapacity most rows in a step
   * @param logitsCapacity most rows with logits in a step
   */
  public Transformer(
      Weights weights, Kernels kernels, ThreadTeam team, int batchCapacity, int logitsCapacity) {
    this.weights = weights;
    this.spec = weights.spec();
    this.kernels = kernels;
    this.team = team;
    this.layer = weights.layer(0);
    this.check = new BatchCheck(spec, logitsCapacity);
    this.queryKeyValue = new TernaryProducts(kernels, team, reads);
    this.single = new TernaryProducts(kernels, team, reads);
    this.gateUp = new TernaryProducts(kernels, team, reads);
    this.sparseFeedForward = new SparseFeedForward(kernels, team);
    try {
      this.rope =
          new Rope(
              memory,
              spec.headDim(),
              spec.ropeDimensions(),
              spec.ropeTheta(),
              spec.architecture().ropeStyle(),
              spec.contextLength());
      this.batch = new Batch(memory, batchCapacity);
      this.wanted = new Batch(memory, logitsCapacity);
      this.step = batch;
      this.x = FloatRows.allocate(memory, batchCapacity, spec.width());
      this.normed = QuantizedRows.allocate(memory, batchCapacity, spec.width());
      this.query = FloatRows.allocate(memory, batchCapacity, spec.queryWidth());
      this.key = FloatRows.allocate(memory, batchCapacity, spec.kvWidth());
      this.value = FloatRows.allocate(memory, batchCapacity, spec.kvWidth());
      this.attended = FloatRows.allocate(memory, batchCapacity, spec.queryWidth());
      this.attendedQuantized = QuantizedRows.allocate(memory, batchCapacity, spec.queryWidth());
      this.gate = FloatRows.allocate(memory, batchCapacity, spec.feedForward());
      this.up = FloatRows.allocate(memory, batchCapacity, spec.feedForward());
      this.hidden = QuantizedRows.allocate(memory, batchCapacity, spec.feedForward());
      this.delta = FloatRows.allocate(memory, batchCapacity, spec.width());
      this.headInput = FloatRows.allocate(memory, logitsCapacity, spec.width());
      this.logits = FloatRows.allocate(memory, logitsCapacity, spec.vocabulary());
      LowBitMatrix lowBit = weights.lowBitHead();
      this.shortlist =
          lowBit != null ? new HeadShortlist(memory, weights.head(), lowBit, kernels, team) : null;
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  public ModelSpec spec() {
    return spec;
  }

  /** The batch that {@link #forward} computes: clear it, add rows, call forward. */
  public Batch batch() {
    return batch;
  }

  /** Row i belongs to the i-th batch row that asked for logits; valid until the next step. */
  public FloatRows logits() {
    return logits;
  }

  /** Most rows with logits in a step. */
  public int logitsCapacity() {
    return logits.capacity();
  }

  /** Weight bytes that a dense step of one row with all logits reads. */
  public long bytesPerToken() {
    return weights.ternaryBytes() + weights.head().bytes();
  }

  /** What the last step read of the weights; its contents change with the next step. */
  public WeightReads reads() {
    return reads;
  }

  /** An empty cache in float16 that fits this model. */
  public KvCache newCache(int sequences, int context) {
    return newCache(AttentionLayer.Type.F16, sequences, context);
  }

  /** An empty cache of that element type that fits this model. */
  public KvCache newCache(AttentionLayer.Type type, int sequences, int context) {
    if (context > spec.contextLength()) {
      throw new ContextOverflowException(
          "a context of "
              + context
              + " positions is more than the "
              + spec.contextLength()
              + " that "
              + spec.name()
              + " was made for; ask for fewer.");
    }
    return new KvCache(
        new KvCache.Shape(spec.layers(), spec.heads(), spec.kvHeads(), spec.headDim(), type),
        sequences,
        context);
  }

  /** Shows every step's residual stream to {@code observer}; null for none. */
  public void observe(@Nullable Observer observer) {
    this.observer = observer;
  }

  /** As {@link #forward(KvCache, LogitsNeed)}, with all logits. */
  public void forward(KvCache cache) {
    forward(cache, ALL_LOGITS);
  }

  /**
   * Computes the batch: its rows' keys and values go into {@code cache}, whose sequences grow, and
   * the logits asked for into {@link #logits}.
   *
   * @param need which logits of a row must be right; the others may be −∞. A step of several rows
   *     with logits computes all of them
   * @throws ContextOverflowException if a row's position does not fit the cache; nothing changed
   * @throws IllegalArgumentException if a token, sequence or position is out of range or order
   * @throws NonFiniteException if the numbers break in what is computed; the cache's sequences did
   *     not grow
   */
  public void forward(KvCache cache, LogitsNeed need) {
    check.require(batch, cache);
    reads.clear();
    if (batch.size() == 0) {
      return;
    }
    for (int r = 0; r < batch.size(); r++) {
      rope.reach(batch.position(r));
    }
    step = batch;
    rows(embed);
    show("embed", x, step.size());
    for (layerIndex = 0; layerIndex < spec.layers(); layerIndex++) {
      layer = weights.layer(layerIndex);
      cacheLayer = cache.layer(layerIndex);

      rows(attentionInput); // normed = quantize(norm(x))
      queryKeyValue.of(normed, layer.query(), query);
      queryKeyValue.and(layer.key(), key);
      queryKeyValue.and(layer.value(), value);
      queryKeyValue.run(step.size());
      rows(rotateAndStore); // rope on q and k; k and v into the cache
      if (layerIndex == spec.layers() - 1) {
        keepWantedRows(); // the others have left all that is asked of them
        if (step.size() == 0) {
          break;
        }
      }
      team.run(attend, step.size() * spec.kvHeads(), 1);
      rows(attentionOutputInput); // quantize(sub_norm(attended))
      single.of(attendedQuantized, layer.attentionOutput(), delta);
      single.run(step.size());

      rows(feedForwardInput); // x += delta; normed = quantize(norm(x))
      Weights.Copies copies = batch.size() == 1 ? layer.copies() : null;
      if (copies != null) { // the same bits, without the weights that are multiplied by 0
        sparseFeedForward.gateUp(layer, copies, normed, gate, up, reads);
      } else {
        gateUp.of(normed, layer.gate(), gate);
        gateUp.and(layer.up(), up);
        gateUp.run(step.size());
      }
      rows(gateAndQuantize); // hidden = quantize(sub_norm(act(gate) * up))
      if (copies != null) {
        sparseFeedForward.down(copies, hidden, delta, reads);
      } else {
        single.of(hidden, layer.down(), delta);
        single.run(step.size());
      }
      rows(addDelta); // x += delta
      show("layer", x, step.size());
    }
    head(need);
    for (int r = 0; r < batch.size(); r++) {
      cache.extend(batch.sequence(r));
    }
  }

  /** Narrows the step to the rows with logits: moves their state up. */
  private void keepWantedRows() {
    if (batch.logitsCount() == batch.size()) {
      return;
    }
    wanted.clear();
    for (int i = 0; i < batch.logitsCount(); i++) {
      int r = batch.logitsRow(i); // i at least, and rising
      wanted.add(batch.sequence(r), batch.position(r), batch.token(r), true);
      x.copyRow(x, r, i);
      query.copyRow(query, r, i);
    }
    step = wanted;
  }

  private void head(LogitsNeed need) {
    int count = batch.logitsCount();
    if (count == 0) {
      return;
    }
    for (int i = 0; i < count; i++) {
      headInput.copyRow(x, i, i);
    }
    kernels.normalize(headInput, weights.outputNorm(), headInput, 0, count);
    finite(isFinite(headInput, count), "the head's input");
    show("final_norm", headInput, count);
    if (shortlist != null && !need.isAll() && count == 1) {
      boolean done = shortlist.compute(headInput, logits, need);
      reads.addBytes(shortlist.bytesRead());
      if (done) {
        return;
      }
    }
    int grain = (int) Math.max(16, HEAD_BYTES / weights.head().rowBytes() & -16);
    team.run(headRows, spec.vocabulary(), grain);
    reads.addBytes(weights.head().bytes());
  }

  private static boolean isFinite(FloatRows rows, int count) {
    for (int r = 0; r < count; r++) {
      for (int i = 0; i < rows.columns(); i++) {
        if (!Float.isFinite(rows.get(r, i))) {
          return false;
        }
      }
    }
    return true;
  }

  private void embed(int begin, int end) {
    kernels.embed(weights.embedding(), step, x, begin, end);
  }

  private void attentionInput(int begin, int end) {
    finite(kernels.quantize(x, layer.attentionNorm(), normed, begin, end), "attention's input");
  }

  private void rotateAndStore(int begin, int end) {
    kernels.rotate(rope, step, query, begin, end);
    kernels.rotate(rope, step, key, begin, end);
    kernels.store(cacheLayer, step, key, value, begin, end);
  }

  private void attend(int begin, int end) {
    kernels.attend(cacheLayer, step, query, attended, begin, end);
  }

  private void attentionOutputInput(int begin, int end) {
    finite(
        kernels.quantize(attended, layer.attentionSubNorm(), attendedQuantized, begin, end),
        "attention's output");
  }

  private void feedForwardInput(int begin, int end) {
    kernels.add(x, delta, begin, end);
    finite(
        kernels.quantize(x, layer.feedForwardNorm(), normed, begin, end),
        "the feed-forward network's input");
  }

  private void gateAndQuantize(int begin, int end) {
    kernels.gate(spec.architecture().activation(), gate, up, begin, end);
    finite(
        kernels.quantize(gate, layer.feedForwardSubNorm(), hidden, begin, end),
        "the feed-forward network's hidden units");
  }

  private void addDelta(int begin, int end) {
    kernels.add(x, delta, begin, end);
  }

  private void headRows(int begin, int end) {
    kernels.headProduct(weights.head(), headInput, logits, batch.logitsCount(), begin, end);
  }

  private void rows(ThreadTeam.Task phase) {
    team.run(phase, step.size(), 1);
  }

  private void finite(boolean finite, String what) {
    if (!finite) {
      throw new NonFiniteException(
          (layerIndex < spec.layers() ? "in layer " + layerIndex : "after the last layer")
              + ", "
              + what
              + " is NaN or infinite: the weights of "
              + spec.name()
              + " are damaged; fetch the model file again.");
    }
  }

  private void show(String point, FloatRows rows, int count) {
    if (observer != null) {
      observer.at(point.equals("layer") ? point + layerIndex : point, rows, count);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
