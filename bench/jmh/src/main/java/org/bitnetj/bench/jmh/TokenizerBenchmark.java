package org.bitnetj.bench.jmh;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Text to tokens and back, on one thread. The secondary result {@code bytes} is bytes of text per
 * microsecond: MB/s.
 */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = ForkedJvm.NATIVE_ACCESS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenizerBenchmark {
  /** GGUF files; {@code -p vocabulary=a.gguf,b.gguf} names others. */
  @Param(TokenizerWorkload.SHIPPED)
  public String vocabulary;

  /** A file of ordinary text; without one, words in shuffled order. */
  @Param("")
  public String text;

  private TokenizerWorkload workload;

  @Setup
  public void open() throws IOException {
    workload = new TokenizerWorkload(vocabulary, text);
  }

  /** Bytes of text gone through. */
  @AuxCounters
  @State(Scope.Thread)
  public static class Processed {
    public long bytes;
  }

  @Benchmark
  public int[] encode(Processed processed) {
    processed.bytes += workload.ordinaryBytes();
    return workload.encodeOrdinary();
  }

  @Benchmark
  public int[] encodeWithoutSpaces(Processed processed) {
    processed.bytes += workload.unbrokenBytes();
    return workload.encodeUnbroken();
  }

  @Benchmark
  public String decode(Processed processed) {
    processed.bytes += workload.ordinaryBytes();
    return workload.decode();
  }
}
