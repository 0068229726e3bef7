package org.bitnetj.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bitnetj.error.GrammarException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The JSON-Schema-Test-Suite, where the system property or environment variable {@code
 * bitnet.jsonSchemaSuite} ({@code BITNET_JSON_SCHEMA_SUITE}) names its folder: what a schema allows
 * is accepted, what it does not is not, or the schema is refused by name.
 */
class JsonSchemaSuiteTest {
  private static String folder() {
    String property = System.getProperty("bitnet.jsonSchemaSuite", "");
    String variable = System.getenv("BITNET_JSON_SCHEMA_SUITE");
    return !property.isEmpty() ? property : variable == null ? "" : variable;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "draft2020-12",
        "draft2020-12/optional",
        "draft7",
        "draft7/optional",
      })
  void instancesAreAcceptedIfTheyAreValid(String draft) throws IOException {
    assumeTrue(
        !folder().isEmpty(),
        "skipped: bitnet.jsonSchemaSuite does not name a folder of the JSON-Schema-Test-Suite");
    ConstraintCompiler compiler = new ConstraintCompiler(TestVocabulary.tokenizer());
    List<String> failures = new ArrayList<>();
    Map<String, Integer> refusals = new TreeMap<>();
    int schemas = 0;
    int instances = 0;
    for (Path file : files(draft)) {
      for (Object each : (List<?>) NaiveJson.parse(Files.readString(file))) {
        Map<?, ?> group = (Map<?, ?>) each;
        String schema =
            NaiveJson.write(inDialect(group.get("schema"), draft), NaiveJson.Style.SPACED);
        String name = file.getFileName() + ", " + group.get("description");
        List<?> tests = (List<?>) group.get("tests");
        Constraint constraint;
        try {
          constraint = compiler.compile(Grammar.jsonSchema(schema));
        } catch (GrammarException e) {
          assertTrue(e.getMessage().endsWith("."), e.getMessage());
          refusals.merge(e.getMessage().replaceAll(" at #[^ ]*", ""), 1, Integer::sum);
          if (e.getMessage().equals("The JSON Schema allows no value.")
              && tests.stream().anyMatch(test -> ((Map<?, ?>) test).get("valid") == Boolean.TRUE)) {
            failures.add(name + ": has values");
          }
          continue;
        }
        schemas++;
        for (Object one : tests) {
          Map<?, ?> test = (Map<?, ?>) one;
          instances++;
          boolean accepted = TestVocabulary.accepts(constraint, test.get("data"));
          if (accepted != (Boolean) test.get("valid")) {
            failures.add(
                name
                    + ", "
                    + test.get("description")
                    + ": "
                    + NaiveJson.write(test.get("data"), NaiveJson.Style.SPACED)
                    + (accepted ? " is accepted by " : " is refused by ")
                    + schema);
          }
        }
      }
    }
    int refused = refusals.values().stream().mapToInt(Integer::intValue).sum();
    System.out.printf(
        "%s: %d schemas with %d instances, %d schemas refused, %d failures%n",
        draft, schemas, instances, refused, failures.size());
    refusals.forEach((sentence, count) -> System.out.println("  " + count + " x " + sentence));
    assertEquals(List.of(), failures);
    assertTrue(schemas > refused, "most schemas are supported");
  }

  /** Draft 7's tests do not say that they are. */
  private static Object inDialect(Object schema, String draft) {
    if (!draft.startsWith("draft7") || !(schema instanceof Map<?, ?> members)) {
      return schema;
    }
    Map<Object, Object> all = new LinkedHashMap<>(members);
    all.putIfAbsent("$schema", "http://json-schema.org/draft-07/schema#");
    return all;
  }

  /** What stands in encoded strings is not looked at. */
  private static List<Path> files(String draft) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(folder(), "tests", draft))) {
      return files
          .filter(file -> file.toString().endsWith(".json") && !file.endsWith("content.json"))
          .sorted()
          .toList();
    }
  }
}
