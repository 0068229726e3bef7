package org.bitnetj.hub;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;

/**
 * A model in the cache.
 *
 * @param name by which it is found
 * @param path what to load: a GGUF file, the first if it was split, or a checkpoint's folder
 * @param bytes of its files
 * @param modified when the last of them came
 */
public record CachedModel(ModelName name, Path path, long bytes, Instant modified) {
  /** Refuses null. */
  public CachedModel {
    Objects.requireNonNull(name, "name is null");
    Objects.requireNonNull(path, "path is null");
    Objects.requireNonNull(modified, "modified is null");
  }
}
