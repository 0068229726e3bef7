package org.bitnetj.constraint.schema;

import static org.bitnetj.constraint.schema.SchemaDocument.below;
import static org.bitnetj.constraint.schema.SchemaDocument.refusal;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitnetj.constraint.automaton.NumberSpelling.Range;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.error.GrammarException;
import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/** Reads the keywords of one schema, and refuses those that are malformed or not supported. */
final class KeywordReader {
  /** Larger counts of characters, items and members than any context has room for. */
  private static final int MOST_COUNT = 1 << 20;

  private static final Set<String> NOT_SUPPORTED =
      Set.of("if", "contains", "$dynamicRef", "$recursiveRef");

  private static final List<String> IN_PLACE =
      List.of("$ref", "allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies");

  private final Map<String, Json> schema;
  private final SchemaDocument document;
  private final String pointer;
  private final Keywords words;

  private KeywordReader(Map<String, Json> schema, String pointer, SchemaDocument document) {
    this.schema = schema;
    this.document = document;
    this.pointer = pointer;
    this.words = new Keywords(pointer);
  }

  static Keywords read(Term term, SchemaDocument document) {
    return switch (term.json()) {
      case Json.Literal literal when literal == Json.Literal.TRUE -> new Keywords(term.pointer());
      case Json.Literal literal when literal == Json.Literal.FALSE -> nothing(term.pointer());
      case Json.Members(Map<String, Json> all) ->
          new KeywordReader(all, term.pointer(), document).read();
      default ->
          throw new GrammarException(
              "The JSON Schema at "
                  + SchemaDocument.shown(term.pointer())
                  + " is neither an object nor true or false.");
    };
  }

  private static Keywords nothing(String pointer) {
    Keywords words = new Keywords(pointer);
    words.types = 0;
    return words;
  }

  private Keywords read() {
    if (schema.containsKey("$ref") && document.refsStandAlone()) {
      reference();
      return words;
    }
    for (String keyword : schema.keySet()) {
      if (NOT_SUPPORTED.contains(keyword)) {
        throw unsupported(keyword);
      }
    }
    if (schema.containsKey("$id") && !pointer.equals("#")) {
      boolean anchor = schema.get("$id") instanceof Json.Text(String id) && id.startsWith("#");
      if (!anchor) {
        throw unsupported("$id");
      }
    }
    if (schema.get("uniqueItems") == Json.Literal.TRUE) {
      throw unsupported("uniqueItems");
    }
    type();
    values();
    number();
    string();
    array();
    object();
    combinations();
    return words;
  }

  private void type() {
    Json type = schema.get("type");
    if (type == null) {
      return;
    }
    List<Json> names = type instanceof Json.Items(List<Json> all) ? all : List.of(type);
    int types = 0;
    boolean integer = false;
    boolean number = false;
    for (Json name : names) {
      String text = name instanceof Json.Text(String value) ? value : "";
      integer |= text.equals("integer");
      number |= text.equals("number");
      types |=
          switch (text) {
            case "null" -> Keywords.NULL;
            case "boolean" -> Keywords.FALSE | Keywords.TRUE;
            case "integer", "number" -> Keywords.NUMBER;
            case "string" -> Keywords.STRING;
            case "array" -> Keywords.ARRAY;
            case "object" -> Keywords.OBJECT;
            default -> throw malformed("type", "must name types of JSON");
          };
    }
    words.types = types;
    if (integer && !number) {
      words.range = new Range(null, false, null, false, BigDecimal.ONE);
    }
  }

  /** {@code enum} and {@code const}. */
  private void values() {
    Json list = schema.get("enum");
    Json single = schema.get("const");
    if (list instanceof Json.Items(List<Json> values)) {
      ListedValues.add(values, "enum", words, document);
    } else if (list != null) {
      throw malformed("enum", "must be an array");
    }
    if (list == null && single != null) {
      ListedValues.add(List.of(single), "const", words, document);
    } else if (single != null) {
      words.allOf.add(synthetic(Map.of("const", single)));
    }
  }

  private Term synthetic(Map<String, Json> members) {
    return document.term(new Json.Members(members), pointer);
  }

  private static Json items(String... texts) {
    return ListedValues.texts(List.of(texts));
  }

  private void number() {
    BigDecimal low = decimal("minimum");
    BigDecimal above = decimal("exclusiveMinimum");
    BigDecimal high = decimal("maximum");
    BigDecimal below = decimal("exclusiveMaximum");
    BigDecimal step = decimal("multipleOf");
    if (step != null && step.signum() <= 0) {
      throw malformed("multipleOf", "must be greater than 0");
    }
    words.range = Ranges.intersection(words.range, new Range(low, false, high, false, step));
    words.range =
        Ranges.intersection(
            words.range, new Range(above, above != null, below, below != null, null));
  }

  private void string() {
    words.minLength = count("minLength", 0);
    words.maxLength = count("maxLength", Keywords.UNBOUNDED);
    Json pattern = schema.get("pattern");
    if (pattern != null) {
      words.pattern = document.pattern(text("pattern", pattern), "pattern", pointer);
    }
  }

  private void array() {
    Json prefix = schema.get("prefixItems");
    Json items = schema.get("items");
    if (prefix == null && items instanceof Json.Items) {
      words.prefixItems = terms("items", items); // draft 7 and before
      words.items = find("additionalItems");
    } else {
      words.prefixItems = prefix == null ? List.of() : terms("prefixItems", prefix);
      words.items = find("items");
    }
    if (schema.containsKey("unevaluatedItems")) {
      requireNothingInPlace("unevaluatedItems");
      words.items = words.items == null ? find("unevaluatedItems") : words.items;
    }
    words.minItems = count("minItems", 0);
    words.maxItems = count("maxItems", Keywords.UNBOUNDED);
  }

  private void object() {
    members("properties").forEach(words.properties::put);
    members("patternProperties")
        .forEach(
            (pattern, value) ->
                words.patternProperties.put(
                    pattern,
                    new Keywords.PatternProperty(
                        document.pattern(pattern, "patternProperties", pointer), value)));
    words.additionalProperties = find("additionalProperties");
    if (schema.containsKey("unevaluatedProperties")) {
      requireNothingInPlace("unevaluatedProperties");
      if (words.additionalProperties == null) {
        words.additionalProperties = find("unevaluatedProperties");
      }
    }
    words.propertyNames = find("propertyNames");
    Json required = schema.get("required");
    if (required != null) {
      words.required.addAll(texts("required", required));
    }
    words.minProperties = count("minProperties", 0);
    words.maxProperties = count("maxProperties", Keywords.UNBOUNDED);
    for (String name : words.properties.keySet()) {
      requireSpellable("properties", name);
    }
    for (String name : words.required) {
      requireSpellable("required", name);
    }
  }

  private void requireSpellable(String keyword, String name) {
    if (!StringSpelling.isSpellable(name)) {
      throw malformed(keyword, "has a surrogate without its partner");
    }
  }

  /** Where nothing else applies, what is not evaluated is what is additional. */
  private void requireNothingInPlace(String keyword) {
    for (String other : IN_PLACE) {
      if (schema.containsKey(other)) {
        throw refusal(keyword, pointer, "beside '" + other + "' is not supported");
      }
    }
  }

  private void combinations() {
    if (schema.containsKey("$ref")) {
      reference();
    }
    if (schema.containsKey("allOf")) {
      words.allOf.addAll(terms("allOf", schema.get("allOf")));
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (schema.containsKey(keyword)) {
        boolean exactlyOne = keyword.equals("oneOf");
        List<Term> terms =
            ConstantAlternatives.merged(terms(keyword, schema.get(keyword)), exactlyOne, document);
        words.choices.add(new Keywords.Choice(terms, exactlyOne, pointer));
      }
    }
    Json not = schema.get("not");
    if (not != null) {
      boolean nothing = not == Json.Literal.FALSE;
      boolean all =
          not == Json.Literal.TRUE
              || (not instanceof Json.Members(Map<String, Json> some) && some.isEmpty());
      if (!nothing && !all) {
        throw unsupported("not");
      }
      words.types = all ? 0 : words.types;
    }
    for (String keyword : List.of("dependentRequired", "dependentSchemas", "dependencies")) {
      if (schema.containsKey(keyword)) {
        dependencies(keyword);
      }
    }
  }

  private void reference() {
    String reference = text("$ref", schema.get("$ref"));
    words.allOf.add(document.resolve(reference, "$ref", pointer));
  }

  /** An object has no such member, or what depends on it holds. */
  private void dependencies(String keyword) {
    if (!(schema.get(keyword) instanceof Json.Members(Map<String, Json> all))) {
      throw malformed(keyword, "must be an object");
    }
    all.forEach(
        (name, needed) -> {
          requireSpellable(keyword, name);
          Term without =
              synthetic(Map.of("properties", new Json.Members(Map.of(name, Json.Literal.FALSE))));
          List<String> names = new ArrayList<>(List.of(name));
          List<Json> schemas = List.of();
          if (needed instanceof Json.Items && !keyword.equals("dependentSchemas")) {
            names.addAll(texts(keyword, needed));
          } else {
            schemas = List.of(needed);
          }
          Term with =
              synthetic(
                  Map.of(
                      "type", new Json.Text("object"),
                      "required", items(names.stream().distinct().toArray(String[]::new)),
                      "allOf", new Json.Items(schemas)));
          words.choices.add(
              new Keywords.Choice(List.of(without, with), false, below(pointer, keyword)));
        });
  }

  private @Nullable Term find(String keyword) {
    Json json = schema.get(keyword);
    return json == null ? null : document.term(json, below(pointer, keyword));
  }

  private List<Term> terms(String keyword, @Nullable Json json) {
    if (!(json instanceof Json.Items(List<Json> all))) {
      throw malformed(keyword, "must be an array of schemas");
    }
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      terms.add(document.term(all.get(i), below(pointer, keyword) + "/" + i));
    }
    return terms;
  }

  private Map<String, Term> members(String keyword) {
    Json json = schema.get(keyword);
    Map<String, Term> terms = new LinkedHashMap<>();
    if (json instanceof Json.Members(Map<String, Json> all)) {
      all.forEach(
          (name, value) ->
              terms.put(name, document.term(value, below(below(pointer, keyword), name))));
    } else if (json != null) {
      throw malformed(keyword, "must be an object of schemas");
    }
    return terms;
  }

  private List<String> texts(String keyword, Json json) {
    if (!(json instanceof Json.Items(List<Json> all))) {
      throw malformed(keyword, "must be an array of names");
    }
    return all.stream().map(name -> text(keyword, name)).toList();
  }

  private String text(String keyword, @Nullable Json json) {
    if (json instanceof Json.Text(String value)) {
      return value;
    }
    throw malformed(keyword, "must be text");
  }

  private @Nullable BigDecimal decimal(String keyword) {
    Json json = schema.get(keyword);
    if (json == null) {
      return null;
    }
    if (json instanceof Json.Numeral(String text)) {
      return ListedValues.decimal(text, keyword, pointer);
    }
    throw malformed(keyword, "must be a number");
  }

  private int count(String keyword, int otherwise) {
    BigDecimal value = decimal(keyword);
    if (value == null) {
      return otherwise;
    }
    if (value.signum() < 0 || value.stripTrailingZeros().scale() > 0) {
      throw malformed(keyword, "must be a whole number of 0 or more");
    }
    boolean least = keyword.startsWith("min");
    if (value.compareTo(BigDecimal.valueOf(MOST_COUNT)) > 0) {
      if (least) {
        throw refusal(keyword, pointer, "is more than the " + MOST_COUNT + " that are supported");
      }
      return Keywords.UNBOUNDED; // no text is as long
    }
    return value.intValueExact();
  }

  private RuntimeException malformed(String keyword, String clause) {
    return refusal(keyword, pointer, clause);
  }

  private RuntimeException unsupported(String keyword) {
    return refusal(keyword, pointer, "is not supported");
  }
}
