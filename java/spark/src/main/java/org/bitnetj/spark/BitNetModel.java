package org.bitnetj.spark;

import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which model the executors use, and how they load it. An executor loads a model once for all tasks
 * that name it with the same options, and keeps it until it was not used for ten minutes and
 * another task asks for a model. Immutable; constructor and {@code with} methods refuse wrong
 * values with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param path a GGUF file or a folder of a Hugging Face checkpoint, at the same place on every
 *     host; or the name of a file that {@code SparkContext.addFile} has brought to the executors
 * @param threads how many threads compute in an executor; 0 for as many as {@code
 *     spark.executor.cores} says, or else one on YARN and Kubernetes and one on each processor
 *     elsewhere
 * @param rowsTogether most rows that an executor computes at a time, of all its tasks together:
 *     more of them share the reading of the weights, and take memory for their keys and values
 * @param keptCacheBytes how much memory of an executor the keys and values of finished rows may
 *     take, so that a later row that begins alike need not compute the beginning again
 * @param packedCache whether weights that must be packed are packed once for each host into a file
 *     in the user's cache folder, which its executors map: then they share the memory of the
 *     weights. A file that {@code bitnet convert --weights panels} made is shared without that
 * @param chatTemplate the Jinja text of a chat template in the place of the model's own, or null
 */
public record BitNetModel(
    String path,
    int threads,
    int rowsTogether,
    long keptCacheBytes,
    boolean packedCache,
    @Nullable String chatTemplate)
    implements Serializable {
  private static final int MOST_THREADS = 1024;
  private static final int MOST_ROWS = 4096;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is wrong; the message is a sentence
   */
  public BitNetModel {
    Objects.requireNonNull(path, "path is null");
    if (path.isBlank()) {
      throw new IllegalArgumentException("The model's path must not be empty.");
    }
    if (threads < 0 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "The number of threads must be 1 to %d, or 0 for the executor's cores, not %d."
              .formatted(MOST_THREADS, threads));
    }
    if (rowsTogether < 1 || rowsTogether > MOST_ROWS) {
      throw new IllegalArgumentException(
          "The number of rows together must be 1 to %d, not %d."
              .formatted(MOST_ROWS, rowsTogether));
    }
    if (keptCacheBytes < 0) {
      throw new IllegalArgumentException(
          "The bytes of kept keys and values must be 0 or more, not " + keptCacheBytes + ".");
    }
  }

  /**
   * A model with 32 rows together, 256 MiB of kept keys and values, and no packed cache.
   *
   * @param path as {@link #path}
   * @return the model
   */
  public static BitNetModel of(String path) {
    return new BitNetModel(path, 0, 32, 256L << 20, false, null);
  }

  /**
   * {@return this model with another {@link #threads}}
   *
   * @param value in its place
   */
  public BitNetModel withThreads(int value) {
    return new BitNetModel(path, value, rowsTogether, keptCacheBytes, packedCache, chatTemplate);
  }

  /**
   * {@return this model with another {@link #rowsTogether}}
   *
   * @param value in its place
   */
  public BitNetModel withRowsTogether(int value) {
    return new BitNetModel(path, threads, value, keptCacheBytes, packedCache, chatTemplate);
  }

  /**
   * {@return this model with another {@link #keptCacheBytes}}
   *
   * @param value in its place
   */
  public BitNetModel withKeptCacheBytes(long value) {
    return new BitNetModel(path, threads, rowsTogether, value, packedCache, chatTemplate);
  }

  /**
   * {@return this model with another {@link #packedCache}}
   *
   * @param value in its place
   */
  public BitNetModel withPackedCache(boolean value) {
    return new BitNetModel(path, threads, rowsTogether, keptCacheBytes, value, chatTemplate);
  }

  /**
   * {@return this model with another {@link #chatTemplate}}
   *
   * @param jinja in its place
   */
  public BitNetModel withChatTemplate(String jinja) {
    Objects.requireNonNull(jinja, "jinja is null");
    return new BitNetModel(path, threads, rowsTogether, keptCacheBytes, packedCache, jinja);
  }

  /** The last part of the path. */
  String name() {
    return path.replaceAll("[/\\\\]+$", "").replaceFirst(".*[/\\\\]", "");
  }
}
