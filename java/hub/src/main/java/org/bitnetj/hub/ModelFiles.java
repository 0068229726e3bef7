package org.bitnetj.hub;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a repository that make one model: a GGUF file, or all parts of one that was split;
 * otherwise the checkpoint in its root.
 *
 * @param files all that are known to be needed; the index of a split checkpoint names more
 * @param gguf the file to load, the first part if it was split; null for a checkpoint, whose folder
 *     is loaded
 */
record ModelFiles(List<String> files, @Nullable String gguf) {
  private static final String GGUF = ".gguf";
  private static final String SAFETENSORS = ".safetensors";
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  static final String MODULES = "modules.json";
  private static final int MOST_PARTS = 999;

  /** How bitnet.cpp's kernels were tuned, without which TL1 and TL2 files cannot be read. */
  private static final String KERNEL_CONFIG = "kernel_config.ini";

  /** As llama.cpp's gguf-split names parts. */
  private static final Pattern PART = Pattern.compile("(.*-)(\\d{5})(-of-)(\\d{5})\\.gguf");

  /** GGUF files beside models: projectors of images, importance matrices. */
  private static final Pattern NO_MODEL = Pattern.compile("(?i)(.*/)?(mmproj|imatrix).*");

  /** The names of ternary types, as they stand in the names of files. */
  private static final Pattern TERNARY =
      Pattern.compile("(?i).*(?<![a-z0-9])(i2_s|tq[12]_0|p?q2_0|ptq1_0|stq1_0|iq[12]_bn)\\.gguf");

  /** What goes with weights: the tokenizer, and how to chat and to make embeddings. */
  private static final Pattern BESIDE_WEIGHTS =
      Pattern.compile(
          "tokenizer.*\\.json|tokenizer\\.model|special_tokens_map\\.json|added_tokens\\.json"
              + "|chat_template.*|generation_config\\.json|modules\\.json"
              + "|config_sentence_transformers\\.json|sentence_[a-z_-]+_config\\.json"
              + "|\\d+_Pooling/config\\.json");

  /** Whether a file would be the whole model. */
  static boolean isGguf(String file) {
    return file.toLowerCase(Locale.ROOT).endsWith(GGUF);
  }

  /**
   * Chooses among the files there are; empty if they make no model, or not the one that is named.
   *
   * @throws HubException if they make several and the name does not say which
   */
  static Optional<ModelFiles> choose(ModelName model, Collection<String> all) throws HubException {
    Optional<String> named = model.file();
    if (named.isPresent() && !named.get().endsWith(SAFETENSORS)) {
      return isGguf(named.get()) ? whole(named.get(), all) : Optional.empty();
    }
    List<String> models = named.isPresent() ? List.of() : models(all);
    if (models.isEmpty()) {
      return checkpoint(named, all);
    }
    Optional<String> known =
        KnownModel.of(model).flatMap(k -> k.model().file()).filter(models::contains);
    List<String> ternary = models.stream().filter(f -> TERNARY.matcher(f).matches()).toList();
    if (known.isPresent()) {
      return whole(known.get(), all);
    }
    if (models.size() == 1) {
      return whole(models.getFirst(), all);
    }
    if (ternary.size() == 1) {
      return whole(ternary.getFirst(), all);
    }
    throw new HubException(
        model
            + " has several models; name one, as in '"
            + model.withFile(models.getFirst())
            + "': "
            + String.join(", ", models)
            + ".");
  }

  /** The GGUF models among the files: one name for each, the first part's if it was split. */
  static List<String> models(Collection<String> all) {
    return all.stream()
        .filter(file -> isGguf(file) && !NO_MODEL.matcher(file).matches())
        .filter(SafePath::isSafe)
        .filter(file -> file.equals(parts(file).getFirst()))
        .sorted()
        .toList();
  }

  private static Optional<ModelFiles> whole(String file, Collection<String> all) {
    List<String> parts = parts(file);
    if (!all.containsAll(parts)) {
      return Optional.empty();
    }
    Stream<String> config = Stream.of(folder(file) + KERNEL_CONFIG).filter(all::contains);
    return Optional.of(
        new ModelFiles(Stream.concat(parts.stream(), config).toList(), parts.getFirst()));
  }

  /** What the names of all files beside one begin with. */
  static String folder(String file) {
    return file.substring(0, file.lastIndexOf('/') + 1);
  }

  /** All parts of a split file, whichever is named. */
  private static List<String> parts(String file) {
    Matcher matcher = PART.matcher(file);
    if (!matcher.matches()) {
      return List.of(file);
    }
    int count = Integer.parseInt(matcher.group(4));
    return count < 1 || count > MOST_PARTS
        ? List.of(file)
        : IntStream.rangeClosed(1, count).mapToObj(i -> part(matcher, i)).toList();
  }

  private static String part(Matcher matcher, int number) {
    return matcher.group(1)
        + String.format(Locale.ROOT, "%05d", number)
        + matcher.group(3)
        + matcher.group(4)
        + GGUF;
  }

  private static Optional<ModelFiles> checkpoint(Optional<String> named, Collection<String> all) {
    boolean weights = all.contains(WEIGHTS) || all.contains(INDEX);
    if (!all.contains(CONFIG) || !weights || !all.containsAll(named.stream().toList())) {
      return Optional.empty();
    }
    Stream<String> small = all.stream().filter(f -> BESIDE_WEIGHTS.matcher(f).matches()).sorted();
    Stream<String> large = Stream.of(all.contains(WEIGHTS) ? WEIGHTS : INDEX);
    return Optional.of(
        new ModelFiles(
            Stream.of(Stream.of(CONFIG), small, large).flatMap(files -> files).toList(), null));
  }

  /** Whether all is there to turn text into tokens; a GGUF file has it within. */
  boolean hasTokenizer() {
    return gguf != null || files.contains("tokenizer.json") || files.contains("tokenizer.model");
  }

  /** Whether {@link #shards} names more files. */
  boolean hasIndex() {
    return files.contains(INDEX);
  }

  /** Whether {@link #ofModules} may name more files. */
  boolean hasModules() {
    return files.contains(MODULES);
  }

  /**
   * The configurations of the modules by which sentence-transformers makes embeddings, of those
   * files that there are. What is wrong with the list is said when the model is loaded.
   */
  static List<String> ofModules(Path list, Collection<String> all) throws IOException {
    Set<String> found = new LinkedHashSet<>();
    try (JsonParser json = new JsonFactory().createParser(Files.newInputStream(list))) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token == JsonToken.FIELD_NAME && json.currentName().equals("path")) {
          found.add(json.nextTextValue() + "/" + CONFIG);
        }
      }
    } catch (JacksonException e) {
      return List.of();
    }
    return found.stream().filter(all::contains).filter(SafePath::isSafe).toList();
  }

  /**
   * The files of weights that an index names.
   *
   * @throws HubException if the index is none, or names what cannot be a file beside it
   */
  static List<String> shards(Path index) throws IOException {
    Set<String> shards = new LinkedHashSet<>();
    try (JsonParser json = new JsonFactory().createParser(Files.newInputStream(index))) {
      json.nextToken();
      for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
        if (json.nextToken() == JsonToken.START_OBJECT && field.equals("weight_map")) {
          while (json.nextFieldName() != null) {
            shards.add(String.valueOf(json.nextTextValue()));
          }
        } else {
          json.skipChildren();
        }
      }
    } catch (JacksonException e) {
      throw new HubException(index + " is no index of safetensors files.", e);
    }
    for (String shard : shards) {
      if (!SafePath.isSafe(shard) || !shard.endsWith(SAFETENSORS)) {
        throw new HubException(index + " names a file that cannot be beside it.");
      }
    }
    if (shards.isEmpty()) {
      throw new HubException(index + " is no index of safetensors files.");
    }
    return new ArrayList<>(shards);
  }
}
