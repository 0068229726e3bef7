package org.bitnetj.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Fork;

/** A benchmark of every tier forks a JVM in which every tier can be. */
class ForkedJvmTest {
  static Stream<Class<?>> benchmarksOfTiers() {
    return Stream.of(
        AttentionBenchmark.class,
        DowncallBenchmark.class,
        HeadProductBenchmark.class,
        QuantizationBenchmark.class,
        TernaryProductBenchmark.class);
  }

  @ParameterizedTest
  @MethodSource("benchmarksOfTiers")
  void hasTheModuleOfTheVectorKernels(Class<?> benchmark) throws NoSuchFieldException {
    assertEquals(KernelTier.class, benchmark.getField("tier").getType());
    List<String> arguments = List.of(benchmark.getAnnotation(Fork.class).jvmArgsAppend());
    assertTrue(arguments.contains("--add-modules=jdk.incubator.vector"), arguments::toString);
  }
}
