package org.bitnetj.generate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitnetj.cache.PackedCache;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.engine.Engine;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.memory.Reservation;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.option.CacheType;
import org.bitnetj.option.Pooling;
import org.bitnetj.parallel.Background;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * A loaded model. Thread-safe: any thread may open sessions and use them at the same time; they
 * share steps, each of which is computed by all of the model's threads.
 *
 * <p>{@link #close} waits for the step that runs and frees everything, the caches of open sessions
 * included; using the model or such a session afterwards throws an {@link IllegalStateException}.
 */
public final class LanguageModel implements AutoCloseable {
  /** Rows of logits that one step can compute: for scoring; generating needs one. */
  private static final int LOGITS_CAPACITY = 16;

  private static final long EAGER_CACHE_BYTES = 256L << 20;

  private final Path path;
  private final Tokenizer tokenizer;
  private final ChatSupport chats;
  private final KernelTier kernels;
  private final int threads;
  private final Engine engine;
  private final ModelSource source;
  private final LoadOptions options;

  private LanguageModel(
      Path path,
      Tokenizer tokenizer,
      ChatSupport chats,
      ModelSource source,
      KernelTier kernels,
      int threads,
      Engine engine,
      LoadOptions options) {
    this.path = path;
    this.tokenizer = tokenizer;
    this.chats = chats;
    this.source = source;
    this.kernels = kernels;
    this.threads = threads;
    this.engine = engine;
    this.options = options;
  }

  /**
   * Loads a model with the best kernels and a thread on each processor.
   *
   * @param path a file or folder, as of {@link #load(Path, LoadOptions)}
   * @return a model to be closed
   * @throws IOException as of {@link #load(Path, LoadOptions)}
   */
  public static LanguageModel load(Path path) throws IOException {
    return load(path, LoadOptions.defaults());
  }

  /**
   * Loads a model.
   *
   * <p>A mapped file must not be written to while the model is open; {@link LoadOptions#mapped}
   * says what to do if that cannot be guaranteed. Replacing it by renaming another file is safe.
   *
   * @param path a GGUF file, the folder of a Hugging Face checkpoint, or the one safetensors file
   *     of such
   * @param options threads, kernels, memory
   * @return a model to be closed
   * @throws ModelFileException if it is not a usable model; the message names the file
   * @throws org.bitnetj.error.KernelTierException if the kernels asked for cannot be used
   * @throws org.bitnetj.error.ChatTemplateException if the chat template given in the options
   *     cannot be used, or the thread is interrupted while a chat template is tried
   */
  public static LanguageModel load(Path path, LoadOptions options) throws IOException {
    Objects.requireNonNull(path, "path is null");
    Objects.requireNonNull(options, "options is null");
    return load(path, options, Long.MAX_VALUE);
  }

  /**
   * The same with less memory for keys and values.
   *
   * @param mostCacheBytes which they may take, where the machine has that much for them
   */
  static LanguageModel load(Path path, LoadOptions options, long mostCacheBytes)
      throws IOException {
    // To link the native library takes as long as to read a vocabulary.
    Background<KernelSelection, RuntimeException> choosing =
        Background.start(
            "bitnet-kernels", () -> KernelSelection.choose(options.kernels().orElse(null)));
    int threads = options.threads() == 0 ? ThreadTeam.defaultThreads() : options.threads();
    Deque<Runnable> closers = new ArrayDeque<>();
    try {
      ModelSource source = ModelContainer.open(path, options.mapped(), options.layouts());
      closers.push(source::close);
      ModelSpec spec = spec(source, options);
      Background<Tokenizer, ModelFileException> reading =
          Background.start("bitnet-vocabulary", () -> tokenizer(source, spec));
      Runnable waiting = reading::await; // it reads what would be closed
      closers.push(waiting);
      KernelSelection selection = choosing.get();
      selection.warnings().forEach(options.warnings());
      Kernels kernels = selection.kernels();
      ThreadTeam team = new ThreadTeam(threads);
      closers.push(team::close);
      Optional<PackedCache> cache =
          options.packedCache() && options.mapped() ? PackedCache.ofUser() : Optional.empty();
      PackedCache.Model model = packedModel(source, spec, kernels, options);
      Optional<ModelSource> packed = cache.flatMap(c -> c.find(model));
      Check check = () -> Texts.of(reading.get(), source, options);
      Weights weights;
      try {
        weights =
            packed.isPresent()
                ? ofPacked(cache.get(), packed.get(), model, kernels, team, options)
                : packed(cache, model, kernels, team, options, check);
      } finally {
        options.progress().at(1, 1);
      }
      closers.push(weights::close);
      Texts texts = Texts.of(reading.get(), source, options);
      closers.remove(waiting);
      int batch = Math.min(options.batchSize(), spec.contextLength());
      Transformer transformer =
          new Transformer(weights, kernels, team, batch, Math.min(batch, LOGITS_CAPACITY));
      return new LanguageModel(
          path,
          texts.tokenizer,
          texts.chats,
          source,
          selection.tier(),
          threads,
          new Engine(
              transformer,
              Math.min(cacheBytes(weights), mostCacheBytes),
              options.keptCacheBytes(),
              List.copyOf(closers)),
          options);
    } catch (IOException | RuntimeException | Error e) {
      closers.forEach(Runnable::run);
      throw e;
    }
  }

  /** Whether what is not weights can be used. */
  @FunctionalInterface
  private interface Check {
    void run() throws ModelFileException;
  }

  /** What turns texts into tokens. */
  private record Texts(Tokenizer tokenizer, ChatSupport chats) {
    static Texts of(Tokenizer tokenizer, ModelSource source, LoadOptions options) {
      ChatSupport chats =
          options.chatTemplate().isPresent()
              ? ChatSupport.given(options.chatTemplate().get(), tokenizer)
              : ChatSupport.of(source, tokenizer);
      return new Texts(tokenizer, chats);
    }
  }

  private static PackedCache.Model packedModel(
      ModelSource source, ModelSpec spec, Kernels kernels, LoadOptions options) {
    boolean skipping = options.sparse() && kernels.gainsBySkipping();
    return new PackedCache.Model(source, spec, options.layouts(), options.head(), skipping);
  }

  /** The weights of a file of the cache, or the source's own if that is damaged. */
  private static Weights ofPacked(
      PackedCache cache,
      ModelSource packed,
      PackedCache.Model model,
      Kernels kernels,
      ThreadTeam team,
      LoadOptions options)
      throws ModelFileException {
    try (packed) {
      return Weights.loadPacked(
          packed,
          model.spec(),
          kernels,
          team,
          options.head(),
          options.sparse(),
          options.fromDisk());
    } catch (ModelFileException e) {
      Weights own = own(model, kernels, team, options);
      options
          .warnings()
          .accept("a packed model is removed: " + e.getMessage().replaceAll("[.]$", ""));
      cache.discard(packed); // the source is not to blame
      return own;
    }
  }

  /**
   * The weights of the source, packed into the user's cache folder if that is wanted.
   *
   * @param check is done before gigabytes are written
   */
  private static Weights packed(
      Optional<PackedCache> cache,
      PackedCache.Model model,
      Kernels kernels,
      ThreadTeam team,
      LoadOptions options,
      Check check)
      throws ModelFileException {
    if (!options.fromDisk()) { // before gigabytes are packed
      Weights.requireRoom(model.source(), model.spec(), kernels, options.head(), options.sparse());
    }
    // Of a model that is packed already there is nothing to be said.
    List<String> doubts = model.source().warnings();
    doubts.forEach(options.warnings());
    Optional<PackedCache> used = doubts.isEmpty() ? cache : Optional.empty();
    if (used.isPresent() && used.get().isWanted(model)) {
      check.run();
    }
    Optional<ModelSource> packed =
        used.flatMap(
            c ->
                c.pack(
                    model,
                    kernels,
                    team,
                    options.progress()::at,
                    options.notes(),
                    options.warnings()));
    return packed.isPresent()
        ? ofPacked(cache.get(), packed.get(), model, kernels, team, options)
        : own(model, kernels, team, options);
  }

  private static Weights own(
      PackedCache.Model model, Kernels kernels, ThreadTeam team, LoadOptions options)
      throws ModelFileException {
    return Weights.load(
        model.source(),
        model.spec(),
        kernels,
        team,
        options.head(),
        options.sparse(),
        options.fromDisk(),
        options.progress()::at);
  }

  /**
   * Keys and values may take the memory that the weights leave. Where all of it would be taken at
   * once, they get an amount that most machines have.
   */
  private static long cacheBytes(Weights weights) {
    long most = MachineMemory.leftBeside(weights.workingBytes());
    return Reservation.isLazy() ? most : Math.min(most, EAGER_CACHE_BYTES);
  }

  private static ModelSpec spec(ModelSource source, LoadOptions options) throws ModelFileException {
    ModelSpec spec = source.spec(options.activations());
    if (options.activations().isEmpty()
        && spec.architecture().activationScaling().isEmpty()
        && source.guessesActivations()) {
      String guess = spec.activationScaling().label();
      options
          .warnings()
          .accept(
              source.path()
                  + " does not say how its model's activations were quantized. From the scales of"
                  + " its weights, one scale a "
                  + guess
                  + " is assumed; choose by --activations row (trained with quantized"
                  + " activations) or --activations group (only the weights are ternary).");
    }
    return spec;
  }

  private static Tokenizer tokenizer(ModelSource source, ModelSpec spec) throws ModelFileException {
    Tokenizer tokenizer = Tokenizer.of(source.vocabulary());
    if (tokenizer.vocabularySize() > spec.vocabulary()) {
      throw new ModelFileException(
          source.path()
              + ": the tokenizer has "
              + tokenizer.vocabularySize()
              + " tokens, but the embedding only "
              + spec.vocabulary()
              + " rows; the file is damaged or was put together wrongly.");
    }
    return tokenizer;
  }

  /**
   * Opens a session with the model's own context length, or what of it the memory has room for.
   *
   * @return a session to be closed
   */
  public Session openSession() {
    return openSession(SessionOptions.defaults());
  }

  /**
   * Opens a session. Close it to free its cache.
   *
   * @param options length and storage of its cache
   * @return a session to be closed
   * @throws ContextOverflowException if the model was not made for a context that long
   * @throws OutOfMemoryError if the system refuses the cache's memory
   */
  public Session openSession(SessionOptions options) {
    Objects.requireNonNull(options, "options is null");
    return openSession(options, chats);
  }

  Session openSession(SessionOptions options, ChatSupport chats) {
    return new Session(tokenizer, chats, openSequence(options));
  }

  SequenceState openSequence(SessionOptions options) {
    AttentionLayer.Type type = stored(options.cacheType());
    if (options.context() != 0) {
      return engine.open(type, options.context());
    }
    long fitting = Math.max(engine.cachePositions(type), 1); // beside the weights
    return engine.open(type, (int) Math.min(engine.spec().contextLength(), fitting));
  }

  private static AttentionLayer.Type stored(CacheType type) {
    return switch (type) {
      case F16 -> AttentionLayer.Type.F16;
      case F32 -> AttentionLayer.Type.F32;
    };
  }

  /** {@return the file or folder that the model was loaded from} */
  public Path path() {
    return path;
  }

  /** {@return the model's name, architecture and sizes} */
  public ModelInfo info() {
    ModelSpec spec = engine.spec();
    return new ModelInfo(
        spec.name().isBlank() ? String.valueOf(path.getFileName()) : spec.name(),
        spec.architecture().label(),
        spec.layers(),
        spec.width(),
        spec.vocabulary(),
        spec.contextLength());
  }

  /** {@return what makes tokens of texts, and texts of tokens} */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * How the file says that embeddings are made; empty if it does not.
   *
   * @throws ModelFileException if it says something that the engine does not compute
   */
  Optional<Pooling> pooling() throws ModelFileException {
    return source.pooling();
  }

  /**
   * The most tokens of a text to be embedded.
   *
   * @throws ModelFileException if what says it is damaged
   */
  int embeddedTokens() throws ModelFileException {
    int context = engine.spec().contextLength();
    return (int) Math.min(context, source.embeddedTokens().orElse(context));
  }

  /** A sequence of its own with the model's context, or as much of it as a text needs. */
  SequenceState openSequence(int context) {
    return engine.open(AttentionLayer.Type.F16, context);
  }

  /** {@return the chat format; empty for a model that only continues texts} */
  public Optional<ChatTemplate> chatTemplate() {
    return chats.template();
  }

  /**
   * Like {@link #chatTemplate}, but throws if there is none.
   *
   * @return the chat format
   * @throws IllegalStateException if the model has none; the message is a sentence that says why
   */
  public ChatTemplate requireChatTemplate() {
    return chats.require();
  }

  /**
   * {@return the tokens of a conversation in the format of the chat template, up to where the
   * answer begins} {@link Session#chat} answers them; this is for who counts them first, or
   * continues by {@link Session#generate(int[], GenerationOptions, GenerationListener)}.
   *
   * @param messages the conversation, the oldest first
   * @param settings tools, and whether to think
   * @throws IllegalStateException if the model has no chat template
   * @throws org.bitnetj.error.ChatTemplateException if the template refuses the messages or makes
   *     no text of them
   */
  public int[] encodeChat(List<ChatMessage> messages, ChatSettings settings) {
    Objects.requireNonNull(messages, "messages is null");
    Objects.requireNonNull(settings, "settings is null");
    return chats.encodeForAnswer(messages, settings);
  }

  /** {@return what the model is doing, and the memory that keys and values take} */
  public ModelStatus status() {
    return new ModelStatus(
        engine.sequences(),
        engine.waiting(),
        engine.steps(),
        engine.stepRows(),
        engine.usedCacheBytes(),
        engine.idleCacheBytes(),
        engine.cacheBytes());
  }

  /**
   * {@return how many positions of all sessions together that the memory for keys and values has
   * room for}
   */
  public long cachePositions() {
    return engine.cachePositions(AttentionLayer.Type.F16);
  }

  /** {@return what was chosen at loading and changes the model's texts; for comparing} */
  public String settings() {
    return "activations %s, %s, chat template %s"
        .formatted(engine.spec().activationScaling(), options.layouts(), options.chatTemplate());
  }

  /**
   * {@return whether the chat template shows system messages to the model} Where it does not, their
   * text is put in front of the next user message, separated by an empty line. False without a
   * template.
   */
  public boolean hasSystemRole() {
    return chats.systemRole();
  }

  /**
   * {@return the label of the kernels in use: {@code avx512}, {@code neon}, {@code vector} and so
   * on, as {@link LoadOptions#withKernels} takes it}
   */
  public String kernels() {
    return kernels.toString();
  }

  /** {@return the number of computing threads} */
  public int threads() {
    return threads;
  }

  /**
   * {@return the weight bytes that a dense step of one token reads when all its logits are needed;
   * {@link GenerationStats} has what was read for a text}
   */
  public long bytesPerToken() {
    return engine.bytesPerToken();
  }

  /** Name, architecture, sizes, kernels and threads, for people and logs. */
  @Override
  public String toString() {
    ModelInfo info = info();
    return "%s (%s, %d layers of width %d, context %d, %s kernels, %d %s)"
        .formatted(
            info.name(),
            info.family(),
            info.layers(),
            info.width(),
            info.contextLength(),
            kernels,
            threads,
            threads == 1 ? "thread" : "threads");
  }

  /** Frees everything once no step runs. Idempotent; may be called from any thread. */
  @Override
  public void close() {
    engine.close();
  }
}
