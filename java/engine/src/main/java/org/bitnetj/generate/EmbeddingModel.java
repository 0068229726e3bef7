package org.bitnetj.generate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.Pooling;
import org.bitnetj.tensor.FloatRows;

/**
 * A model that gives vectors for texts: near ones for texts of near meaning. Any language model can
 * be used so; those made for it say how their vectors are pooled, and what token ends a text. A
 * vector's bits do not depend on threads, kernels or other texts. Interrupting a thread ends its
 * call before the next step with an {@link IllegalStateException}. Thread-safe.
 */
public final class EmbeddingModel implements AutoCloseable {
  /** Texts that are computed together at a time. */
  private static final int TOGETHER = 16;

  private static final String INTERRUPTED = "The thread was interrupted; embed the texts again.";

  private final LanguageModel model;
  private final Pooling pooling;
  private final int mostTokens;
  private final boolean owner; // of the model

  EmbeddingModel(LanguageModel model, Pooling pooling, int mostTokens) {
    this(model, pooling, mostTokens, true);
  }

  private EmbeddingModel(LanguageModel model, Pooling pooling, int mostTokens, boolean owner) {
    this.model = model;
    this.pooling = pooling;
    this.mostTokens = mostTokens;
    this.owner = owner;
  }

  /**
   * Uses a model that is loaded, beside whatever else it does: pooled as it says, or else by the
   * last token. The vectors have the same bits as those of {@link #load(Path)}. Closing frees
   * nothing; the model must stay open.
   *
   * @param model an open one
   * @return vectors of that model
   * @throws ModelFileException if the model says that vectors are made in a way that the engine
   *     does not compute
   */
  public static EmbeddingModel of(LanguageModel model) throws ModelFileException {
    Objects.requireNonNull(model, "model is null");
    return new EmbeddingModel(
        model, model.pooling().orElse(Pooling.LAST), model.embeddedTokens(), false);
  }

  /**
   * As {@link #load(Path, LoadOptions)}, with the best kernels and a thread on each processor.
   *
   * @param path a file or folder, as of {@link LanguageModel#load(Path, LoadOptions)}
   * @return a model to be closed
   * @throws IOException as of {@link #load(Path, LoadOptions)}
   */
  public static EmbeddingModel load(Path path) throws IOException {
    return load(path, LoadOptions.defaults());
  }

  /**
   * Loads a model that is pooled as it says, or else, with a warning, by the last token.
   *
   * @param path a file or folder, as of {@link LanguageModel#load(Path, LoadOptions)}
   * @param options how it is loaded; all logits are never needed, so {@code head} has no effect
   * @return a model to be closed
   * @throws IOException as {@link LanguageModel#load(Path, LoadOptions)}, and if the model says
   *     that vectors are made in a way that the engine does not compute
   */
  public static EmbeddingModel load(Path path, LoadOptions options) throws IOException {
    Objects.requireNonNull(path, "path is null");
    Objects.requireNonNull(options, "options is null");
    LanguageModel model = LanguageModel.load(path, options.withHead(HeadMode.FULL));
    try {
      Optional<Pooling> said = model.pooling();
      if (said.isEmpty()) {
        options
            .warnings()
            .accept(
                path
                    + " does not say of which hidden states vectors are made. That of the last"
                    + " token is taken; choose by --pooling last or --pooling mean");
      }
      return new EmbeddingModel(model, said.orElse(Pooling.LAST), model.embeddedTokens());
    } catch (IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * Loads a model that is pooled so, whatever it says of how its vectors are made and of how long
   * texts its context has room for.
   *
   * @param path a file or folder, as of {@link LanguageModel#load(Path, LoadOptions)}
   * @param options how it is loaded; all logits are never needed, so {@code head} has no effect
   * @param pooling which hidden states become the vector
   * @return a model to be closed
   * @throws IOException as {@link LanguageModel#load(Path, LoadOptions)}
   */
  public static EmbeddingModel load(Path path, LoadOptions options, Pooling pooling)
      throws IOException {
    Objects.requireNonNull(path, "path is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(pooling, "pooling is null");
    LanguageModel model = LanguageModel.load(path, options.withHead(HeadMode.FULL));
    return new EmbeddingModel(model, pooling, model.info().contextLength());
  }

  /** {@return which hidden states become a vector} */
  public Pooling pooling() {
    return pooling;
  }

  /**
   * {@return the model's name, architecture and sizes; vectors have {@link ModelInfo#width}
   * elements}
   */
  public ModelInfo info() {
    return model.info();
  }

  /**
   * {@return the most tokens of a text: the model's context, or fewer where the model says that its
   * vectors are made of shorter texts}
   */
  public int maxTokens() {
    return mostTokens;
  }

  /**
   * {@return how many tokens a text has, with those that the model puts around it}
   *
   * @param text whose special tokens are ordinary text
   */
  public int countTokens(String text) {
    return encode(text).length;
  }

  /**
   * {@return the tokens of a text, with those that the model puts around it}
   *
   * @param text whose special tokens are ordinary text
   */
  public int[] encode(String text) {
    Objects.requireNonNull(text, "text is null");
    return model.tokenizer().encodeDocument(text, false);
  }

  /**
   * {@return the vector of a text, of length 1 (L2)}
   *
   * @param text whose special tokens are ordinary text
   * @throws ContextOverflowException if the text is longer than the model's context, or than texts
   *     that it says vectors are made of: what is cut off would be lost without notice
   * @throws IllegalArgumentException if it has no tokens
   * @throws KvCacheFullException if texts that other threads embed leave it no memory
   * @throws org.bitnetj.error.NonFiniteException if the numbers break
   */
  public float[] embed(String text) {
    return embed(encode(text));
  }

  /**
   * {@return the vector of a text that is given as tokens: nothing is put around them}
   *
   * @param ids 1 token or more
   * @throws RuntimeException as {@link #embed(String)}; an {@link IllegalArgumentException} also if
   *     a token is none of the model's
   */
  public float[] embed(int[] ids) {
    Objects.requireNonNull(ids, "ids is null");
    if (ids.length == 0) {
      throw new IllegalArgumentException("The text is empty; give at least one token.");
    }
    if (ids.length > mostTokens) {
      boolean whole = mostTokens == model.info().contextLength();
      throw new ContextOverflowException(
          "The text has %d tokens, but %s %d; shorten the text."
              .formatted(
                  ids.length,
                  whole ? "the model's context is" : "the model's max_seq_length is",
                  mostTokens));
    }
    try (SequenceState sequence = model.openSequence(ids.length)) {
      return normalized(pooling == Pooling.LAST ? last(sequence, ids) : sum(sequence, ids));
    }
  }

  /**
   * {@return the vectors of texts, computed together as far as their keys and values fit the
   * memory}
   *
   * @param texts none of them empty
   * @throws RuntimeException as {@link #embed(String)}, for the first text that fails
   */
  public List<float[]> embed(List<String> texts) {
    Objects.requireNonNull(texts, "texts is null");
    return embedTokens(texts.stream().map(this::encode).toList());
  }

  /**
   * As {@link #embed(List)}, of texts that are given as {@link #embed(int[])} takes them.
   *
   * @param texts tokens of each, one or more
   * @return the vectors, in the order of the texts
   */
  public List<float[]> embedTokens(List<int[]> texts) {
    Objects.requireNonNull(texts, "texts is null");
    List<float[]> vectors = new ArrayList<>(texts.size());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int from = 0; from < texts.size(); from += TOGETHER) {
        List<Future<float[]>> some =
            texts.subList(from, Math.min(from + TOGETHER, texts.size())).stream()
                .map(text -> threads.submit(() -> embed(text)))
                .toList();
        List<Integer> left = new ArrayList<>();
        for (Future<float[]> one : some) {
          try {
            vectors.add(get(one));
          } catch (KvCacheFullException e) {
            left.add(vectors.size());
            vectors.add(new float[0]);
          }
        }
        for (int index : left) { // now that the others have given their memory back
          vectors.set(index, embed(texts.get(index)));
        }
      }
    }
    return vectors;
  }

  private static float[] get(Future<float[]> one) {
    try {
      return one.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(INTERRUPTED, e);
    }
  }

  private static void requireNoInterrupt() {
    if (Thread.currentThread().isInterrupted()) {
      throw new IllegalStateException(INTERRUPTED);
    }
  }

  /**
   * {@return the cosine of the angle between two vectors: 1 for those of one direction}
   *
   * @param a not all 0
   * @param b not all 0
   * @throws IllegalArgumentException if their lengths differ
   */
  public static double similarity(float[] a, float[] b) {
    Objects.requireNonNull(a, "a is null");
    Objects.requireNonNull(b, "b is null");
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "Vectors of %d and %d elements cannot be compared.".formatted(a.length, b.length));
    }
    double dot = 0;
    double squaresOfA = 0;
    double squaresOfB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squaresOfA += (double) a[i] * a[i];
      squaresOfB += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(squaresOfA * squaresOfB);
  }

  private static double[] last(SequenceState sequence, int[] ids) {
    int last = ids.length - 1;
    for (int at = sequence.adopt(ids, last), to; at < ids.length; at = to) {
      requireNoInterrupt();
      to = Math.min(at + sequence.batchCapacity(), ids.length);
      sequence.compute(ids, at, to, to == ids.length ? last : to, LogitsNeed.hiddenState());
    }
    double[] sum = new double[sequence.width()];
    add(sequence.logits(), 0, sum);
    return sum;
  }

  /** Nothing of another text is taken over: hidden states of its tokens are not kept. */
  private static double[] sum(SequenceState sequence, int[] ids) {
    double[] sum = new double[sequence.width()];
    int most = Math.min(sequence.batchCapacity(), sequence.logitsCapacity());
    for (int at = 0, to; at < ids.length; at = to) {
      requireNoInterrupt();
      to = Math.min(at + most, ids.length);
      sequence.compute(ids, at, to, at, LogitsNeed.hiddenState());
      for (int row = 0; row < to - at; row++) {
        add(sequence.logits(), row, sum);
      }
    }
    return sum;
  }

  private static void add(FloatRows states, int row, double[] sum) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += states.get(row, i);
    }
  }

  private static float[] normalized(double[] sum) {
    double squares = 0;
    for (double x : sum) {
      squares += x * x;
    }
    double length = Math.max(Math.sqrt(squares), Double.MIN_NORMAL);
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (sum[i] / length);
    }
    return vector;
  }

  /** That of the {@link LanguageModel}, and the pooling. */
  @Override
  public String toString() {
    return model + ", pooled by the " + (pooling == Pooling.LAST ? "last token" : "mean");
  }

  /** Frees the model, unless it was loaded elsewhere. Idempotent. */
  @Override
  public void close() {
    if (owner) {
      model.close();
    }
  }
}
