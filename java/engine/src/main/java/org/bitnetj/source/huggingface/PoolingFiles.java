package org.bitnetj.source.huggingface;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.option.Pooling;

/**
 * How a checkpoint makes embeddings, as sentence-transformers writes it: {@code modules.json} lists
 * what a text goes through, and the folder of its pooling has a {@code config.json} in which one
 * mode is on.
 */
final class PoolingFiles {
  private static final String MODULES = "modules.json";
  private static final String PROMPTS = "config_sentence_transformers.json";

  /** Of the transformer; older ones have the name of its architecture. */
  private static final List<String> TEXTS =
      Stream.of("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
          .map("sentence_%s_config.json"::formatted)
          .toList();

  private static final String FOLDER = "1_Pooling"; // where there is no list of modules
  private static final Pattern NAME = Pattern.compile("\\w[\\w.-]*");
  private static final String MODE = "pooling_mode";

  private PoolingFiles() {}

  /**
   * @return empty if nothing says it
   * @throws ModelFileException if they say something that the engine does not compute
   */
  static Optional<Pooling> read(Path folder) throws ModelFileException {
    Optional<Section> prompts = Section.find(folder.resolve(PROMPTS));
    if (prompts.isPresent() && prompts.get().has("default_prompt_name")) {
      throw prompts
          .get()
          .failure(
              "'default_prompt_name' is set, but this engine puts no prompt before texts; put it"
                  + " there yourself and give --pooling.");
    }
    Optional<Section> texts = texts(folder);
    if (texts.isPresent() && texts.get().findFlag("do_lower_case").orElse(false)) {
      throw texts
          .get()
          .failure(
              "'do_lower_case' is true, but this engine leaves texts as they are; give them in"
                  + " lower case and --pooling.");
    }
    Optional<List<Section>> modules = Section.findAll(folder.resolve(MODULES));
    if (modules.isPresent()) {
      String name = pooling(folder.resolve(MODULES), modules.get());
      return Optional.of(mode(Section.read(folder.resolve(name).resolve(CheckpointConfig.FILE))));
    }
    Optional<Section> config = Section.find(folder.resolve(FOLDER).resolve(CheckpointConfig.FILE));
    return config.isEmpty() ? Optional.empty() : Optional.of(mode(config.get()));
  }

  /**
   * The most tokens that a text may have, with those around it; empty if nothing says it.
   *
   * @throws ModelFileException if what says it is damaged
   */
  static OptionalLong tokens(Path folder) throws ModelFileException {
    Optional<Section> texts = texts(folder);
    OptionalLong tokens =
        texts.isPresent() ? texts.get().findInteger("max_seq_length") : OptionalLong.empty();
    if (tokens.isPresent() && tokens.getAsLong() < 1) {
      throw texts
          .orElseThrow()
          .failure("'max_seq_length' is " + tokens.getAsLong() + ", but must be 1 or more.");
    }
    return tokens;
  }

  /** What says how texts become tokens. */
  private static Optional<Section> texts(Path folder) throws ModelFileException {
    for (String name : TEXTS) {
      Optional<Section> found = Section.find(folder.resolve(name));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** The folder of the one module that pools, after a transformer in the root. */
  private static String pooling(Path file, List<Section> modules) throws ModelFileException {
    String found = null;
    boolean transformed = false;
    for (Section module : modules) {
      String type = module.findText("type").orElseThrow(() -> module.missing("type"));
      String path = module.findText("path").orElseThrow(() -> module.missing("path"));
      switch (type.substring(type.lastIndexOf('.') + 1)) {
        case "Transformer" -> {
          if (!path.isEmpty()) {
            throw module.failure(
                module.name("path")
                    + " is '"
                    + Section.shown(path)
                    + "', so the model is in a folder of its own; name that, and give --pooling.");
          }
          requireOrder(module, !transformed && found == null);
          transformed = true;
        }
        case "Normalize" -> requireOrder(module, found != null);
        case "Pooling" -> {
          requireOrder(module, transformed);
          if (found != null || !NAME.matcher(path).matches()) {
            throw module.failure(
                found == null
                    ? module.name("path") + " is not the name of a folder."
                    : module.name("type") + " is a second Pooling; this engine does one.");
          }
          found = path;
        }
        default ->
            throw module.failure(
                module.name("type")
                    + " is '"
                    + Section.shown(type)
                    + "'; this engine makes embeddings by Transformer, Pooling and Normalize alone."
                    + " --pooling makes them without what it does.");
      }
    }
    if (found == null) {
      throw new ModelFileException(
          file + ": no module is a Pooling, so that nothing makes one vector of a text.");
    }
    return found;
  }

  private static void requireOrder(Section module, boolean right) throws ModelFileException {
    if (!right) {
      throw module.failure(
          module.name("type")
              + " is not in its place; this engine makes embeddings by one Transformer, then one"
              + " Pooling, then Normalize. --pooling makes them without the others.");
    }
  }

  private static Pooling mode(Section config) throws ModelFileException {
    Set<Pooling> on = EnumSet.noneOf(Pooling.class);
    for (String key : config.members().keySet()) {
      if (key.equals(MODE)) { // newer files
        on.add(mode(config, key, config.findText(key).orElseThrow(() -> config.missing(key))));
      } else if (key.startsWith(MODE) && config.findFlag(key).orElse(false)) {
        on.add(mode(config, key, key.substring(MODE.length() + 1)));
      }
    }
    if (on.size() != 1) {
      throw config.failure(
          on.isEmpty()
              ? "no mode of pooling is on; the file is incomplete. --pooling gives one."
              : "several modes of pooling are on; this engine makes vectors of one.");
    }
    Pooling pooling = on.iterator().next();
    if (pooling == Pooling.MEAN && !config.findFlag("include_prompt").orElse(true)) {
      throw config.failure(
          "'include_prompt' is false, but this engine does not know what of a text is a prompt, and"
              + " takes the mean of all of it. --pooling mean does so.");
    }
    return pooling;
  }

  private static Pooling mode(Section config, String key, String mode) throws ModelFileException {
    return switch (mode) {
      case "mean", "mean_tokens" -> Pooling.MEAN;
      case "lasttoken" -> Pooling.LAST;
      default ->
          throw config.failure(
              config.name(key)
                  + (key.equals(MODE) ? " is '" + Section.shown(mode) + "'" : " is true")
                  + "; this engine makes embeddings of the mean or the last hidden state alone.");
    };
  }
}
