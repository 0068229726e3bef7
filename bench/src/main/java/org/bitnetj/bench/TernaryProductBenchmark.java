package org.bitnetj.bench;

import java.util.concurrent.TimeUnit;
import org.bitnetj.kernel.FloatRows;
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
 * of the kernel itself. One product reads {@code rows * columns / 4} bytes of weights.
 */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TernaryProductBenchmark {
  /** A tier that this machine lacks is reported as an error and the others go on. */
  @Param public KernelTier tier;

  /** Rows x columns: attention and feed-forward of 2B-4T, and one that fills no vector. */
  @Param({"2560x2560", "6912x2560", "2560x6912", "1000x333"})
  public String shape;

  /** Rows of activations: 1 is decode, more is prefill. */
  @Param({"1", "16"})
  public int batch;

  private TernaryProduct product;

  @Setup
  public void allocate() {
    String[] sides = shape.split("x");
    product =
        new TernaryProduct(tier, Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), batch);
  }

  @Benchmark
  public FloatRows product() {
    return product.compute();
  }

  @TearDown
  public void release() {
    product.close();
  }
}
