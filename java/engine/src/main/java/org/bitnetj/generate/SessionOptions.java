package org.bitnetj.generate;

import java.util.Objects;
import org.bitnetj.option.CacheType;

/**
 * Options of a session. Immutable.
 *
 * @param context tokens that prompt and text may have together; 0 for as many as the model was made
 *     for, or fewer if their keys and values do not fit the memory beside the weights. Memory for
 *     the cache is taken as the text grows
 * @param cacheType how keys and values are stored
 */
public record SessionOptions(int context, CacheType cacheType) {
  private static final SessionOptions DEFAULTS = new SessionOptions(0, CacheType.F16);

  /**
   * Checks the context.
   *
   * @throws IllegalArgumentException if it is negative or 1
   */
  public SessionOptions {
    Objects.requireNonNull(cacheType, "cacheType is null");
    if (context < 0 || context == 1) {
      throw new IllegalArgumentException(
          "The context must be 2 tokens or more, or 0 for the model's own, not " + context + ".");
    }
  }

  /** {@return the defaults: the model's own context length, cached in float16} */
  public static SessionOptions defaults() {
    return DEFAULTS;
  }

  /**
   * {@return these options with another {@link #context}}
   *
   * @param value the new one
   */
  public SessionOptions withContext(int value) {
    return new SessionOptions(value, cacheType);
  }

  /**
   * {@return these options with another {@link #cacheType}}
   *
   * @param value the new one
   */
  public SessionOptions withCacheType(CacheType value) {
    return new SessionOptions(context, value);
  }
}
