package org.bitnetj.source.gguf;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;

/**
 * The typed key-value part of a GGUF file. The {@code find} methods return empty where the key is
 * missing; every method throws {@link ModelFileException} where the key holds another type, and the
 * others also where it is missing. Immutable and safe to share.
 */
public interface Metadata {
  /** All keys in file order. */
  Set<String> keys();

  /** One line for a person: the value, long arrays and texts cut short. */
  String describe(String key);

  Optional<String> findText(String key) throws ModelFileException;

  /** Any integer type; unsigned 64-bit values above {@link Long#MAX_VALUE} are refused. */
  OptionalLong findInteger(String key) throws ModelFileException;

  /** Any float or integer type. */
  OptionalDouble findNumber(String key) throws ModelFileException;

  Optional<Boolean> findFlag(String key) throws ModelFileException;

  /** How many elements an array has; cheap however many. */
  OptionalInt findLength(String key) throws ModelFileException;

  Optional<StringArray> findTexts(String key) throws ModelFileException;

  Optional<int[]> findIntegers(String key) throws ModelFileException;

  Optional<float[]> findFloats(String key) throws ModelFileException;

  default String text(String key) throws ModelFileException {
    return findText(key).orElseThrow(() -> missing(key));
  }

  default long integer(String key) throws ModelFileException {
    return findInteger(key).orElseThrow(() -> missing(key));
  }

  default double number(String key) throws ModelFileException {
    return findNumber(key).orElseThrow(() -> missing(key));
  }

  /** An error about what the metadata says; the sentence gets the file's name before it. */
  ModelFileException failure(String sentence);

  /** The error for a key that must be there; it names the file. */
  ModelFileException missing(String key);
}
