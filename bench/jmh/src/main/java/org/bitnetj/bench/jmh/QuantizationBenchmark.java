package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.Quantization;
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

/** RMSNorm and quantization of rows to int8, on one thread. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class QuantizationBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** Rows x columns: of 2B-4T, and one that fills no vector. */
  @Param({"1x2560", "1x6912", "64x2560", "3x333"})
  public String shape;

  private Quantization operation;

  @Setup
  public void allocate() {
    Shape sides = Shape.of(shape);
    operation = new Quantization(tier, sides.rows(), sides.columns());
  }

  @Benchmark
  public void quantize(Rates rates) {
    operation.compute();
    rates.count(operation);
  }

  @TearDown
  public void release() {
    operation.close();
  }
}
