package org.bitnetj.constraint;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random schemas, and values that they might allow: small, so that all corners are met. */
final class RandomSchemas {
  private static final String[] NAMES = {"a", "aa", "b", "kind", "é", "q\"\n"};
  private static final String[] TEXTS = {
    "", "a", "aa", "abc", "ab12", "é日", "\"\\", "\n", "😀", "z/"
  };
  private static final String[] NUMBERS = {
    "0", "1", "-1", "2", "3", "5", "10", "12", "-7", "0.5", "1.0", "1.25", "-0.5", "100", "1e2",
    "7.75"
  };
  private static final String[] PATTERNS = {
    "^a", "b", "^[a-z]+$", "^a*$", "[0-9]{2}", "^(a|é)", "^.$", "^[^a]", "a$", "^$|^..", "^a[^b]*$"
  };
  private static final String[] TYPES = {
    "null", "boolean", "integer", "number", "string", "array", "object"
  };

  private final Random random;

  RandomSchemas(long seed) {
    this.random = new Random(seed);
  }

  /** The names of members, as JSON spells them. */
  static List<String> names() {
    return Arrays.stream(NAMES)
        .map(name -> NaiveJson.write(name, NaiveJson.Style.COMPACT))
        .toList();
  }

  private int below(int bound) {
    return random.nextInt(bound);
  }

  private boolean chance(int percent) {
    return below(100) < percent;
  }

  private String one(String[] of) {
    return of[below(of.length)];
  }

  private BigDecimal number() {
    return new BigDecimal(one(NUMBERS));
  }

  Map<String, Object> root() {
    Map<String, Object> schema = object(3);
    Map<String, Object> definitions = new LinkedHashMap<>();
    definitions.put("d", schema(2));
    definitions.put("e", object(1));
    schema.put("$defs", definitions);
    return schema;
  }

  private Object schema(int depth) {
    return chance(8) ? (Object) chance(70) : object(depth);
  }

  private Map<String, Object> object(int depth) {
    Map<String, Object> schema = new LinkedHashMap<>();
    int kind = below(depth > 0 ? 12 : 6);
    if (kind < 2 || chance(40)) {
      schema.put("type", chance(80) ? one(TYPES) : types());
    }
    String type = schema.get("type") instanceof String name ? name : one(TYPES);
    if (chance(10)) {
      List<Object> values = new ArrayList<>();
      for (int i = 0; i <= below(4); i++) {
        values.add(value(2));
      }
      schema.put("enum", values);
    } else if (chance(6)) {
      schema.put("const", value(2));
    }
    switch (type) {
      case "integer", "number" -> numeric(schema);
      case "string" -> textual(schema);
      case "array" -> array(schema, depth);
      case "object" -> members(schema, depth);
      default -> {}
    }
    if (depth > 0 && chance(12)) {
      schema.put("anyOf", some(depth - 1, 3));
    }
    if (depth > 0 && chance(6)) {
      schema.put("oneOf", some(depth - 1, 2));
    }
    if (depth > 0 && chance(8)) {
      schema.put("allOf", some(depth - 1, 2));
    }
    if (chance(10)) {
      schema.put("$ref", chance(60) ? "#/$defs/d" : chance(60) ? "#/$defs/e" : "#");
    }
    return schema;
  }

  private List<Object> types() {
    List<Object> types = new ArrayList<>();
    for (int i = 0; i <= below(3); i++) {
      types.add(one(TYPES));
    }
    return types;
  }

  private List<Object> some(int depth, int most) {
    List<Object> schemas = new ArrayList<>();
    for (int i = 0; i <= below(most); i++) {
      schemas.add(schema(depth));
    }
    return schemas;
  }

  private void numeric(Map<String, Object> schema) {
    for (String keyword :
        new String[] {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
      if (chance(20)) {
        schema.put(keyword, number());
      }
    }
    if (chance(15)) {
      schema.put("multipleOf", number().abs().max(new BigDecimal("0.25")));
    }
  }

  private void textual(Map<String, Object> schema) {
    if (chance(30)) {
      schema.put("minLength", BigDecimal.valueOf(below(4)));
    }
    if (chance(30)) {
      schema.put("maxLength", BigDecimal.valueOf(below(5)));
    }
    if (chance(30)) {
      schema.put("pattern", one(PATTERNS));
    }
  }

  private void array(Map<String, Object> schema, int depth) {
    if (chance(25)) {
      schema.put("prefixItems", some(depth - 1, 3));
    }
    if (chance(60)) {
      schema.put("items", schema(depth - 1));
    }
    if (chance(25)) {
      schema.put("minItems", BigDecimal.valueOf(below(3)));
    }
    if (chance(25)) {
      schema.put("maxItems", BigDecimal.valueOf(below(4)));
    }
  }

  private void members(Map<String, Object> schema, int depth) {
    if (chance(80)) {
      Map<String, Object> properties = new LinkedHashMap<>();
      for (int i = 0; i <= below(4); i++) {
        properties.put(one(NAMES), schema(depth - 1));
      }
      schema.put("properties", properties);
    }
    if (chance(50)) {
      schema.put("additionalProperties", chance(60) ? (Object) false : schema(depth - 1));
    }
    if (chance(15)) {
      schema.put("patternProperties", Map.of(one(PATTERNS), schema(depth - 1)));
    }
    if (chance(10)) {
      Map<String, Object> names = new LinkedHashMap<>();
      textual(names);
      schema.put("propertyNames", names);
    }
    if (chance(40)) {
      List<Object> required = new ArrayList<>();
      for (int i = 0; i <= below(2); i++) {
        String name = one(NAMES);
        if (!required.contains(name)) {
          required.add(name);
        }
      }
      schema.put("required", required);
    }
    if (chance(12)) {
      schema.put("minProperties", BigDecimal.valueOf(below(4)));
    }
    if (chance(12)) {
      schema.put("maxProperties", BigDecimal.valueOf(below(4)));
    }
    if (chance(8)) {
      schema.put("dependentRequired", Map.of(one(NAMES), List.of(one(NAMES))));
    }
  }

  /** A value. */
  Object value(int depth) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0:
        return null;
      case 1:
        return chance(50);
      case 2, 3:
        return number();
      case 4:
        return text();
      case 5:
        List<Object> items = new ArrayList<>();
        for (int i = below(4); i > 0; i--) {
          items.add(value(depth - 1));
        }
        return items;
      default:
        Map<String, Object> members = new LinkedHashMap<>();
        for (int i = below(4); i > 0; i--) {
          members.put(chance(90) ? one(NAMES) : text(), value(depth - 1));
        }
        return members;
    }
  }

  private String text() {
    return chance(80) ? one(TEXTS) : one(TEXTS) + one(TEXTS);
  }

  /** A value that a schema probably allows, if its combinations do not interfere. */
  Object valueFor(Object schema, Map<String, Object> root, int depth) {
    if (!(schema instanceof Map<?, ?> words) || depth == 0 || chance(4)) {
      return value(1);
    }
    if (words.get("$ref") instanceof String reference) {
      Object target = root;
      for (String name : reference.substring(1).split("/")) {
        target = name.isEmpty() ? target : ((Map<?, ?>) target).get(name);
      }
      return valueFor(target, root, depth - 1);
    }
    if (words.get("enum") instanceof List<?> values) {
      return values.get(below(values.size()));
    }
    if (words.containsKey("const")) {
      return words.get("const");
    }
    for (String keyword : new String[] {"anyOf", "oneOf", "allOf"}) {
      if (words.get(keyword) instanceof List<?> schemas && chance(70)) {
        return valueFor(schemas.get(below(schemas.size())), root, depth - 1);
      }
    }
    boolean members = words.containsKey("properties") || words.containsKey("required");
    String type =
        words.get("type") instanceof String name
            ? name
            : words.get("type") instanceof List<?> types
                ? (String) types.get(below(types.size()))
                : members ? "object" : words.containsKey("items") ? "array" : one(TYPES);
    switch (type) {
      case "null":
        return null;
      case "boolean":
        return chance(50);
      case "integer", "number":
        return number();
      case "string":
        return text();
      case "array":
        List<Object> items = new ArrayList<>();
        List<?> first = words.get("prefixItems") instanceof List<?> prefix ? prefix : List.of();
        for (int i = 0; i < below(4); i++) {
          Object item = i < first.size() ? first.get(i) : words.get("items");
          items.add(valueFor(item, root, depth - 1));
        }
        return items;
      default:
        Map<String, Object> all = new LinkedHashMap<>();
        if (words.get("properties") instanceof Map<?, ?> properties) {
          for (Map.Entry<?, ?> property : properties.entrySet()) {
            if (chance(60)) {
              all.put((String) property.getKey(), valueFor(property.getValue(), root, depth - 1));
            }
          }
        }
        if (words.get("required") instanceof List<?> required) {
          for (Object name : required) {
            all.computeIfAbsent((String) name, n -> value(1));
          }
        }
        if (chance(25)) {
          all.put(chance(70) ? one(NAMES) : text(), value(1));
        }
        return all;
    }
  }
}
