package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A result that {@code bitnet bench --format json} wrote.
 *
 * @param fields all but {@code results}: numbers, strings, truth values, lists, maps, null
 * @param results the measurements, at least one
 */
record SavedReport(
    Path path,
    Schema schema,
    Map<String, @Nullable Object> fields,
    List<Map<String, @Nullable Object>> results) {
  /** In a second. */
  static final double NANOS = 1e9;

  private static final String RESULTS = "results";

  /**
   * Reads one.
   *
   * @throws FileSystemException if it cannot be read or is no such result; the reason is a clause
   */
  static SavedReport read(Path path) throws IOException {
    Object root;
    try (InputStream in = Files.newInputStream(path);
        JsonParser json = new JsonFactory().createParser(in)) {
      json.nextToken();
      root = Json.value(json);
      if (json.nextToken() != null) {
        throw unusable(path, "something follows its JSON object");
      }
    } catch (JsonProcessingException | CharConversionException e) {
      throw unusable(path, "this is not JSON, as 'bitnet bench --format json' writes it");
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) { // which does not name the file, as where that is a folder
      throw unusable(path, "it cannot be read: " + e.getMessage());
    }
    if (!(root instanceof Map<?, ?> map)) {
      throw unusable(path, "this is no result of 'bitnet bench --format json'");
    }
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    map.forEach((name, value) -> fields.put((String) name, value));
    Schema schema = schema(path, fields);
    List<Map<String, @Nullable Object>> results = new ArrayList<>();
    if (fields.remove(RESULTS) instanceof List<?> list) {
      for (Object each : list) {
        if (!(each instanceof Map<?, ?> result)) {
          throw unusable(path, "one of its results is no object");
        }
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        result.forEach((name, value) -> row.put((String) name, value));
        results.add(row);
      }
    }
    if (results.isEmpty()) {
      throw unusable(path, "it has no results");
    }
    return new SavedReport(path, schema, fields, results);
  }

  private static Schema schema(Path path, Map<String, @Nullable Object> fields)
      throws FileSystemException {
    Object label = fields.get(Schema.NAME);
    if (label == null) {
      throw unusable(
          path,
          "it has no field '"
              + Schema.NAME
              + "', which results of 'bitnet bench --format json' have; measure again with this"
              + " version");
    }
    List<Schema> known = List.of(Schema.MODEL, Schema.KERNELS);
    Schema schema =
        known.stream()
            .filter(s -> s.label().equals(label))
            .findFirst()
            .orElseThrow(
                () ->
                    unusable(
                        path,
                        "its schema is '"
                            + label
                            + "', and only "
                            + known.stream().map(Schema::label).collect(Collectors.joining(" and "))
                            + " can be compared"));
    Object version = fields.get(Schema.VERSION_NAME);
    if (!(version instanceof Number number) || number.doubleValue() != Schema.VERSION) {
      throw unusable(
          path,
          "its schema has version "
              + version
              + ", and this bitnet.java reads version "
              + Schema.VERSION);
    }
    return schema;
  }

  /**
   * A number of a result.
   *
   * @throws FileSystemException if there is none, or it is not above 0, or too big or too small to
   *     compute with
   */
  double number(Map<String, @Nullable Object> result, String name) throws FileSystemException {
    if (!(result.get(name) instanceof Number number) || !(number.doubleValue() > 0)) {
      throw unusable(path, "a result has no '" + name + "' above 0");
    }
    double value = number.doubleValue();
    if (Double.isInfinite(value) || Double.isInfinite(NANOS / value)) {
      throw unusable(path, "the '" + name + "' of a result is too big or too small to be true");
    }
    return value;
  }

  /**
   * Checks that each result has values of such names, which tell it from others.
   *
   * @throws FileSystemException if one has not
   */
  void require(String... names) throws FileSystemException {
    for (Map<String, @Nullable Object> result : results) {
      for (String name : names) {
        if (!(result.get(name) instanceof String || result.get(name) instanceof Number)) {
          throw unusable(path, "a result has no '" + name + "'");
        }
      }
    }
  }

  /** A field as text; empty if it is null or not there. */
  String text(String name) {
    Object value = fields.get(name);
    return value == null ? "" : value.toString();
  }

  /** The different values of one field of the results. */
  List<String> distinct(String name) {
    return results.stream().map(r -> String.valueOf(r.get(name))).distinct().toList();
  }

  /** Those values of a result that tell it from others, in the order of the names. */
  static List<String> values(Map<String, @Nullable Object> result, String... names) {
    return Arrays.stream(names).map(name -> String.valueOf(result.get(name))).toList();
  }

  static FileSystemException unusable(Path path, String reason) {
    return new FileSystemException(path.toString(), null, reason);
  }
}
