/**
 * An engine for ternary (BitNet b1.58) language models on CPUs, in the process of a Java program.
 *
 * <pre>{@code
 * try (LanguageModel model = LanguageModel.load(Path.of("model.gguf"));
 *     Session session = model.openSession()) {
 *   GenerationOptions options = GenerationOptions.defaults().withMaxTokens(60);
 *   session.generate("Once upon a time", options, System.out::print);
 * }
 * }</pre>
 *
 * <ul>
 *   <li>{@link org.bitnetj.generate} is where to start: a {@link
 *       org.bitnetj.generate.LanguageModel} is shared by all threads, a {@link
 *       org.bitnetj.generate.Session} or {@link org.bitnetj.generate.Conversation} is one text or
 *       chat, an {@link org.bitnetj.generate.EmbeddingModel} makes vectors.
 *   <li>{@link org.bitnetj.option} says how tokens are chosen and models computed.
 *   <li>{@link org.bitnetj.chat} has messages and chat templates, {@link org.bitnetj.constraint}
 *       holds texts to JSON Schemas and other grammars, {@link org.bitnetj.tokenizer} is the
 *       model's tokenizer.
 *   <li>{@link org.bitnetj.convert} writes models as GGUF files in other types.
 *   <li>{@link org.bitnetj.error} has the exceptions, whose messages are sentences for people.
 * </ul>
 *
 * <p>An argument that is null is refused with a {@link NullPointerException} that names it.
 *
 * <p>Native kernels need {@code --enable-native-access=org.bitnetj.engine}, on the class path
 * {@code =ALL-UNNAMED}; the Java kernels that replace them, with the same results, are fast only
 * with {@code --add-modules jdk.incubator.vector}. Warnings go to the {@link System.Logger} {@code
 * org.bitnetj}.
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
