package org.bitnetj.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.gguf.Metadata;

/** Metadata made up by a test. Values: String, Long, Boolean, int[], float[], List of String. */
public final class MemoryMetadata implements Metadata {
  private final Map<String, Object> values = new LinkedHashMap<>();

  public MemoryMetadata with(String key, Object value) {
    values.put(key, value);
    return this;
  }

  public MemoryMetadata without(String key) {
    values.remove(key);
    return this;
  }

  private <T> Optional<T> find(String key, Class<T> type) throws ModelFileException {
    Object value = values.get(key);
    if (value != null && !type.isInstance(value)) {
      throw new ModelFileException(key + " is of another type.");
    }
    return Optional.ofNullable(type.cast(value));
  }

  @Override
  public Set<String> keys() {
    return values.keySet();
  }

  @Override
  public String describe(String key) {
    return String.valueOf(values.get(key));
  }

  @Override
  public Optional<String> findText(String key) throws ModelFileException {
    return find(key, String.class);
  }

  @Override
  public OptionalLong findInteger(String key) throws ModelFileException {
    return find(key, Long.class).map(OptionalLong::of).orElse(OptionalLong.empty());
  }

  @Override
  public OptionalDouble findNumber(String key) throws ModelFileException {
    return find(key, Double.class).map(OptionalDouble::of).orElse(OptionalDouble.empty());
  }

  @Override
  public Optional<Boolean> findFlag(String key) throws ModelFileException {
    return find(key, Boolean.class);
  }

  @Override
  public OptionalInt findLength(String key) {
    return switch (values.get(key)) {
      case int[] integers -> OptionalInt.of(integers.length);
      case float[] floats -> OptionalInt.of(floats.length);
      case List<?> texts -> OptionalInt.of(texts.size());
      case null, default -> OptionalInt.empty();
    };
  }

  @Override
  public Optional<StringArray> findTexts(String key) throws ModelFileException {
    return find(key, List.class).map(Texts::new);
  }

  @Override
  public Optional<int[]> findIntegers(String key) throws ModelFileException {
    return find(key, int[].class);
  }

  @Override
  public Optional<float[]> findFloats(String key) throws ModelFileException {
    return find(key, float[].class);
  }

  @Override
  public ModelFileException failure(String sentence) {
    return new ModelFileException(sentence);
  }

  @Override
  public ModelFileException missing(String key) {
    return new ModelFileException(key + " is missing.");
  }

  private record Texts(List<?> texts) implements StringArray {
    @Override
    public int size() {
      return texts.size();
    }

    @Override
    public int longest() {
      return texts.stream()
          .mapToInt(text -> ((String) text).getBytes(StandardCharsets.UTF_8).length)
          .max()
          .orElse(0);
    }

    @Override
    public byte[] bytes(int index) {
      return get(index).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String get(int index) {
      return (String) texts.get(index);
    }
  }
}
