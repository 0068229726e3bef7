package org.bitnetj.bench.jmh;

import java.util.concurrent.TimeUnit;
import org.bitnetj.bench.TernaryProduct;
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

/**
 * A ternary matrix times a batch of quantized rows, on one thread, the matrix in cache: the speed
 * of the kernel itself.
 */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {ForkedJvm.NATIVE_ACCESS, ForkedJvm.VECTOR_API})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TernaryProductBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** Rows x columns: of 2B-4T, and some that fill no vector. */
  @Param({"640x2560", "2560x2560", "6912x2560", "2560x6912", "1000x333", "17x1025"})
  public String shape;

  /** Rows of activations: 1 is decode (GEMV), more is prefill (GEMM). */
  @Param({"1", "16", "64"})
  public int batch;

  private TernaryProduct operation;

  @Setup
  public void allocate() {
    Shape sides = Shape.of(shape);
    operation = new TernaryProduct(tier, sides.rows(), sides.columns(), batch, 1);
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
