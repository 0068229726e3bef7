package org.bitnetj.bench.jmh;

/** What the JVM of a benchmark is started with. */
final class ForkedJvm {
  /** Lets the native kernels be called without a warning. */
  static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  /** Resolves the module of the vector kernels; without it their tier is not there. */
  static final String VECTOR_API = "--add-modules=jdk.incubator.vector";

  private ForkedJvm() {}
}
