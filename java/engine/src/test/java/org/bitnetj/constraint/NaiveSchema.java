package org.bitnetj.constraint;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** JSON Schema as its specification reads: whether a value is valid, keyword by keyword. */
final class NaiveSchema {
  private final Object root;
  private int depth;

  private NaiveSchema(Object root) {
    this.root = root;
  }

  static boolean isValid(Object schema, Object value) {
    return new NaiveSchema(schema).valid(schema, value);
  }

  /** A schema that refers to itself for the same value: the specification leaves it undefined. */
  static final class Endless extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private boolean valid(Object schema, Object value) {
    if (schema instanceof Boolean all) {
      return all;
    }
    if (++depth > 200) {
      throw new Endless();
    }
    boolean valid =
        ((Map<?, ?>) schema)
            .entrySet().stream()
                .allMatch(e -> holds((String) e.getKey(), e.getValue(), schema, value));
    depth--;
    return valid;
  }

  private boolean holds(String keyword, Object word, Object schema, Object value) {
    Map<?, ?> all = (Map<?, ?>) schema;
    return switch (keyword) {
      case "type" ->
          word instanceof List<?> types
              ? types.stream().anyMatch(type -> isOf((String) type, value))
              : isOf((String) word, value);
      case "enum" -> ((List<?>) word).stream().anyMatch(listed -> same(listed, value));
      case "const" -> same(word, value);
      case "minimum" -> !(value instanceof BigDecimal n) || n.compareTo((BigDecimal) word) >= 0;
      case "maximum" -> !(value instanceof BigDecimal n) || n.compareTo((BigDecimal) word) <= 0;
      case "exclusiveMinimum" ->
          !(value instanceof BigDecimal n) || n.compareTo((BigDecimal) word) > 0;
      case "exclusiveMaximum" ->
          !(value instanceof BigDecimal n) || n.compareTo((BigDecimal) word) < 0;
      case "multipleOf" ->
          !(value instanceof BigDecimal n) || n.remainder((BigDecimal) word).signum() == 0;
      case "minLength" -> !(value instanceof String s) || length(s) >= number(word);
      case "maxLength" -> !(value instanceof String s) || length(s) <= number(word);
      case "pattern" -> !(value instanceof String s) || matches((String) word, s);
      case "minItems" -> !(value instanceof List<?> items) || items.size() >= number(word);
      case "maxItems" -> !(value instanceof List<?> items) || items.size() <= number(word);
      case "uniqueItems" ->
          !(value instanceof List<?> items) || !(Boolean) word || areDistinct(items);
      case "prefixItems" -> {
        boolean holds = true;
        if (value instanceof List<?> items) {
          for (int i = 0; i < Math.min(items.size(), ((List<?>) word).size()); i++) {
            holds &= valid(((List<?>) word).get(i), items.get(i));
          }
        }
        yield holds;
      }
      case "items" -> {
        int first = all.get("prefixItems") instanceof List<?> prefix ? prefix.size() : 0;
        yield !(value instanceof List<?> items)
            || items.stream().skip(first).allMatch(item -> valid(word, item));
      }
      case "minProperties" -> !(value instanceof Map<?, ?> m) || m.size() >= number(word);
      case "maxProperties" -> !(value instanceof Map<?, ?> m) || m.size() <= number(word);
      case "required" -> !(value instanceof Map<?, ?> m) || m.keySet().containsAll((List<?>) word);
      case "properties" ->
          !(value instanceof Map<?, ?> m)
              || ((Map<?, ?>) word)
                  .entrySet().stream()
                      .allMatch(
                          p ->
                              !m.containsKey(p.getKey()) || valid(p.getValue(), m.get(p.getKey())));
      case "patternProperties" ->
          !(value instanceof Map<?, ?> m)
              || m.entrySet().stream()
                  .allMatch(
                      e ->
                          ((Map<?, ?>) word)
                              .entrySet().stream()
                                  .filter(p -> matches((String) p.getKey(), (String) e.getKey()))
                                  .allMatch(p -> valid(p.getValue(), e.getValue())));
      case "additionalProperties" ->
          !(value instanceof Map<?, ?> m)
              || m.entrySet().stream()
                  .allMatch(e -> isNamed(all, (String) e.getKey()) || valid(word, e.getValue()));
      case "propertyNames" ->
          !(value instanceof Map<?, ?> m) || m.keySet().stream().allMatch(n -> valid(word, n));
      case "dependentRequired" ->
          !(value instanceof Map<?, ?> m)
              || ((Map<?, ?>) word)
                  .entrySet().stream()
                      .allMatch(
                          d ->
                              !m.containsKey(d.getKey())
                                  || m.keySet().containsAll((List<?>) d.getValue()));
      case "allOf" -> ((List<?>) word).stream().allMatch(each -> valid(each, value));
      case "anyOf" -> ((List<?>) word).stream().anyMatch(each -> valid(each, value));
      case "oneOf" -> ((List<?>) word).stream().filter(each -> valid(each, value)).count() == 1;
      case "not" -> !valid(word, value);
      case "$ref" -> valid(resolve((String) word), value);
      case "$defs", "title", "description" -> true;
      default -> throw new IllegalArgumentException(keyword);
    };
  }

  private Object resolve(String reference) {
    Object at = root;
    for (String name : reference.substring(1).split("/")) {
      at = name.isEmpty() ? at : ((Map<?, ?>) at).get(name);
    }
    return at;
  }

  private static boolean isNamed(Map<?, ?> schema, String name) {
    return schema.get("properties") instanceof Map<?, ?> named && named.containsKey(name)
        || schema.get("patternProperties") instanceof Map<?, ?> patterns
            && patterns.keySet().stream().anyMatch(pattern -> matches((String) pattern, name));
  }

  private static boolean matches(String pattern, String text) {
    return Pattern.compile(pattern.replace("$", "\\z")).matcher(text).find();
  }

  private static int number(Object word) {
    return ((BigDecimal) word).intValueExact();
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static boolean areDistinct(List<?> items) {
    for (int i = 0; i < items.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (same(items.get(i), items.get(j))) {
          return false;
        }
      }
    }
    return true;
  }

  static boolean same(Object a, Object b) {
    if (a instanceof BigDecimal x && b instanceof BigDecimal y) {
      return x.compareTo(y) == 0;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      boolean same = x.size() == y.size();
      for (int i = 0; same && i < x.size(); i++) {
        same = same(x.get(i), y.get(i));
      }
      return same;
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      return x.keySet().equals(y.keySet())
          && x.keySet().stream().allMatch(name -> same(x.get(name), y.get(name)));
    }
    return a == null ? b == null : a.equals(b);
  }

  private static boolean isOf(String type, Object value) {
    return switch (type) {
      case "null" -> value == null;
      case "boolean" -> value instanceof Boolean;
      case "integer" -> value instanceof BigDecimal n && n.stripTrailingZeros().scale() <= 0;
      case "number" -> value instanceof BigDecimal;
      case "string" -> value instanceof String;
      case "array" -> value instanceof List;
      case "object" -> value instanceof Map;
      default -> throw new IllegalArgumentException(type);
    };
  }
}
