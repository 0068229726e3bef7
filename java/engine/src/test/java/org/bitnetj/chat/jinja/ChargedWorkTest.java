package org.bitnetj.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Operations on long strings, lists and dictionaries cost steps by their length. The loop around
 * each costs a fifth of the budget, so an operation that is not charged does not exhaust it.
 */
class ChargedWorkTest {
  private static final long STEPS = 40_000;
  private static final int ROUNDS = 1_000;
  private static final int LONG = 20_000;

  private static void render(String operation) {
    Scope scope = new Scope(null);
    Interpreter.addGlobals(scope);
    scope.set("text", Text.of("ab".repeat(LONG / 2), false));
    scope.set("same", Text.of("ab".repeat(LONG / 2), false));
    scope.set("sharp", Text.of("ß".repeat(LONG), false));
    scope.set("digits", Text.of("1".repeat(LONG), false));
    scope.set("big", new Value.Big("-" + "1".repeat(LONG)));
    scope.set("spaces", Text.of(" ".repeat(LONG), false));
    scope.set("list", new Value.Items(numbers(LONG)));
    scope.set("texts", new Value.Items(IntStream.range(0, 300).mapToObj(i -> text(i)).toList()));
    scope.set("table", table(0));
    scope.set("other", table(1));
    scope.set(
        "long",
        new Value.Dict(Map.of(Text.trusted("ab".repeat(LONG / 2)), Value.Bool.TRUE), false));
    String parameters =
        IntStream.range(0, 300).mapToObj(i -> "p" + i).collect(Collectors.joining(","));
    String source =
        "{% macro many("
            + parameters
            + ") %}{% endmacro %}"
            + "{% for round in range("
            + ROUNDS
            + ") %}{% set result = "
            + operation
            + " %}{% endfor %}";
    Budget budget = new Budget(STEPS, 20L * LONG, Long.MAX_VALUE);
    new Interpreter(budget).render(Parser.parse(source), scope);
  }

  private static List<Value> numbers(int count) {
    return IntStream.range(0, count).<Value>mapToObj(Value.Int::new).toList();
  }

  private static Value text(int i) {
    return Text.trusted("text " + i);
  }

  /** Two of these have as many keys, of which the last differ. */
  private static Value table(int last) {
    Map<Value, Value> entries = new LinkedHashMap<>();
    for (int i = 0; i < 300; i++) {
      entries.put(text(i), Value.Bool.TRUE);
    }
    entries.put(new Value.Int(last), Value.Bool.TRUE);
    return new Value.Dict(entries, false);
  }

  @Test
  void theLoopAloneDoesNotExhaustTheBudget() {
    render("1");
    render("text");
    render("list is defined and table is mapping and list|length");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text == same",
        "text != same",
        "text < same",
        "text >= same",
        "text is eq same",
        "text is sameas same",
        "'x' in text",
        "'ab' * 9 not in text",
        "text + 'x'",
        "text ~ 'x'",
        "'ab' * 2000",
        "[1] * 2000",
        "text[1:]",
        "text[::-1]",
        "text[7]",
        "list[1:]",
        "list[::2]",
        "list + [1]",
        "list == list",
        "-1 in list",
        "[text] == [same]",
        "table == other",
        "{'a': text} == {'a': same}",
        "long[text]",
        "long.get(text)",
        "text in long",
        "{text: 1}",
        "{'a': text}[text]",
        "many()",
        "many(p0=1)",
        "dict(table)",
        "namespace(table)",
        "range(300)",
        "text is upper",
        "text is lower",
        "-1 is in list",
        "-big",
      })
  void operatorsAndCallsAreCharged(String operation) {
    assertStopped(operation);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text|trim",
        "spaces|trim",
        "text|trim('ab')",
        "text|upper",
        "text|lower",
        "text|title",
        "text|capitalize",
        "sharp|upper",
        "text|replace('a', 'b')",
        "text|replace('', 'b')",
        "text|indent",
        "text|length",
        "text|list",
        "text|first",
        "text|last",
        "text|reverse",
        "text|tojson",
        "text|int",
        "digits|int",
        "spaces|int",
        "digits|float",
        "big|abs",
        "text|float",
        "text|join('-')",
        "text|map('upper')",
        "text|select('eq', 'a')",
        "'x'|default(1)|join(text)|length ~ [1, 2]|join(text)",
        "list|list",
        "list|reverse",
        "list|sort",
        "texts|sort",
        "list|string",
        "list|tojson",
        "list|join",
        "list|map('string')",
        "list|map(attribute='a.b', default=1)",
        "list|select",
        "list|reject('odd')",
        "texts|map('trim', text)",
        "[1]|map(attribute=text)",
        "[1]|join('', attribute=text)",
        "[1]|sort(attribute=text)",
        "table|list",
        "table|items",
        "other|dictsort(by='value')",
        "table|tojson",
        "table|string",
        "table|first",
        "texts|selectattr('x')|list|length ~ texts|rejectattr('x')|list|length",
      })
  void filtersAreCharged(String operation) {
    assertStopped(operation);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text.strip()",
        "spaces.lstrip()",
        "spaces.rstrip()",
        "text.strip('ab')",
        "text.upper()",
        "text.lower()",
        "text.title()",
        "text.capitalize()",
        "text.replace('b', 'c')",
        "text.split('a')",
        "text.split('c')",
        "text.split()",
        "spaces.split()",
        "text.splitlines()",
        "text.join(['a', 'b'])",
        "'-'.join(list)",
        "'x'.startswith(list)",
        "'x'.endswith(texts)",
        "text.startswith(same)",
        "text.endswith(same)",
        "'x'.startswith(text)",
        "text.removeprefix('a')",
        "text.removesuffix('b')",
        "text.find('c')",
        "text.rfind('c')",
        "text.find('ab' * 9 ~ 'c')",
        "text.count('a')",
        "digits.isdigit()",
        "text.isalpha()",
        "text.isalnum()",
        "spaces.isspace()",
        "text.islower()",
        "digits.isupper()",
        "table.items()",
        "table.keys()",
        "table.values()",
      })
  void methodsAreCharged(String operation) {
    assertStopped(operation);
  }

  private static void assertStopped(String operation) {
    String message = assertThrows(JinjaException.class, () -> render(operation)).getMessage();
    String expected =
        message.contains("text")
            ? "The template makes too much text."
            : "The template takes too many steps to render.";
    assertEquals(expected, message, operation);
  }
}
