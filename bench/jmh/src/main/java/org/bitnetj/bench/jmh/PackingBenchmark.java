package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.Packing;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
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

/** Packing of stored ternary matrices, on one thread; GB/s are those of the panels it writes. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PackingBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** The stored types, as {@code --weights} of {@code bitnet convert} names them. */
  @Param({
    "i2_s",
    "tq1_0",
    "tq2_0",
    "q2_0",
    "pq2_0",
    "ptq1_0",
    "q1_0",
    "stq1_0",
    "stq1_0:43",
    "iq1_bn",
    "iq2_bn",
    "iq2_bn_r4"
  })
  public String format = "";

  /** Rows x columns. */
  @Param({"256x2560"})
  public String shape;

  private Packing operation;

  @Setup
  public void allocate() {
    TernaryFormat stored = WeightFormats.labelled(format, WeightFormats.ternary());
    Shape sides = Shape.of(shape);
    operation = new Packing(tier, stored, sides.rows(), sides.columns());
  }

  @Benchmark
  public void pack(Rates rates) {
    operation.compute();
    rates.count(operation);
  }

  @TearDown
  public void release() {
    operation.close();
  }
}
