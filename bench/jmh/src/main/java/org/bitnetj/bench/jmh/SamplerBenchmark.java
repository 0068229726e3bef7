package org.bitnetj.bench.jmh;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.tensor.FloatRows;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The choice of a token from a row of random logits. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = ForkedJvm.NATIVE_ACCESS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SamplerBenchmark {
  /** How the token is chosen. */
  public enum Choice {
    GREEDY(SamplingOptions.greedy()),
    TOP_40(SamplingOptions.defaults().withTemperature(0.8).withTopK(40).withTopP(0.95)),
    PENALTIES(SamplingOptions.defaults().withTopK(40).withRepetitionPenalty(1.1)),
    ALL_TOKENS(SamplingOptions.defaults().withTemperature(1).withTopK(0).withTopP(1));

    final SamplingOptions options;

    Choice(SamplingOptions options) {
      this.options = options;
    }
  }

  @Param public Choice choice;

  /** Tokens: of Llama 3's vocabulary, and the shipped model's. */
  @Param({"128256", "4096"})
  public int vocabulary;

  private NativeMemory memory;
  private FloatRows logits;
  private Sampler sampler;

  @Setup
  public void allocate() {
    memory = new NativeMemory();
    logits = FloatRows.allocate(memory, 1, vocabulary);
    Random random = new Random(1);
    for (int token = 0; token < vocabulary; token++) {
      logits.set(0, token, (float) (4 * random.nextGaussian()));
    }
    sampler = new Sampler(choice.options.withSeed(1), vocabulary);
  }

  @Benchmark
  public int sample() {
    int token = sampler.sample(logits, 0);
    sampler.accept(token);
    return token;
  }

  float logit(int token) {
    return logits.get(0, token);
  }

  @TearDown
  public void release() {
    memory.close();
  }
}
