package org.bitnetj.source.gguf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.LookupTiles;

/**
 * A {@code kernel_config.ini} as bitnet.cpp's {@code codegen_tl1.py} and {@code codegen_tl2.py}
 * write it: for each shape of a matrix, a section with the numbers m, k, bm, bk and bmm.
 */
final class KernelConfig {
  static final String FILE = "kernel_config.ini";

  private static final int MAX_BYTES = 1 << 20;
  private static final List<String> KEYS = List.of("m", "k", "bm", "bk", "bmm");

  private final Path path;
  private final Map<List<Long>, LookupTiles> tiles = new HashMap<>(); // by rows and columns
  private final Set<String> sections = new HashSet<>();

  private KernelConfig(Path path) {
    this.path = path;
  }

  /**
   * @throws ModelFileException if it cannot be read, or holds anything else than such sections, or
   *     two for one shape
   */
  static KernelConfig read(Path path) throws ModelFileException {
    KernelConfig config = new KernelConfig(path);
    String section = "";
    Map<String, Integer> values = new HashMap<>();
    List<String> lines = lines(path);
    for (int number = 1; number <= lines.size(); number++) {
      String line = lines.get(number - 1).strip();
      if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
        continue;
      }
      if (line.startsWith("[") && line.endsWith("]")) {
        config.finish(section, values);
        section = line;
        values.clear();
        if (!config.sections.add(section)) {
          throw config.failure(number, "the section " + section + " occurs twice");
        }
      } else if (section.isEmpty()) {
        throw config.failure(number, "there is no section, as [Kernels_0], before this line");
      } else {
        config.put(values, line, number);
      }
    }
    config.finish(section, values);
    return config;
  }

  private static List<String> lines(Path path) throws ModelFileException {
    try {
      if (Files.size(path) > MAX_BYTES) {
        throw new ModelFileException(path + ": it is too large for a " + FILE + ".");
      }
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1).lines().toList();
    } catch (ModelFileException e) {
      throw e;
    } catch (IOException e) {
      throw new ModelFileException(path + ": cannot be read as a " + FILE + ".", e);
    }
  }

  private void put(Map<String, Integer> values, String line, int number) throws ModelFileException {
    String[] parts = line.split("[=:]", 2);
    String key = parts[0].strip().toLowerCase(Locale.ROOT);
    int value = 0;
    try {
      value = Integer.parseInt(parts.length == 2 ? parts[1].strip() : "");
    } catch (NumberFormatException e) {
      // As a number that is too small.
    }
    if (!KEYS.contains(key) || value < 1) {
      throw failure(
          number, "a line must be one of " + String.join(", ", KEYS) + " = a number from 1 on");
    }
    if (values.put(key, value) != null) {
      throw failure(number, key + " occurs twice in its section");
    }
  }

  private void finish(String section, Map<String, Integer> values) throws ModelFileException {
    if (section.isEmpty()) {
      return;
    }
    for (String key : KEYS) {
      if (!values.containsKey(key)) {
        throw new ModelFileException(path + ": the section " + section + " has no " + key + ".");
      }
    }
    int rows = values.get("m");
    int columns = values.get("k");
    LookupTiles read =
        new LookupTiles(rows, columns, values.get("bm"), values.get("bk"), values.get("bmm"));
    if (tiles.put(List.of((long) rows, (long) columns), read) != null) {
      throw new ModelFileException(
          path
              + ": the section "
              + section
              + " is the second one for m = "
              + rows
              + " and k = "
              + columns
              + ".");
    }
  }

  Path path() {
    return path;
  }

  /** The section for matrices of that shape, if there is one. */
  Optional<LookupTiles> tiles(long rows, long columns) {
    return Optional.ofNullable(tiles.get(List.of(rows, columns)));
  }

  private ModelFileException failure(int line, String sentence) {
    return new ModelFileException(path + ", line " + line + ": " + sentence + ".");
  }
}
