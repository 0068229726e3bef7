package org.bitnetj.source.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonParserTest {
  @Test
  void everyKindOfValueIsRead() throws JsonParser.Malformed {
    assertEquals(
        new Json.Members(
            Map.of(
                "a",
                new Json.Items(
                    List.of(
                        Json.Literal.TRUE,
                        Json.Literal.FALSE,
                        Json.Literal.NULL,
                        new Json.Numeral("-1.5e+3"),
                        new Json.Items(List.of()),
                        new Json.Members(Map.of()))),
                "b",
                new Json.Text("\"\\/\b\f\n\r\té😀x"))),
        JsonParser.parse(
            " {\"a\" : [true, false,null ,-1.5e+3,[ ],{ }],\n\t\"b\":"
                + "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83d\\uDE00x\"} "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "\"",
        "\"\\",
        "\"\\u12",
        "\"\\u12g4\"",
        "\"\\x\"",
        "\"\n\"",
        "\"a\\n\n\"",
        "tru",
        "nul",
        "01",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "NaN",
        "Infinity",
        "1 2",
        "{} x",
        "{\"a\":1,\"a\":2}",
        "'a'",
        "\"\\u\uff11\uff11\uff11\uff11\""
      })
  void anythingElseIsMalformed(String text) {
    assertThrows(JsonParser.Malformed.class, () -> JsonParser.parse(text));
  }

  @Test
  void nestingIsBounded() throws JsonParser.Malformed {
    JsonParser.parse("[".repeat(64) + "]".repeat(64));
    assertThrows(JsonParser.Malformed.class, () -> JsonParser.parse("[".repeat(65)));
    assertThrows(JsonParser.Malformed.class, () -> JsonParser.parse("[".repeat(1 << 20)));
  }

  @Test
  void valuesAreCounted() throws JsonParser.Malformed {
    int most = 4 << 20;
    JsonParser.parse("[" + "0,".repeat(most - 2) + "0]");
    assertThrows(
        JsonParser.Malformed.class, () -> JsonParser.parse("[" + "0,".repeat(most - 1) + "0]"));
  }
}
