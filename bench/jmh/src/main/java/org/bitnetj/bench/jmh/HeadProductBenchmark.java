package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.HeadProduct;
import org.bitnetj.format.FloatFormat;
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

/** Rows of an output head times a batch of float rows, on one thread, the matrix in cache. */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HeadProductBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** How the head is stored. */
  @Param({"F32", "F16", "BF16", "Q8_0", "Q6_K", "Q4_0", "IQ4_NL", "Q4_K", "Q5_K"})
  public String format;

  /** Rows x columns; Q6_K wants columns in blocks of 256. */
  @Param({"512x2560", "101x768"})
  public String shape;

  /** Rows of activations. */
  @Param({"1", "4"})
  public int batch;

  private HeadProduct operation;

  @Setup
  public void allocate() {
    Shape sides = Shape.of(shape);
    operation =
        new HeadProduct(
            tier,
            (FloatFormat) WeightFormats.named(format).orElseThrow(),
            sides.rows(),
            sides.columns(),
            batch);
  }

  @Benchmark
  public void product(Rates rates) {
    operation.compute();
    rates.count(operation);
  }

  @TearDown
  public void release() {
    operation.close();
  }
}
