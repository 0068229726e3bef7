package org.bitnetj.bench.jmh;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.bitnetj.engine.Drafter;
import org.bitnetj.engine.Engine;
import org.bitnetj.engine.PromptLookup;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The time to decode a whole answer, with and without drafts. The answers are given: each step's
 * tokens are taken from them as if the model had chosen them. So the weights may be anyone's, the
 * time is the model's, and which drafts are right is the text's. The prompt is computed before. Of
 * a model with a small context prompt and answer get half each.
 */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = ForkedJvm.NATIVE_ACCESS)
@Warmup(iterations = 3)
@Measurement(iterations = 7)
public class DraftingBenchmark {
  /** What is written. */
  public enum Answer {
    /** A paragraph that says what three said. */
    SUMMARY,
    /** A class in which a field is renamed and a method added. */
    EDIT
  }

  @Param public Answer answer;

  @Param({"false", "true"})
  public boolean drafting;

  /** A file or folder; {@code -p model=FILE} names another. */
  @Param(TokenizerWorkload.SHIPPED)
  public String model;

  /** Of a GGUF file, smaller than the model's. */
  @Param(TokenizerWorkload.SHIPPED)
  public String vocabulary;

  @Param("2")
  public int threads;

  private Engine engine;
  private SequenceState sequence;
  private int[] prompt;
  private int[] text;
  private Drafter drafter;
  private final int[] next = new int[1 + Drafter.MOST];

  /** What the measured answers took. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Counts {
    public long tokens;
    public long steps;
    public long drafted;
    public long accepted;
  }

  @Setup
  public void open() throws IOException {
    Tokenizer tokenizer = TokenizerWorkload.tokenizer(vocabulary);
    String name = answer.name().toLowerCase(Locale.ROOT);
    prompt = tokenizer.encode(read(name + ".prompt.txt"), false, true);
    text = tokenizer.encode(read(name + ".answer.txt"), false, false);
    Kernels kernels = KernelSelection.choose(null).kernels();
    Path path = TokenizerWorkload.find(Path.of(model));
    ModelSource source = ModelContainer.open(path, true);
    ModelSpec spec = source.spec();
    prompt = Arrays.copyOf(prompt, Math.min(prompt.length, spec.contextLength() / 2));
    text = Arrays.copyOf(text, Math.min(text.length, spec.contextLength() / 2));
    ThreadTeam team = new ThreadTeam(threads);
    Weights weights = Weights.load(source, spec, kernels, team, HeadMode.SCREENED, true);
    Transformer transformer = new Transformer(weights, kernels, team, 256, 16);
    engine =
        new Engine(transformer, 1 << 30, 0, List.of(weights::close, team::close, source::close));
    sequence = engine.open(AttentionLayer.Type.F16, prompt.length + text.length);
  }

  private static byte[] read(String resource) throws IOException {
    try (InputStream in = DraftingBenchmark.class.getResourceAsStream(resource)) {
      return in.readAllBytes();
    }
  }

  @Setup(Level.Invocation)
  public void begin() {
    int at = sequence.adopt(prompt, prompt.length - 1);
    while (at < prompt.length) {
      int to = Math.min(at + sequence.batchCapacity(), prompt.length);
      sequence.compute(prompt, at, to, to - 1, LogitsNeed.best(1));
      at = to;
    }
    drafter = new PromptLookup(prompt);
  }

  @TearDown
  public void close() {
    sequence.close();
    engine.close();
  }

  /** Decodes the answer. */
  @Benchmark
  public void answer(Counts counts) {
    drafter.accept(text[0]);
    int at = 0; // the token that is computed next
    while (at + 1 < text.length) {
      next[0] = text[at];
      int drafts = drafting ? sequence.drafts(drafter, text.length - at - 2) : 0;
      drafter.draft(next, 1, drafts);
      sequence.compute(next, 0, 1 + drafts, 0, LogitsNeed.best(1));
      int right = 0;
      while (right < drafts && next[1 + right] == text[at + 1 + right]) {
        right++;
      }
      sequence.forget(drafts - right);
      for (int i = 0; i <= right; i++) {
        drafter.accept(text[++at]);
      }
      counts.tokens += 1 + right;
      counts.steps++;
      counts.drafted += drafts;
      counts.accepted += right;
    }
  }
}
