package org.bitnetj.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.error.GrammarException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JsonSchemaTest {
  private ConstraintCompiler compiler;

  @BeforeAll
  void open() throws Exception {
    compiler = new ConstraintCompiler(TestVocabulary.tokenizer());
  }

  private boolean accepts(String schema, String text) {
    return TestVocabulary.accepts(compiler.compile(Grammar.jsonSchema(schema)), text);
  }

  private static String refusal(String schema) {
    return assertThrows(GrammarException.class, () -> Grammar.jsonSchema(schema), schema)
        .getMessage();
  }

  /**
   * What strict mode of a known service asks for: all required, nothing additional, null unions.
   */
  @Test
  void strictSchemasOfServicesWork() {
    String schema =
        """
        {"type": "object", "strict": true,
         "properties": {
           "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
           "unit": {"type": ["string", "null"], "enum": ["C", "F", null]},
           "final_answer": {"type": "string", "description": "what comes out"}},
         "$defs": {"step": {"type": "object",
           "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}},
           "required": ["explanation", "output"], "additionalProperties": false}},
         "required": ["steps", "unit", "final_answer"], "additionalProperties": false}\
        """;
    assertTrue(
        accepts(
            schema,
            """
            {"steps": [{"explanation": "add", "output": "8x = -30"}], "unit": null, \
            "final_answer": "x = -3.75"}\
            """));
    assertTrue(accepts(schema, "{\"unit\":\"C\",\"final_answer\":\"\",\"steps\":[]}"));
    assertFalse(accepts(schema, "{\"unit\":\"K\",\"final_answer\":\"\",\"steps\":[]}"));
    assertFalse(accepts(schema, "{\"unit\":\"C\",\"final_answer\":\"\"}"));
  }

  @Test
  void schemasFromPydanticWork() {
    String schema =
        """
        {"$defs": {
           "Cat": {"properties": {"pet_type": {"const": "cat", "title": "Pet Type", "type": "string"},
             "lives": {"default": 9, "maximum": 9, "minimum": 0, "title": "Lives", "type": "integer"}},
             "required": ["pet_type"], "title": "Cat", "type": "object"},
           "Dog": {"properties": {"pet_type": {"enum": ["dog", "wolf"], "title": "Pet Type",
             "type": "string"}, "weight": {"exclusiveMinimum": 0, "title": "Weight",
             "type": "number"}}, "required": ["pet_type", "weight"], "title": "Dog",
             "type": "object"}},
         "properties": {
           "pet": {"discriminator": {"mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"},
               "propertyName": "pet_type"},
             "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}], "title": "Pet"},
           "tags": {"additionalProperties": {"type": "integer"}, "title": "Tags", "type": "object"},
           "when": {"anyOf": [{"format": "date-time", "type": "string"}, {"type": "null"}],
             "default": null, "title": "When"},
           "pair": {"maxItems": 2, "minItems": 2, "prefixItems": [{"type": "integer"},
             {"type": "string"}], "title": "Pair", "type": "array"}},
         "required": ["pet"], "title": "Model", "type": "object"}\
        """;
    assertTrue(
        accepts(
            schema,
            """
            {"pet": {"pet_type": "dog", "weight": 0.5}, "tags": {"a": 1, "b": 2}, \
            "pair": [1, "x"], "when": null}\
            """));
    assertTrue(accepts(schema, "{\"pet\": {\"lives\": 7, \"pet_type\": \"cat\"}, \"more\": [1]}"));
    assertFalse(accepts(schema, "{\"pet\": {\"pet_type\": \"dog\", \"weight\": 0}}"));
    assertFalse(accepts(schema, "{\"pet\": {\"pet_type\": \"cat\", \"lives\": 10}}"));
    assertFalse(accepts(schema, "{\"pet\": {\"pet_type\": \"cow\"}}"));
    assertFalse(accepts(schema, "{\"pet\": {\"pet_type\": \"cat\"}, \"pair\": [1]}"));
  }

  @Test
  void schemasFromZodWork() {
    String schema =
        """
        {"type": "object", "properties": {
           "id": {"type": "string", "format": "uuid", "pattern": "^([0-9a-f]{8}-[0-9a-f]{4}-4)$"},
           "size": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9007199254740991},
           "kind": {"anyOf": [{"type": "object", "properties": {"type": {"type": "string",
               "const": "a"}, "v": {"type": "string", "minLength": 1}}, "required": ["type", "v"],
               "additionalProperties": false}, {"type": "object", "properties": {"type": {"type":
               "string", "const": "b"}, "v": {"type": "number"}}, "required": ["type", "v"],
               "additionalProperties": false}]},
           "labels": {"type": "object", "propertyNames": {"type": "string"},
             "additionalProperties": {"type": "string"}}},
         "required": ["id", "size", "kind"], "additionalProperties": false,
         "$schema": "http://json-schema.org/draft-07/schema#"}\
        """;
    assertTrue(
        accepts(
            schema,
            """
            {"id": "0123abcd-ffff-4", "size": 9007199254740991, \
            "kind": {"v": 1.5, "type": "b"}, "labels": {"x": "y"}}\
            """));
    assertFalse(
        accepts(
            schema,
            """
            {"id": "0123abcd-ffff-4", "size": 9007199254740992, \
            "kind": {"v": "1", "type": "a"}}\
            """));
    assertFalse(
        accepts(
            schema,
            "{\"id\": \"0123abcd-ffff-4\", \"size\": 1, \"kind\": {\"v\": 1, \"type\": \"a\"}}"));
  }

  @Test
  void membersComeInAnyOrderAndOnce() {
    String schema =
        """
        {"type": "object", "properties": {"a": {"type": "integer"}, "ab": {"type": "string"},
         "c": {"type": "null"}}, "required": ["ab", "a"], "additionalProperties": false}\
        """;
    assertTrue(accepts(schema, "{\"a\":1,\"ab\":\"\"}"));
    assertTrue(accepts(schema, "{\"ab\":\"\",\"c\":null,\"a\":1}"));
    assertFalse(accepts(schema, "{\"a\":1}"));
    assertFalse(accepts(schema, "{\"a\":1,\"a\":1"));
    assertFalse(accepts(schema, "{\"a\":1,\"ab\":\"\",\"a\""));
    assertFalse(accepts(schema, "{\"a\":1,\"ab\":\"\",\"c\":null,"));
  }

  @Test
  void recursionIsFollowed() {
    String schema =
        """
        {"$ref": "#/definitions/tree", "definitions": {"tree": {"type": "object",
         "properties": {"v": {"type": "integer"},
           "kids": {"type": "array", "items": {"$ref": "#/definitions/tree"}}},
         "required": ["v"], "additionalProperties": false}}}\
        """;
    assertTrue(accepts(schema, "{\"v\":1,\"kids\":[{\"v\":2},{\"kids\":[],\"v\":3}]}"));
    assertFalse(accepts(schema, "{\"v\":1,\"kids\":[{\"v\":\"2\"}]}"));
  }

  @Test
  void conjunctionsAreMerged() {
    String schema =
        """
        {"allOf": [{"type": "object", "properties": {"a": {"minimum": 3}}},
          {"properties": {"a": {"type": "integer", "maximum": 5}}, "required": ["a"]},
          {"anyOf": [{"properties": {"b": {"type": "string"}}, "required": ["b"]},
            {"properties": {"a": {"const": 4}}}]}]}\
        """;
    assertTrue(accepts(schema, "{\"a\":4}"));
    assertTrue(accepts(schema, "{\"a\":3,\"b\":\"\"}"));
    assertFalse(accepts(schema, "{\"a\":3}"));
    assertFalse(accepts(schema, "{\"a\":6,\"b\":\"\"}"));
    assertFalse(accepts(schema, "{\"a\":3.5,\"b\":\"\"}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          not                   | {"properties": {"a": {"not": {"type": "null"}}}}         | #/properties/a
          if                    | {"if": {"const": 1}, "then": false}                      | #
          uniqueItems           | {"items": {"uniqueItems": true}}                         | #/items
          contains              | {"allOf": [{"contains": {}}]}                            | #/allOf/0
          unevaluatedProperties | {"allOf": [{}], "unevaluatedProperties": false}          | #
          unevaluatedItems      | {"anyOf": [{}], "unevaluatedItems": false}               | #
          $ref                  | {"$ref": "https://example.org/other.json"}               | #
          $ref                  | {"$ref": "#/$defs/missing"}                              | #
          $ref                  | {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"} | #/$defs/a
          $dynamicRef           | {"$dynamicRef": "#node"}                                 | #
          $id                   | {"items": {"$id": "other"}}                              | #/items
          $schema               | {"$schema": "https://example.org/mine"}                  | #
          oneOf                 | {"oneOf": [{"type": "integer"}, {"minimum": 2}]}         | #
          oneOf                 | {"oneOf": [{"const": 1}, {"const": 2}, {"enum": [3, 1.0]}]} | #
          oneOf                 | {"oneOf": [{"const": "a"}, {"type": "string"}]}          | #
          pattern               | {"properties": {"a/b": {"pattern": "(?=a)b"}}}           | #/properties/a~1b
          const                 | {"anyOf": [{"const": 1}, {"const": 2}, {"const": 1e1000000}]} | #/anyOf/2
          enum                  | {"oneOf": [{"const": "a"}, {"enum": ["b", "\\ud800"]}]}  | #/oneOf/1
          patternProperties     | {"patternProperties": {"(": true}}                       | #
          type                  | {"type": "text"}                                         | #
          enum                  | {"enum": 1}                                              | #
          minimum               | {"minimum": "1"}                                         | #
          minLength             | {"minLength": -1}                                        | #
          minLength             | {"minLength": 1000000000}                                | #
          minItems              | {"minItems": 1e9}                                        | #
          minProperties         | {"minProperties": 1.5}                                   | #
          multipleOf            | {"multipleOf": 0}                                        | #
          multipleOf            | {"multipleOf": 1e2147483648}                             | #
          maxLength             | {"maxLength": 1e2147483648}                              | #
          multipleOf            | {"items": {"multipleOf": 0.123456789}}                   | #/items
          properties            | {"properties": []}                                       | #
          required              | {"required": [1]}                                        | #
          anyOf                 | {"anyOf": {}}                                            | #
          maximum               | {"maximum": 1e1000000}                                   | #
          """)
  void whatIsNotSupportedIsRefusedByName(String keyword, String schema, String pointer) {
    String sentence = refusal(schema);
    assertTrue(
        sentence.startsWith("The JSON Schema's '" + keyword + "' at " + pointer + " "), sentence);
    assertTrue(sentence.endsWith("."), sentence);
  }

  @ParameterizedTest
  @CsvSource({"enum, %s", "anyOf, {\"const\": %s}", "oneOf, {\"const\": %s; \"type\": \"string\"}"})
  void constantsMayBeThousands(String keyword, String each) {
    int count = 3000;
    String all =
        IntStream.range(0, count)
            .mapToObj(i -> each.replace(';', ',').formatted("\"name " + i + "\""))
            .collect(Collectors.joining(", "));
    Constraint names =
        compiler.compile(
            Grammar.jsonSchema("{\"%s\": [%s], \"maxLength\": 8}".formatted(keyword, all)));
    for (int i = 0; i < count; i++) {
      String name = "\"name " + i + "\"";
      assertEquals(i < 1000, TestVocabulary.accepts(names, name), name);
    }
    for (String other : List.of("\"name \"", "\"name 01\"", "\"name 3000\"", "7", "null")) {
      assertFalse(TestVocabulary.accepts(names, other), other);
    }
  }

  /** Which of two alternatives allow the same is told by where the first constant is. */
  @Test
  void constantsAreNamedByTheFirstOfThem() {
    String sentence =
        refusal(
            """
            {"oneOf": [{"type": "null"}, {"const": "a"}, {"const": "b"}, {"type": "string"}]}\
            """);
    assertTrue(sentence.contains(", #/oneOf/1 and #/oneOf/3, "), sentence);
  }

  /**
   * Together they take hundreds of thousands of states, and one of them alone more than a table.
   */
  @ParameterizedTest
  @CsvSource({"enum, %s", "anyOf, {\"const\": %s}", "oneOf, {\"const\": %s}"})
  void constantsMayBeLong(String keyword, String each) {
    List<String> values =
        new Random(1)
            .ints(5000)
            .mapToObj(
                seed ->
                    new Random(seed)
                        .ints(40, 'A', 'z' + 1)
                        .filter(c -> c != '\\')
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining("", "\"", "é\"")))
            .collect(Collectors.toCollection(ArrayList::new));
    values.add('"' + "x".repeat(200_000) + '"');
    String all = values.stream().map(each::formatted).collect(Collectors.joining(", "));
    Constraint constraint =
        compiler.compile(Grammar.jsonSchema("{\"%s\": [%s]}".formatted(keyword, all)));
    for (String value : List.of(values.get(0), values.get(2500), values.get(4999))) {
      assertTrue(TestVocabulary.accepts(constraint, value), value);
      String shorter = value.substring(0, 20) + '"';
      assertFalse(TestVocabulary.accepts(constraint, shorter), shorter);
      String longer = value.substring(0, value.length() - 1) + "a\"";
      assertFalse(TestVocabulary.accepts(constraint, longer), longer);
    }
    assertTrue(TestVocabulary.accepts(constraint, values.getLast()));
    assertFalse(TestVocabulary.accepts(constraint, '"' + "x".repeat(199_999) + '"'));
  }

  @Test
  void listsThatManyPlacesLimitHaveALimitTogether() {
    String list = "x".repeat(100_000);
    String places =
        IntStream.range(0, 30)
            .mapToObj(i -> "\"p%d\": {\"$ref\": \"#/$defs/l\", \"minLength\": %d}".formatted(i, i))
            .collect(Collectors.joining(", "));
    String schema = "{\"$defs\": {\"l\": {\"enum\": [\"%s\"]}}, \"properties\": {%s}}";
    String sentence = refusal(schema.formatted(list, places));
    assertEquals(
        "The JSON Schema lists values of more than 2097152 characters together.", sentence);
    assertTrue(accepts(schema.formatted(list.substring(90_000), places), "{}"));
  }

  @Test
  void constantsStandBesideOtherAlternatives() {
    String schema =
        """
        {"oneOf": [{"const": "a", "title": "A"}, {"const": 1.50}, {"enum": [null, true]},
          {"const": "z", "type": "integer"}, {"const": 3.0, "type": "integer"}, {"const": [1]},
          {"const": "bb", "maxLength": 2}, {"type": "string", "minLength": 3}]}\
        """;
    for (String value :
        List.of("\"a\"", "1.5", "1.50", "null", "true", "3", "[1]", "\"bb\"", "\"abc\"")) {
      assertTrue(accepts(schema, value), value);
    }
    for (String value : List.of("\"z\"", "\"b\"", "1", "2", "false", "[2]", "\"aa\"")) {
      assertFalse(accepts(schema, value), value);
    }
  }

  /** Each object has more members than it names, so that one more name has to be found for each. */
  @Test
  void objectsThatNeedMoreMembersMayContainEachOther() {
    int levels = 300;
    String chain =
        IntStream.range(0, levels)
            .mapToObj(
                i ->
                    """
                    "d%d": {"type": "object", "required": ["a"], "minProperties": 2,
                      "properties": {"a": {"$ref": "#/$defs/d%d"}}}\
                    """
                        .formatted(i, i + 1))
            .collect(Collectors.joining(","));
    String schema =
        "{\"$ref\": \"#/$defs/d0\", \"$defs\": {%s, \"d%d\": {\"type\": \"null\"}}}"
            .formatted(chain, levels);
    String inner = "{\"a\":".repeat(levels) + "null";
    assertTrue(accepts(schema, inner + ",\"b\":1}".repeat(levels)));
    assertFalse(accepts(schema, inner + ",\"b\":1}".repeat(levels - 1) + "}"));
  }

  @Test
  void objectsThatCannotHaveEnoughMembersHaveNoValue() {
    String schema =
        """
        {"type": "object", "additionalProperties": false, "minProperties": %d,
         "properties": {"a": {"$ref": "#"}, "b": {"type": "null"}, "c": {"type": "null"}},
         "patternProperties": {"^[xy]$": true}}\
        """;
    assertTrue(accepts(schema.formatted(4), "{\"x\":1,\"b\":null,\"y\":2,\"c\":null}"));
    assertEquals("The JSON Schema allows no value.", refusal(schema.formatted(5)));
  }

  @Test
  void whatIsNoSchemaIsRefused() {
    assertTrue(refusal("{").contains("is not JSON"));
    assertTrue(refusal("1").contains("neither an object nor true or false"));
    assertTrue(refusal("{\"items\": [1]}").contains("at #/items/0 is neither"));
    assertTrue(refusal(" ".repeat(2 << 20)).contains("characters"));
  }

  @Test
  void schemasWithoutValuesAreRefused() {
    for (String schema :
        List.of(
            "false",
            "{\"type\": \"integer\", \"exclusiveMinimum\": 1, \"exclusiveMaximum\": 2}",
            "{\"type\": \"string\", \"minLength\": 3, \"maxLength\": 2}",
            "{\"type\": \"string\", \"pattern\": \"^a$\", \"minLength\": 2}",
            "{\"type\": \"object\", \"required\": [\"a\"], \"additionalProperties\": false}",
            "{\"type\": \"object\", \"properties\": {\"a\": {\"$ref\": \"#\"}}, \"required\":"
                + " [\"a\"]}",
            "{\"type\": \"object\", \"minProperties\": 3, \"additionalProperties\": false,"
                + " \"patternProperties\": {\"^[ab]$\": true}}",
            "{\"type\": \"array\", \"prefixItems\": [false], \"minItems\": 1}",
            "{\"const\": \"a\", \"enum\": [\"b\"]}")) {
      assertEquals("The JSON Schema allows no value.", refusal(schema), schema);
    }
  }

  @Test
  void schemasWithoutObjectsHaveNone() {
    for (String schema : List.of("{\"type\": \"string\"}", "{\"enum\": [1, [{}]]}", "false")) {
      GrammarException e =
          assertThrows(GrammarException.class, () -> Grammar.objectsOfJsonSchema(schema), schema);
      assertEquals("The JSON Schema allows no object.", e.getMessage(), schema);
    }
  }

  static List<String> hostile() {
    String chain =
        IntStream.range(0, 900)
            .mapToObj(
                i ->
                    "\"d"
                        + i
                        + "\": {\"type\": \"object\", \"minProperties\": 1,"
                        + " \"additionalProperties\": false, \"properties\": {\"a\":"
                        + (i == 899
                            ? "{\"type\": \"null\"}"
                            : "{\"$ref\": \"#/$defs/d" + (i + 1) + "\"}")
                        + "}}")
            .collect(Collectors.joining(","));
    String together =
        IntStream.range(0, 200)
            .mapToObj(i -> "\"p" + i + "\": {\"pattern\": \"^" + i + "(a|b)*a(a|b){11}$\"}")
            .collect(Collectors.joining(","));
    String names =
        IntStream.range(0, 3000)
            .mapToObj(i -> "\"property" + i + "\": {\"type\": \"integer\"}")
            .collect(Collectors.joining(","));
    String alternatives =
        IntStream.range(0, 400)
            .mapToObj(
                i ->
                    "{\"type\": \"object\", \"required\": [\"k\"], \"properties\": {\"k\":"
                        + " {\"const\": "
                        + i
                        + "}}}")
            .collect(Collectors.joining(","));
    String choices =
        IntStream.range(0, 30)
            .mapToObj(
                i -> "{\"anyOf\": [{\"minLength\": " + i + "}, {\"maxLength\": " + (60 - i) + "}]}")
            .collect(Collectors.joining(","));
    String patterns =
        IntStream.range(0, 40)
            .mapToObj(i -> "\"" + (char) ('a' + i % 26) + ".{" + i + "}z\": true")
            .collect(Collectors.joining(","));
    String cjk =
        IntStream.range(0, 3000)
            .mapToObj(i -> "\"" + (char) (0x4E00 + i) + (char) (0x5000 + 7 * i) + "\": true")
            .collect(Collectors.joining(","));
    return List.of(
        "{\"$ref\": \"#/$defs/d0\", \"$defs\": {" + chain + "}}",
        "{\"properties\": {" + together + "}}",
        "{\"pattern\": \"((){2000000000}){2000000000}\"}",
        "{\"properties\": {" + names + "}}",
        "{\"properties\": {" + names + "}, \"additionalProperties\": false}",
        "{\"oneOf\": [" + alternatives + "]}",
        "{\"anyOf\": [" + alternatives + "]}",
        "{\"allOf\": [" + choices + "]}",
        "{\"patternProperties\": {" + patterns + "}}",
        "{\"properties\": {" + cjk + "}}",
        "{\"type\": \"string\", \"pattern\": \"^(a|b)*a(a|b){25}$\"}",
        "{\"type\": \"string\", \"pattern\": \"(x{1,300}){1,300}\"}",
        "{\"type\": \"string\", \"pattern\": \"^\\\\p{L}+$\", \"maxLength\": 50000}",
        "{\"propertyNames\": {\"maxLength\": 1000000}}",
        "{\"multipleOf\": 65521, \"minimum\": 1e300, \"maximum\": 2e300}",
        "{\"items\": ".repeat(60) + "true" + "}".repeat(60),
        "{\"items\": ".repeat(5000) + "true" + "}".repeat(5000),
        "{\"enum\": [" + "\"" + "x".repeat(200_000) + "\"]}",
        """
        {"$ref": "#/$defs/a", "$defs": {
          "a": {"allOf": [{"properties": {"x": {"$ref": "#/$defs/b"}, "y": {"$ref": "#/$defs/c"}}},
                          {"properties": {"x": {"$ref": "#/$defs/c"}, "z": {"$ref": "#/$defs/a"}}}]},
          "b": {"allOf": [{"items": {"$ref": "#/$defs/a"}}, {"items": {"$ref": "#/$defs/c"}}]},
          "c": {"anyOf": [{"items": {"$ref": "#/$defs/b"}}, {"properties": {"w": {"$ref": "#"}}},
                          {"$ref": "#/$defs/a"}]}}}\
        """);
  }

  /** Compiled or refused, but in bounded time and memory, and the first mask as well. */
  @ParameterizedTest
  @MethodSource
  void hostile(String schema) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          try {
            ConstraintState state = compiler.compile(Grammar.jsonSchema(schema)).start();
            for (int i = 0; i < 20 && !state.isOver(); i++) {
              int token = java.util.BitSet.valueOf(state.allowed()).nextSetBit(0);
              assertTrue(token >= 0);
              if (token == TestVocabulary.END) {
                break;
              }
              state.accept(token);
            }
          } catch (GrammarException e) {
            assertTrue(e.getMessage().startsWith("The JSON Schema"), e.getMessage());
          }
        });
  }

  /** Alternatives that contain themselves twice: the stacks double with each level. */
  @Test
  void ambiguousRecursionStaysWithinItsLimit() {
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          String schema =
              """
              {"anyOf": [{"type": "array", "items": {"$ref": "#"}},
                {"type": "array", "items": {"$ref": "#"}, "maxItems": 9}, {"type": "null"}]}\
              """;
          ConstraintState state = compiler.compile(Grammar.jsonSchema(schema)).start();
          for (int i = 0; i < 40; i++) {
            state.accept('[');
            assertTrue(java.util.BitSet.valueOf(state.allowed()).get(']'));
          }
          for (int i = 0; i < 40; i++) {
            state.accept(']');
          }
          assertTrue(state.mayEnd());
        });
  }
}
