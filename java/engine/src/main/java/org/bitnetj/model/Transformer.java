package org.bitnetj.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.KvBudget;
import org.bitnetj.kv.KvShape;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.Rope;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass. A {@link Step} has rows of (sequence, position, token); the pass computes the
 * logits of those that ask for them. Prefill, decode and batched serving are the same call, and a
 * row's logits do not depend on what else is in the step.
 *
 * <p>Each phase below is one pass over rows, panels or heads that the thread team shares; phases
 * follow each other in the model's order. For one caller at a time.
 */
public final class Transformer implements AutoCloseable {
  /** Receives the residual stream between layers, for tests and diagnosis. */
  @FunctionalInterface
  public interface Observer {
    /**
     * @param point "embed", "layer0", "layer1", …, or "final_norm"; from the last layer on, only
     *     rows with logits
     * @param rows the values, to be read before returning
     * @param count the number of rows
     */
    void at(String point, FloatRows rows, int count);
  }

  // What is checked to be finite, in messages.
  private static final String ATTENTION_INPUT = "attention's input";
  private static final String ATTENTION_OUTPUT = "attention's output";
  private static final String FEED_FORWARD_INPUT = "the feed-forward network's input";
  private static final String HIDDEN_UNITS = "the feed-forward network's hidden units";

  private final Weights weights;
  private final ModelSpec spec;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final NativeMemory memory = new NativeMemory();
  private final Rope[] layerRopes;
  private final Rope[] ropes; // each of them once
  private final Step step;
  private final Batch wanted; // its rows with logits

  // The state of a step, by rows.
  private final FloatRows x; // the residual stream
  private final LinearInput normed; // what q, k, v and gate, up read
  private final FloatRows query;
  private final FloatRows key;
  private final FloatRows value;
  private final FloatRows queryHeads; // q and k with a row for each head, where heads have norms
  private final FloatRows keyHeads;
  private final FloatRows attended;
  private final LinearInput attendedInput;
  private final FloatRows gate;
  private final FloatRows up;
  private final LinearInput hidden;
  private final FloatRows delta; // what a block adds to x
  private final FloatRows headInput; // rows with logits only
  private final FloatRows logits;

  private final ThreadTeam.Task attentionInput = this::attentionInput;
  private final ThreadTeam.Task rotateAndStore = this::rotateAndStore;
  private final ThreadTeam.Task attentionOutputInput = this::attentionOutputInput;
  private final ThreadTeam.Task feedForwardInput = this::feedForwardInput;
  private final ThreadTeam.Task gateAndQuantize = this::gateAndQuantize;
  private final ThreadTeam.Task addFeedForward = this::addFeedForward;
  private final ThreadTeam.Task embed = this::embed;
  private final ThreadTeam.Task headNorm = this::headNorm;
  private final AttentionPass attention;
  private final HeadPass headPass;
  private final LinearProducts queryKeyValue;
  private final LinearProducts single;
  private final LinearProducts gateUp;
  private final SparseFeedForward sparseFeedForward;
  private final WeightReads reads = new WeightReads();

  // Where the step is; set by the caller's thread between phases.
  private Weights.Layer layer;
  private AttentionLayer cacheLayer;
  private int layerIndex;
  private Batch rows; // what is computed
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
    try {
      Scratch scratch = Scratch.of(memory, weights, team.threads());
      this.layerRopes = new Rope[spec.layers()];
      Map<LayerPlan.Rotation, Rope> ropes = new LinkedHashMap<>();
      for (int l = 0; l < layerRopes.length; l++) {
        layerRopes[l] = ropes.computeIfAbsent(weights.layer(l).plan().rotation(), this::rope);
      }
      this.ropes = ropes.values().toArray(Rope[]::new);
      this.step = new Step(memory, spec.vocabulary(), batchCapacity, logitsCapacity);
      this.wanted = new Batch(memory, logitsCapacity);
      this.rows = step.rows();
      this.attention = new AttentionPass(memory, kernels, team, spec, batchCapacity);
      this.x = FloatRows.allocate(memory, batchCapacity, spec.width());
      this.normed = LinearInput.allocate(memory, batchCapacity, spec.width(), weights);
      this.query = FloatRows.allocate(memory, batchCapacity, spec.queryWidth());
      this.key = FloatRows.allocate(memory, batchCapacity, spec.kvWidth());
      this.value = FloatRows.allocate(memory, batchCapacity, spec.kvWidth());
      boolean headNorms =
          weights.layers().stream().anyMatch(l -> l.plan().headNorms() != LayerPlan.HeadNorms.NONE);
      this.queryHeads = headNorms ? query.heads(spec.headDim()) : query;
      this.keyHeads = headNorms ? key.heads(spec.headDim()) : key;
      this.attended = FloatRows.allocate(memory, batchCapacity, spec.queryWidth());
      this.attendedInput = LinearInput.allocate(memory, batchCapacity, spec.queryWidth(), weights);
      this.gate = FloatRows.allocate(memory, batchCapacity, spec.feedForward());
      this.up = FloatRows.allocate(memory, batchCapacity, spec.feedForward());
      this.hidden = LinearInput.allocate(memory, batchCapacity, spec.feedForward(), weights);
      this.delta = FloatRows.allocate(memory, batchCapacity, spec.width());
      this.headInput = FloatRows.allocate(memory, logitsCapacity, spec.width());
      this.logits = FloatRows.allocate(memory, logitsCapacity, spec.vocabulary());
      ThreadMemory own = new ThreadMemory(memory, team.threads(), mostOwnBytes());
      this.queryKeyValue =
          new LinearProducts(own, kernels, team, reads, scratch, query, key, value);
      this.single = new LinearProducts(own, kernels, team, reads, scratch, delta);
      this.gateUp = new LinearProducts(own, kernels, team, reads, scratch, gate, up);
      this.sparseFeedForward =
          new SparseFeedForward(own, kernels, team, spec.layers(), gate, up, delta);
      this.headPass = new HeadPass(memory, own, kernels, team, weights, headInput, logits, reads);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** What the phase that needs most of it needs of a thread's own memory. */
  private long mostOwnBytes() {
    return LongStream.of(
            LinearProducts.ownBytes(query, key, value),
            LinearProducts.ownBytes(delta),
            LinearProducts.ownBytes(gate, up),
            HeadPass.ownBytes(weights, logits))
        .max()
        .orElseThrow();
  }

  private Rope rope(LayerPlan.Rotation rotation) {
    return new Rope(
        memory,
        spec.headDim(),
        rotation.dimensions(),
        rotation.theta(),
        weights.ropeDivisors(),
        rotation.scaling(),
        rotation.style(),
        spec.contextLength());
  }

  public ModelSpec spec() {
    return spec;
  }

  /** The step that {@link #forward} computes: clear it, add rows, call forward. */
  public Step step() {
    return step;
  }

  /** Row i belongs to the i-th row of the step that asked for logits; valid until the next step. */
  public FloatRows logits() {
    return logits;
  }

  /** Which logits of such a row there are; valid as long. */
  public ComputedLogits computed(int row) {
    return headPass.computed(row);
  }

  /** In the same rows, what logits are computed of: normalized, {@code width} columns. */
  public FloatRows hiddenStates() {
    return headInput;
  }

  /** Weight bytes that a dense step of one row with all logits reads. */
  public long bytesPerToken() {
    return weights.linearBytes() + weights.head().bytes();
  }

  /** What the last step read of the weights; its contents change with the next step. */
  public WeightReads reads() {
    return reads;
  }

  /**
   * An empty KV cache that fits this model.
   *
   * @param mostBytes how much it may take
   */
  public BlockPool newCache(AttentionLayer.Type type, long mostBytes) {
    return newCache(type, mostBytes, new KvBudget(mostBytes));
  }

  /**
   * An empty KV cache that fits this model.
   *
   * @param mostBytes how much address space is reserved for it
   * @param budget how much it may take together with others
   */
  public BlockPool newCache(AttentionLayer.Type type, long mostBytes, KvBudget budget) {
    KvShape shape = new KvShape(spec.layers(), spec.heads(), spec.kvHeads(), spec.headDim(), type);
    float[] scales = new float[spec.layers()];
    for (int l = 0; l < scales.length; l++) {
      scales[l] = weights.layer(l).plan().scoreScale();
    }
    return new BlockPool(shape, scales, mostBytes, budget);
  }

  /** Shows every step's residual stream to {@code observer}; null for none. */
  public void observe(@Nullable Observer observer) {
    this.observer = observer;
  }

  /**
   * Computes the step: its rows' keys and values go into the blocks that their sequences keep for
   * them, and the logits asked for into {@link #logits}. Sequences grow once the step is {@link
   * Step#commit committed}.
   *
   * @throws NonFiniteException if the numbers break in what is computed
   */
  public void forward() {
    reads.clear();
    BlockPool pool = step.pool();
    if (pool == null) {
      return;
    }
    rows = step.rows();
    for (int r = 0; r < rows.size(); r++) {
      for (Rope rope : ropes) {
        rope.reach(rows.position(r));
      }
    }
    byRows(embed);
    show("embed", x, rows.size());
    for (layerIndex = 0; layerIndex < spec.layers(); layerIndex++) {
      layer = weights.layer(layerIndex);
      cacheLayer = pool.layer(layerIndex);

      byRows(attentionInput); // normed = quantize(norm(x))
      queryKeyValue.of(normed, layer.query());
      queryKeyValue.and(layer.key());
      queryKeyValue.and(layer.value());
      finite(queryKeyValue.run(rows.size()), ATTENTION_INPUT);
      byRows(rotateAndStore); // norm and rope on q and k; k and v into the cache
      if (layerIndex == spec.layers() - 1) {
        keepWantedRows(); // the others have left all that is asked of them
        if (rows.size() == 0) {
          break;
        }
      }
      attention.run(cacheLayer, rows, query, attended);
      byRows(attentionOutputInput); // quantize(sub_norm(attended))
      single.of(attendedInput, layer.attentionOutput());
      finite(single.run(rows.size()), ATTENTION_OUTPUT);

      byRows(feedForwardInput); // x += post_norm(delta); normed = quantize(norm(x))
      boolean skips = sparseFeedForward.pays(layerIndex, layer.down(), rows.size());
      if (skips) { // the same bits, without the weights that are multiplied by 0
        sparseFeedForward.gateUp(layer.gate(), layer.up(), normed.quantized(), rows.size(), reads);
      } else {
        gateUp.of(normed, layer.gate());
        gateUp.and(layer.up());
        finite(gateUp.run(rows.size()), FEED_FORWARD_INPUT);
      }
      if (layer.canSkip()) {
        sparseFeedForward.learn(layerIndex, gate, rows.size());
      }
      byRows(gateAndQuantize); // hidden = quantize(sub_norm(act(gate) * up))
      if (skips) {
        sparseFeedForward.down(layer.down(), hidden.quantized(), rows.size(), reads);
      } else {
        single.of(hidden, layer.down());
        finite(single.run(rows.size()), HIDDEN_UNITS);
      }
      byRows(addFeedForward); // x += post_norm(delta)
      show("layer", x, rows.size());
    }
    head();
  }

  /** Goes on with the rows with logits only: moves their state up. */
  private void keepWantedRows() {
    Batch all = step.rows();
    if (all.logitsCount() == all.size()) {
      return;
    }
    wanted.clear();
    for (int i = 0; i < all.logitsCount(); i++) {
      int r = all.logitsRow(i); // i at least, and rising
      wanted.add(all.blocks(r), all.position(r), all.token(r), true);
      x.copyRow(x, r, i);
      query.copyRow(query, r, i);
    }
    rows = wanted;
  }

  private void head() {
    int count = step.logitsCount();
    if (count == 0) {
      return;
    }
    team.run(headNorm, count, 1);
    finite(isFinite(headInput, count), "the head's input");
    show("final_norm", headInput, count);
    headPass.run(step.needs(), count);
  }

  private void headNorm(int begin, int end) {
    for (int i = begin; i < end; i++) {
      headInput.copyRow(x, i, i);
    }
    kernels.normalize(headInput, weights.outputNorm(), headInput, begin, end);
    multiply(headInput, 1 / spec.multipliers().logits(), begin, end);
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
    kernels.embed(weights.embedding(), rows, x, begin, end);
    multiply(x, spec.multipliers().embedding(), begin, end);
  }

  private static void multiply(FloatRows x, float factor, int begin, int end) {
    if (factor != 1) {
      x.multiply(factor, begin, end);
    }
  }

  private void attentionInput(int begin, int end) {
    finite(normed.take(kernels, x, layer.attentionNorm(), begin, end), ATTENTION_INPUT);
  }

  private void rotateAndStore(int begin, int end) {
    LayerPlan.HeadNorms norms = layer.plan().headNorms();
    if (norms == LayerPlan.HeadNorms.BEFORE_ROTATION) {
      normalizeHeads(begin, end);
    }
    kernels.rotate(layerRopes[layerIndex], rows, query, begin, end);
    kernels.rotate(layerRopes[layerIndex], rows, key, begin, end);
    if (norms == LayerPlan.HeadNorms.AFTER_ROTATION) {
      normalizeHeads(begin, end);
    }
    kernels.store(cacheLayer, rows, key, value, begin, end);
  }

  private void normalizeHeads(int begin, int end) {
    int heads = spec.heads();
    int kvHeads = spec.kvHeads();
    kernels.normalize(queryHeads, layer.queryNorm(), queryHeads, begin * heads, end * heads);
    kernels.normalize(keyHeads, layer.keyNorm(), keyHeads, begin * kvHeads, end * kvHeads);
  }

  private void attentionOutputInput(int begin, int end) {
    finite(
        attendedInput.take(kernels, attended, layer.attentionSubNorm(), begin, end),
        ATTENTION_OUTPUT);
  }

  private void feedForwardInput(int begin, int end) {
    addDelta(layer.attentionPostNorm(), begin, end);
    finite(normed.take(kernels, x, layer.feedForwardNorm(), begin, end), FEED_FORWARD_INPUT);
  }

  private void gateAndQuantize(int begin, int end) {
    kernels.gate(layer.plan().activation(), gate, up, begin, end);
    finite(hidden.take(kernels, gate, layer.feedForwardSubNorm(), begin, end), HIDDEN_UNITS);
  }

  private void addFeedForward(int begin, int end) {
    addDelta(layer.feedForwardPostNorm(), begin, end);
  }

  private void addDelta(Norm norm, int begin, int end) {
    if (!norm.isNone()) {
      kernels.normalize(delta, norm, delta, begin, end);
    }
    multiply(delta, spec.multipliers().residual(), begin, end);
    kernels.add(x, delta, begin, end);
  }

  private void byRows(ThreadTeam.Task phase) {
    team.run(phase, rows.size(), 1);
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
    team.settle();
    memory.close();
  }
}
