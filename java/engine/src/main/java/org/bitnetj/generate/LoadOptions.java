package org.bitnetj.generate;

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
 * @param warnings receives problems that do not prevent the model from being used, for example that
 *     slow kernels are used, why, and what to do: each is a sentence without full stop. By default
 *     each is logged once per process, by the {@link System.Logger} {@code org.bitnetj}
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
    Consumer<String> warnings) {
  private static final int MAX_THREADS = 1024;
  private static final LoadOptions DEFAULTS =
      new LoadOptions(
          0,
          Optional.empty(),
          64,
          HeadMode.AUTO,
          true,
          true,
          Optional.empty(),
          Optional.empty(),
          LayoutOptions.none(),
          LoadOptions::log);
  private static final Set<String> LOGGED = ConcurrentHashMap.newKeySet();

  public LoadOptions {
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
  }

  /**
   * A thread on each processor, the best kernels, 64 tokens a step, a mapped file, and the options
   * that make decoding faster at the cost of memory.
   */
  public static LoadOptions defaults() {
    return DEFAULTS;
  }

  public LoadOptions withThreads(int value) {
    return new LoadOptions(
        value,
        kernels,
        batchSize,
        head,
        sparse,
        mapped,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withKernels(String label) {
    return new LoadOptions(
        threads,
        Optional.of(label),
        batchSize,
        head,
        sparse,
        mapped,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withBatchSize(int value) {
    return new LoadOptions(
        threads,
        kernels,
        value,
        head,
        sparse,
        mapped,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withHead(HeadMode value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        value,
        sparse,
        mapped,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withSparse(boolean value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        value,
        mapped,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withMapped(boolean value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        sparse,
        value,
        activations,
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withActivations(ActivationScaling value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        sparse,
        mapped,
        Optional.of(value),
        chatTemplate,
        layouts,
        warnings);
  }

  public LoadOptions withChatTemplate(String jinja) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        sparse,
        mapped,
        activations,
        Optional.of(jinja),
        layouts,
        warnings);
  }

  public LoadOptions withLayouts(LayoutOptions value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        sparse,
        mapped,
        activations,
        chatTemplate,
        value,
        warnings);
  }

  public LoadOptions withWarnings(Consumer<String> value) {
    return new LoadOptions(
        threads,
        kernels,
        batchSize,
        head,
        sparse,
        mapped,
        activations,
        chatTemplate,
        layouts,
        value);
  }

  private static void log(String warning) {
    if (LOGGED.add(warning)) {
      System.getLogger("org.bitnetj").log(System.Logger.Level.WARNING, warning);
    }
  }
}
