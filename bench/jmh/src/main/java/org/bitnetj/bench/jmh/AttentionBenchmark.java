package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.Attention;
import org.bitnetj.kernel.KernelTier;
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

/** Attention of one token in one layer of 2B-4T (20 query heads on 5 of 128), on one thread. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** Tokens in the cache. */
  @Param({"1", "255", "2048"})
  public int positions;

  private Attention operation;

  @Setup
  public void allocate() {
    operation = new Attention(tier, 20, 5, 128, positions);
  }

  @Benchmark
  public void attend(Rates rates) {
    operation.compute();
    rates.count(operation);
  }

  @TearDown
  public void release() {
    operation.close();
  }
}
