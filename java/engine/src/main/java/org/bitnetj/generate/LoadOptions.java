package org.bitnetj.generate;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;

/**
 * How a model is loaded and computed. Of what is computed, only {@code activations} changes
 * results; {@code layouts} says which weights a file holds. Immutable; constructor and {@code with}
 * methods refuse wrong values with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param threads how many threads compute; 0 for one on each processor
 * @param kernels the label of the kernels to use or {@code auto}; empty for what the property
 *     {@code bitnet.kernels} or the variable {@code BITNET_KERNELS} says, else {@code auto}
 * @param batchSize most prompt tokens computed in one step; a cancelled prompt ends after its step
 * @param head how the output head is read for texts
 * @param sparse whether part of the weights is kept a second time in memory, where that pays, so
 *     that a step of one or few rows can skip those that are multiplied by 0
 * @param mapped whether the file is mapped: loading is fast and the system can reclaim the memory
 *     of what is used in place, but if another program shortens the file, this process dies. If not
 *     mapped, the file is read into memory, in huge pages where the system has them, and later
 *     changes to it do no harm
 * @param activations what shares a scale among int8 activations, where the model's file leaves it
 *     open; empty for the engine's guess by the stored format
 * @param chatTemplate the Jinja text of a chat template in the place of the model's own; empty for
 *     the model's
 * @param layouts how weights are stored where a model's file leaves it open
 * @param keptCacheBytes how much memory the keys and values of texts may take that no session holds
 *     any longer: a later text that begins like one of them need not compute the beginning again;
 *     those that were used least recently go first. By default 0: a session that ends gives all its
 *     memory back
 * @param packedCache whether the weights of a GGUF file that must be packed are packed once into a
 *     file in the user's cache folder, which is mapped from then on. By default they are not: a
 *     library does not write gigabytes into a user's home unasked. The {@code bitnet} command does,
 *     shows the files ({@code bitnet cache}) and removes them. Of no effect if {@code mapped} is
 *     false
 * @param fromDisk whether a mapped model may be larger than the memory: what does not fit is then
 *     read from disk again for each token. By default it is refused
 * @param warnings receives problems that do not prevent the model from being used, for example that
 *     slow kernels are used, why, and what to do: each is a sentence without full stop. By default
 *     each is logged once per process, by the {@link System.Logger} {@code org.bitnetj}
 * @param notes receives what is no problem but takes its time, for example that weights are packed
 *     into a file, likewise. By default each is logged once per process as information
 * @param progress learns how much of the weights is packed, where they must be; by default nothing
 *     does
 */
public record LoadOptions(
    int threads,
    Optional<String> kernels,
    int batchSize,
    HeadMode head,
    boolean sparse,
    boolean mapped,
    Optional<ActivationScaling> activations,
    Optional<String> chatTemplate,
    LayoutOptions layouts,
    long keptCacheBytes,
    boolean packedCache,
    boolean fromDisk,
    Consumer<String> warnings,
    Consumer<String> notes,
    Progress progress) {
  /** Learns how far loading is, on the thread that loads. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Some of the work is done. The last call, also where loading fails, has all of it done.
     *
     * @param done from 0 to {@code total}, in whatever unit; may begin again at 0
     * @param total above 0
     */
    void at(long done, long total);
  }

  private static final int MAX_THREADS = 1024;
  private static final LoadOptions DEFAULTS =
      new LoadOptions(
          0,
          Optional.empty(),
          128,
          HeadMode.AUTO,
          true,
          true,
          Optional.empty(),
          Optional.empty(),
          LayoutOptions.none(),
          0,
          false,
          false,
          warning -> log(System.Logger.Level.WARNING, warning),
          note -> log(System.Logger.Level.INFO, note),
          (done, total) -> {});
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of its range; the message is a sentence
   */
  public LoadOptions {
    Objects.requireNonNull(kernels, "kernels is null");
    Objects.requireNonNull(head, "head is null");
    Objects.requireNonNull(activations, "activations is null");
    Objects.requireNonNull(chatTemplate, "chatTemplate is null");
    Objects.requireNonNull(layouts, "layouts is null");
    Objects.requireNonNull(warnings, "warnings is null");
    Objects.requireNonNull(notes, "notes is null");
    Objects.requireNonNull(progress, "progress is null");
    if (threads < 0 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "The number of threads must be 1 to "
              + MAX_THREADS
              + ", or 0 for one on each processor, not "
              + threads
              + ".");
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "The batch size must be 1 or more, not " + batchSize + ".");
    }
    if (keptCacheBytes < 0) {
      throw new IllegalArgumentException(
          "The bytes of kept keys and values must be 0 or more, not " + keptCacheBytes + ".");
    }
  }

  /**
   * {@return the defaults: a thread on each processor, the best kernels, 128 tokens a step, a
   * mapped file, and the options that make decoding faster at the cost of memory}
   */
  public static LoadOptions defaults() {
    return DEFAULTS;
  }

  /**
   * {@return these options with another {@link #threads}}
   *
   * @param value the new one
   */
  public LoadOptions withThreads(int value) {
    return edit(d -> d.threads = value);
  }

  /**
   * {@return these options with another {@link #kernels}}
   *
   * @param label the new one
   */
  public LoadOptions withKernels(String label) {
    Objects.requireNonNull(label, "label is null");
    return edit(d -> d.kernels = Optional.of(label));
  }

  /**
   * {@return these options with another {@link #batchSize}}
   *
   * @param value 1 or more
   */
  public LoadOptions withBatchSize(int value) {
    return edit(d -> d.batchSize = value);
  }

  /**
   * {@return these options with another {@link #head}}
   *
   * @param value the new one
   */
  public LoadOptions withHead(HeadMode value) {
    return edit(d -> d.head = value);
  }

  /**
   * {@return these options with another {@link #sparse}}
   *
   * @param value the new one
   */
  public LoadOptions withSparse(boolean value) {
    return edit(d -> d.sparse = value);
  }

  /**
   * {@return these options with another {@link #mapped}}
   *
   * @param value the new one
   */
  public LoadOptions withMapped(boolean value) {
    return edit(d -> d.mapped = value);
  }

  /**
   * {@return these options with another {@link #activations}}
   *
   * @param value the new one
   */
  public LoadOptions withActivations(ActivationScaling value) {
    Objects.requireNonNull(value, "activations is null");
    return edit(d -> d.activations = Optional.of(value));
  }

  /**
   * {@return these options with another {@link #chatTemplate}}
   *
   * @param jinja the new one
   */
  public LoadOptions withChatTemplate(String jinja) {
    Objects.requireNonNull(jinja, "jinja is null");
    return edit(d -> d.chatTemplate = Optional.of(jinja));
  }

  /**
   * {@return these options with another {@link #layouts}}
   *
   * @param value the new one
   */
  public LoadOptions withLayouts(LayoutOptions value) {
    return edit(d -> d.layouts = value);
  }

  /**
   * {@return these options with another {@link #keptCacheBytes}}
   *
   * @param value the new one
   */
  public LoadOptions withKeptCacheBytes(long value) {
    return edit(d -> d.keptCacheBytes = value);
  }

  /**
   * {@return these options with another {@link #packedCache}}
   *
   * @param value the new one
   */
  public LoadOptions withPackedCache(boolean value) {
    return edit(d -> d.packedCache = value);
  }

  /**
   * {@return these options with another {@link #fromDisk}}
   *
   * @param value the new one
   */
  public LoadOptions withFromDisk(boolean value) {
    return edit(d -> d.fromDisk = value);
  }

  /**
   * {@return these options with another {@link #warnings}}
   *
   * @param value the new one
   */
  public LoadOptions withWarnings(Consumer<String> value) {
    return edit(d -> d.warnings = value);
  }

  /**
   * {@return these options with another {@link #notes}}
   *
   * @param value the new one
   */
  public LoadOptions withNotes(Consumer<String> value) {
    return edit(d -> d.notes = value);
  }

  /**
   * {@return these options with another {@link #progress}}
   *
   * @param value the new one
   */
  public LoadOptions withProgress(Progress value) {
    return edit(d -> d.progress = value);
  }

  private LoadOptions edit(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new LoadOptions(
        draft.threads,
        draft.kernels,
        draft.batchSize,
        draft.head,
        draft.sparse,
        draft.mapped,
        draft.activations,
        draft.chatTemplate,
        draft.layouts,
        draft.keptCacheBytes,
        draft.packedCache,
        draft.fromDisk,
        draft.warnings,
        draft.notes,
        draft.progress);
  }

  /** The components, while they are changed. */
  private static final class Draft {
    private int threads;
    private Optional<String> kernels;
    private int batchSize;
    private HeadMode head;
    private boolean sparse;
    private boolean mapped;
    private Optional<ActivationScaling> activations;
    private Optional<String> chatTemplate;
    private LayoutOptions layouts;
    private long keptCacheBytes;
    private boolean packedCache;
    private boolean fromDisk;
    private Consumer<String> warnings;
    private Consumer<String> notes;
    private Progress progress;

    Draft(LoadOptions from) {
      threads = from.threads;
      kernels = from.kernels;
      batchSize = from.batchSize;
      head = from.head;
      sparse = from.sparse;
      mapped = from.mapped;
      activations = from.activations;
      chatTemplate = from.chatTemplate;
      layouts = from.layouts;
      keptCacheBytes = from.keptCacheBytes;
      packedCache = from.packedCache;
      fromDisk = from.fromDisk;
      warnings = from.warnings;
      notes = from.notes;
      progress = from.progress;
    }
  }

  private static void log(System.Logger.Level level, String sentence) {
    if (LOGGED.add(sentence)) {
      System.getLogger("org.bitnetj").log(level, sentence);
    }
  }
}
