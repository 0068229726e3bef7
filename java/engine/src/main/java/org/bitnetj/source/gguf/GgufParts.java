package org.bitnetj.source.gguf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Tensor;

/**
 * A model that was split into several GGUF files. Each has the keys {@code split.no}, from 0 on,
 * {@code split.count} and {@code split.tensors.count}, of all of them; the first one alone has the
 * model's own metadata. They are found by their names, {@code NAME-00001-of-00003.gguf} and so on,
 * whichever is asked for. Source: llama.cpp's {@code gguf-split}.
 */
final class GgufParts {
  private static final Pattern NAME = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  /** Opens one of the files. */
  @FunctionalInterface
  interface Opener {
    GgufFile open(Path path) throws ModelFileException;
  }

  private GgufParts() {}

  /** How many files a file's model was split into; 1 if it was not. */
  static int count(GgufFile file) throws ModelFileException {
    long count = file.metadata().findInteger("split.count").orElse(1);
    if (count < 0 || count > 99_999) {
      throw file.metadata().failure("metadata key 'split.count' is " + count + ", out of range.");
    }
    return (int) Math.max(1, count);
  }

  /**
   * All files of a model in their order, {@code file} among them. If that fails, all but {@code
   * file} are closed.
   */
  static List<GgufFile> open(GgufFile file, Opener opener) throws ModelFileException {
    int count = count(file);
    int number = number(file) + 1;
    String stem = stem(file, number, count);
    List<GgufFile> all = new ArrayList<>(count);
    try {
      for (int i = 1; i <= count; i++) {
        Path path = file.path().resolveSibling(stem + suffix(i, count));
        all.add(i == number ? file : opener.open(path));
        check(all.getLast(), i, count);
      }
      checkTensors(all);
      return all;
    } catch (ModelFileException | RuntimeException | Error e) {
      all.stream().filter(part -> part != file).forEach(GgufFile::close);
      throw e;
    }
  }

  /**
   * The first file of a model, which has its metadata: {@code file} or another one.
   *
   * @throws ModelFileException also if they do not say what their names say
   */
  static GgufFile first(GgufFile file, Opener opener) throws ModelFileException {
    int count = count(file);
    int number = count == 1 ? 1 : number(file) + 1;
    if (number == 1) {
      return file;
    }
    GgufFile first =
        opener.open(file.path().resolveSibling(stem(file, number, count) + suffix(1, count)));
    try {
      check(first, 1, count);
      return first;
    } catch (ModelFileException e) {
      first.close();
      throw e;
    }
  }

  /** What the names of all files begin with. */
  private static String stem(GgufFile file, int number, int count) throws ModelFileException {
    String name = String.valueOf(file.path().getFileName());
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches() || !name.endsWith(suffix(number, count))) {
      throw file.metadata()
          .failure(
              "this is number "
                  + number
                  + " of the "
                  + count
                  + " files that a model was split into, but its name does not end in '"
                  + suffix(number, count)
                  + "', by which the others would be found; give them all their names again.");
    }
    return matcher.group(1);
  }

  /** Whether two names are of parts of one split model. */
  static boolean areOfOne(String name, String other) {
    Matcher one = NAME.matcher(name);
    Matcher two = NAME.matcher(other);
    return one.matches()
        && two.matches()
        && one.group(1).equals(two.group(1))
        && one.group(3).equals(two.group(3));
  }

  private static String suffix(int number, int count) {
    return String.format(Locale.ROOT, "-%05d-of-%05d.gguf", number, count);
  }

  private static int number(GgufFile file) throws ModelFileException {
    return Math.clamp(file.metadata().integer("split.no"), -1, 99_999);
  }

  private static void check(GgufFile part, int number, int count) throws ModelFileException {
    if (count(part) != count || number(part) != number - 1) {
      throw part.metadata()
          .failure(
              "its metadata say that it is number "
                  + (number(part) + 1)
                  + " of "
                  + count(part)
                  + " files, its name that it is number "
                  + number
                  + " of "
                  + count
                  + "; fetch the model's files again.");
    }
  }

  private static void checkTensors(List<GgufFile> all) throws ModelFileException {
    Map<String, GgufFile> seen = new HashMap<>();
    for (GgufFile part : all) {
      for (Tensor tensor : part.tensors()) {
        GgufFile other = seen.put(tensor.name(), part);
        if (other != null) {
          throw part.metadata()
              .failure(
                  "tensor '"
                      + tensor.name()
                      + "' is in "
                      + other.path().getFileName()
                      + " too; the files do not belong together.");
        }
      }
    }
    long expected =
        all.getFirst().metadata().findInteger("split.tensors.count").orElse(seen.size());
    if (expected != seen.size()) {
      throw all.getFirst()
          .metadata()
          .failure(
              "the "
                  + all.size()
                  + " files of the model have "
                  + seen.size()
                  + " tensors together, but it should have "
                  + expected
                  + "; fetch them again.");
    }
  }
}
