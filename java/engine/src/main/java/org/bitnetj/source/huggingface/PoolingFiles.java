package org.bitnetj.source.huggingface;

import java.nio.file.Path;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.option.Pooling;

/**
 * How a checkpoint makes embeddings: the file {@code 1_Pooling/config.json} of
 * sentence-transformers, one of whose modes is on.
 */
final class PoolingFiles {
  private static final String FILE = "1_Pooling/config.json";
  private static final String MODE = "pooling_mode_";

  private PoolingFiles() {}

  /**
   * @return empty if there is no such file
   * @throws ModelFileException if it has a mode that the engine does not compute
   */
  static Optional<Pooling> read(Path folder) throws ModelFileException {
    Optional<Section> config = Section.find(folder.resolve(FILE));
    if (config.isEmpty()) {
      return Optional.empty();
    }
    Pooling found = null;
    for (String key : config.get().members().keySet()) {
      if (!key.startsWith(MODE) || !config.get().findFlag(key).orElse(false)) {
        continue;
      }
      Pooling pooling =
          switch (key.substring(MODE.length())) {
            case "mean_tokens" -> Pooling.MEAN;
            case "lasttoken" -> Pooling.LAST;
            default -> null;
          };
      if (pooling == null || found != null) {
        throw config
            .get()
            .failure(
                config.get().name(key)
                    + " is true; this engine makes embeddings of the mean or the last hidden state"
                    + " alone.");
      }
      found = pooling;
    }
    return Optional.ofNullable(found);
  }
}
