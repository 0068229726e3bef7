package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.IntNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class FieldsTest {
  private static Fields fields(String json) {
    return Fields.of(Door.parse(json), "");
  }

  private static void refused(String param, Executable reading) {
    ApiException e = assertThrows(ApiException.class, reading);
    assertEquals(ApiException.Kind.INVALID, e.kind());
    assertEquals(Optional.of(param), e.param());
    assertTrue(e.sentence().contains(param) && e.sentence().endsWith("."), e.sentence());
  }

  @Test
  void fieldsHaveTheirTypes() {
    Fields fields =
        fields(
            """
            {"s": "x", "b": true, "i": 7, "l": 5000000000, "d": 0.5, "a": [1, "x"],
             "t": ["x", "y"], "o": {"i": 1}, "os": [{"i": 1}, {"i": 2}]}\
            """);
    assertEquals(Optional.of("x"), fields.text("s"));
    assertEquals("x", fields.requiredText("s"));
    assertEquals(Optional.of(true), fields.flag("b"));
    assertEquals(OptionalInt.of(7), fields.integer("i", 0, 7));
    assertEquals(OptionalLong.of(5_000_000_000L), fields.wholeNumber("l"));
    assertEquals(OptionalDouble.of(0.5), fields.number("d", 0, 1));
    assertEquals(OptionalDouble.of(7), fields.number("i", 0, 7));
    assertEquals(2, fields.list("a").size());
    assertEquals(List.of("x", "y"), fields.texts("t"));
    assertEquals(List.of("x"), fields.texts("s"));
    assertEquals(OptionalInt.of(1), fields.object("o").orElseThrow().integer("i", 0, 9));
    assertEquals(2, fields.objects("os").size());
    fields.finish();
  }

  @Test
  void nullIsAbsent() {
    Fields fields = fields("{\"a\": null, \"unknown\": null}");
    assertEquals(Optional.empty(), fields.text("a"));
    assertEquals(Optional.empty(), fields.flag("a"));
    assertEquals(OptionalInt.empty(), fields.integer("a", 0, 1));
    assertEquals(OptionalLong.empty(), fields.wholeNumber("a"));
    assertEquals(OptionalDouble.empty(), fields.number("a", 0, 1));
    assertEquals(List.of(), fields.list("a"));
    assertEquals(List.of(), fields.texts("b"));
    assertEquals(Optional.empty(), fields.object("a"));
    fields.only("a", IntNode.valueOf(1), "why");
    fields.finish();
    refused("a", () -> fields.requiredText("a"));
  }

  @Test
  void otherTypesAreRefused() {
    Fields fields =
        fields(
            """
            {"s": "x", "i": 7, "d": 0.5, "whole": 7.0, "l": 5000000000, "a": [1],
             "huge": 1e999, "larger": 99999999999999999999}\
            """);
    refused("i", () -> fields.text("i"));
    refused("s", () -> fields.flag("s"));
    refused("i", () -> fields.flag("i"));
    refused("s", () -> fields.integer("s", 0, 9));
    refused("d", () -> fields.integer("d", 0, 9));
    refused("whole", () -> fields.integer("whole", 0, 9));
    refused("l", () -> fields.integer("l", 0, Integer.MAX_VALUE));
    refused("larger", () -> fields.wholeNumber("larger"));
    refused("d", () -> fields.wholeNumber("d"));
    refused("s", () -> fields.number("s", 0, 1));
    refused("huge", () -> fields.number("huge", 0, 1));
    refused("s", () -> fields.list("s"));
    refused("a", () -> fields.texts("a"));
    refused("s", () -> fields.object("s"));
    refused("a[0]", () -> fields.objects("a"));
  }

  @Test
  void numbersOutOfTheirRangeAreRefused() {
    Fields fields = fields("{\"i\": 7, \"d\": 0.5}");
    refused("i", () -> fields.integer("i", 0, 6));
    refused("i", () -> fields.integer("i", 8, Integer.MAX_VALUE));
    refused("d", () -> fields.number("d", 0, 0.25));
    refused("d", () -> fields.number("d", 1, 2));
  }

  /** A schema in a request means what its numbers say. */
  @Test
  void numbersOfARequestStayAsTheyAreWritten() {
    for (String number : List.of("1e400", "1.10", "-0", "1e-999999999", "123456789012345678901")) {
      String object = "{\"const\":" + number + "}";
      assertEquals(object, Door.parse(object).toString());
    }
    Fields fields = fields("{\"tiny\": 1e-999999999, \"huge\": -1e999999999, \"d\": 25e-2}");
    assertEquals(OptionalDouble.of(0), fields.number("tiny", 0, 1));
    assertEquals(OptionalDouble.of(0.25), fields.number("d", 0, 1));
    refused("huge", () -> fields.number("huge", -1, 1));
    refused("huge", () -> fields.wholeNumber("huge"));
    refused("tiny", () -> fields.integer("tiny", 0, 1));
  }

  @Test
  void zeroWithASignIsZero() {
    Fields fields = fields("{\"seed\": -0}");
    assertEquals(OptionalLong.of(0), fields.wholeNumber("seed"));
    assertEquals(OptionalInt.of(0), fields.integer("seed", 0, 1));
    assertEquals(OptionalDouble.of(-0.0), fields.number("seed", 0, 1));
    for (String other : List.of("-0.0", "0.0", "-0e0")) {
      Fields wrong = fields("{\"seed\": " + other + "}");
      refused("seed", () -> wrong.wholeNumber("seed"));
    }
  }

  @Test
  void namesGivenTwiceAreRefused() {
    for (String twice : List.of("{\"a\": 1, \"a\": 1}", "[{\"b\": {\"a\": 1, \"a\": null}}]")) {
      ApiException e = assertThrows(ApiException.class, () -> Door.parse(twice));
      assertTrue(e.sentence().contains("Duplicate field 'a'"), e.sentence());
    }
  }

  @Test
  void whatNobodyAskedForIsRefused() {
    Fields fields = fields("{\"a\": 1, \"b\": {\"c\": [{\"d\": 2}]}}");
    fields.ignore("a");
    refused("b", fields::finish);
    Fields b = fields.object("b").orElseThrow();
    fields.finish();
    refused("b.c", b::finish);
    refused("b.c[0].d", () -> b.objects("c").getFirst().finish());
  }

  @Test
  void theOneValueThatChangesNothingIsTaken() {
    Fields fields = fields("{\"n\": 1, \"m\": 2}");
    fields.only("n", IntNode.valueOf(1), "only one is made");
    refused("m", () -> fields.only("m", IntNode.valueOf(1), "only one is made"));
    fields.finish();
  }

  @Test
  void onlyAnObjectHasFields() {
    assertThrows(ApiException.class, () -> fields("[]"));
    refused("a.b", () -> Fields.of(Door.parse("3"), "a.b"));
  }
}
