package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.EmptyCall;
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

/** A kernel call with nothing to do: for native tiers, what a downcall costs. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DowncallBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  private EmptyCall operation;

  @Setup
  public void allocate() {
    operation = new EmptyCall(tier);
  }

  @Benchmark
  public void call() {
    operation.compute();
  }

  @TearDown
  public void release() {
    operation.close();
  }
}
