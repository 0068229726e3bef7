/**
 * An engine for ternary language models on CPUs. {@link org.bitnetj.generate.LanguageModel} is
 * where to start. Its native kernels need {@code --enable-native-access=org.bitnetj.engine}; the
 * Java kernels that replace them are fast only with {@code --add-modules jdk.incubator.vector}.
 */
module org.bitnetj.engine {
  // jdk.incubator.vector is read where java was told to resolve it (kernel.vector.VectorTier). With
  // "requires static", javac would warn of an incubating module in every program that uses this
  // one.
  requires jdk.jfr;
  requires static org.jspecify;

  exports org.bitnetj.chat;
  exports org.bitnetj.constraint;
  exports org.bitnetj.convert;
  exports org.bitnetj.error;
  exports org.bitnetj.generate;
  exports org.bitnetj.option;
  exports org.bitnetj.tokenizer;
}
