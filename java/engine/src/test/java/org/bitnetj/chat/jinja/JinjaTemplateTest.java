package org.bitnetj.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bitnetj.source.json.JsonParser;
import org.bitnetj.tokenizer.Segment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What templates render to; the expectations are those of Python's jinja2 3.1. */
class JinjaTemplateTest {
  private static final List<JinjaTemplate.Message> CHAT =
      List.of(
          new JinjaTemplate.Message("system", "a"),
          new JinjaTemplate.Message("user", "b"),
          new JinjaTemplate.Message("assistant", " c "));

  private static String render(String source) {
    StringBuilder text = new StringBuilder();
    for (Segment segment : segments(source, CHAT)) {
      text.append(segment.text());
    }
    return text.toString();
  }

  private static List<Segment> segments(String source, List<JinjaTemplate.Message> messages) {
    return JinjaTemplate.parse(source)
        .render(messages, Map.of("bos_token", "<s>"), Map.of("add_generation_prompt", true));
  }

  private static String render(String source, String data) throws JsonParser.Malformed {
    StringBuilder text = new StringBuilder();
    JinjaTemplate.parse(source)
        .render(
            CHAT,
            Map.of(),
            Map.of(),
            Map.of("x", JsonParser.parse(data)),
            Duration.ofNanos(Long.MAX_VALUE))
        .forEach(segment -> text.append(segment.text()));
    return text.toString();
  }

  private static String failure(String source) {
    return assertThrows(JinjaException.class, () -> render(source)).getMessage();
  }

  /** As Python's, which have any length. */
  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "{{ x }} {{ x|tojson }} {{ [x]|string }} {{ x ~ '' }} => N N [N] N",
        "{{ {'a': x}|tojson }} {{ -x }} {{ - -x }} {{ -x|abs }} {{ x|int }} => {\"a\": N} -N N N N",
        "{{ x is number }} {{ x is integer }} {{ x is float }} {{ x is boolean }} {{ x is sameas x"
            + " }} => True True False False True",
        "{{ x == x }} {{ x == -x }} {{ x > 1e20 }} {{ x < 1e21 }} {{ 1e20 < x }} {{ -x < 5 }} {{ 5"
            + " < x }} {{ -x < x }} => True False True True True True True True",
        "{{ x > '-inf'|float }} {{ x < 'inf'|float }} {{ x > true }} {{ -x > 1e300 }} => True True"
            + " True False",
        "{{ x|float }} {{ x * 1.0 }} {{ 1 if x else 0 }} => 1.2345678901234568e+20"
            + " 1.2345678901234568e+20 1",
        "{{ [x, 3, -x, 4.5]|sort|join(',') }} {{ x in [x] }} => -N,3,4.5,N True"
      })
  void wholeNumbersOfDataKeepTheirDigits(String template, String expected) throws Exception {
    String digits = "123456789012345678901";
    assertEquals(expected.replace("N", digits), render(template, digits), template);
  }

  @Test
  void wholeNumbersOfDataAreOrderedByTheirSize() throws Exception {
    String sorted =
        "[-1000000000000000000001, -1000000000000000000000, -99999999999999999999,"
            + " 9223372036854775808, 99999999999999999999, 100000000000000000001]";
    assertEquals(sorted, render("{{ x|sort }}", sorted));
    assertEquals(sorted, render("{{ x|reverse|sort|list|tojson }}", sorted));
    String long400 = "1" + "0".repeat(400);
    assertEquals("True", render("{{ x > 1e308 }}", long400));
    assertEquals("inf Infinity", render("{{ x }} {{ x|tojson }}", "1e400"));
  }

  @Test
  void aWholeNumberThatFits64BitsAfterAMinusIsOneOfThem() throws Exception {
    assertEquals(
        "True -9223372036854775807 True 9223372036854775808 True False",
        render(
            "{{ -x[0] == x[1] }} {{ -x[0] + 1 }} {{ x[1]|abs == x[0] }} {{ (-x[0])|abs }}"
                + " {{ -x[0] == -9223372036854775808.0 }} {{ -x[0] > -9223372036854775808.0 }}",
            "[9223372036854775808, -9223372036854775808]"));
  }

  @Test
  void wholeNumbersOfDataHaveNoArithmeticBeyond64Bits() {
    for (String sum : List.of("x + 1", "1 - x", "x * true", "x // 2", "x / 2", "x % x")) {
      JinjaException e =
          assertThrows(
              JinjaException.class,
              () -> render("{{ " + sum + " }}", "123456789012345678901"),
              sum);
      assertTrue(e.getMessage().contains("a number is too big"), e.getMessage());
    }
    assertThrows(JinjaException.class, () -> render("{{ x is odd }}", "123456789012345678901"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      value = {
        "{{ 1 + 2 * 3 - 4 // 3 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} => 6 1 -4 2"
            + " 3.5",
        "{{ 'a' ~ 1 ~ true ~ none }} {{ 'ab' * 2 }} {{ 'a' \"b\" }} => a1TrueNone abab ab",
        "{{ 1.5e3 }} {{ 1E-2 }} {{ 25e+1 }} => 1500.0 0.01 250.0",
        "{{ 1 < 2 < 3 }} {{ 1 == 1.0 }} {{ [1] == [1] }} {{ none == false }} => True True True"
            + " False",
        "{{ '' or 'b' }} {{ 'a' and 'b' }} {{ not true or true }} => b b True",
        "{{ 'x' if true else 'y' }}{{ 'x' if false }}{{ 1 if 0 else 2 if 1 else 3 }} => x2",
        "{{ 'b' in 'abc' }} {{ 'z' not in 'abc' }} {{ 'role' in messages[0] }} => True True True",
        "{{ 'hello'[1:3] }} {{ 'hello'[::-1] }} {{ 'hello'[-3:] }} {{ 'hello'[5:1:-1] }} => el"
            + " olleh llo oll",
        "{{ messages[::-1][0].content }}{{ messages[1:]|length }}{{ messages[-1]['role'] }} => ` c"
            + " 2assistant`",
        "{{ '  x '|trim }}{{ ' x '.strip() }}{{ 'xaxx'.strip('x') }}{{ 'xax'.lstrip('x') }} =>"
            + " xxaax",
        "{{ \"it's a-b\".title() }} {{ \"it's a-b\"|title }} {{ 'hELLO'|capitalize }} => It'S A-B"
            + " It's A-B Hello",
        "{{ 'a,b,c'.split(',')|join('-') }} {{ 'a b  c'.split()|length }} {{ 'a,b,c'.split(',',"
            + " 1)[1] }} => a-b-c 3 b,c",
        "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'aaa'.replace('a', 'b',"
            + " 2) }} => True True bba",
        "{{ foo is defined }} {{ none is none }} {{ 'a' is string }} {{ 3 is odd }} {{ 9 is"
            + " divisibleby 3 }} => False True True True True",
        "{{ foo|default('d') }} {{ ''|default('d', true) }} {{ none|default('n') }} => d d None",
        "{{ {'a': [1, 2.5, none, true, 'é\"']}|tojson }} => {\"a\": [1, 2.5, null, true,"
            + " \"é\\\"\"]}",
        "{{ messages|map(attribute='role')|join(',') }} => system,user,assistant",
        "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|first }} => b",
        "{% for k, v in {'a': 1, 'b': 'x'}.items() %}{{ k }}={{ v }};{% endfor %} => a=1;b=x;",
        "{% set a, b = 1, 'two' %}{{ a }}{{ b }} => 1two",
        "{% set b %}in {{ 1 + 1 }}{% endset %}[{{ b }}] => [in 2]",
        "{% macro f(x, y='d') %}<{{ x }}:{{ y }}>{% endmacro %}{{ f(1) }}{{ f('a', y='b') }} =>"
            + " <1:d><a:b>",
        "{% raw %}{{ not }} {% x %}{% endraw %} after => {{ not }} {% x %} after",
        "{{ '🦙é'|length }} {{ '🦙é'[1] }} {{ 'straße'|upper }} => 2 é STRASSE",
        "{{ '3'|int + 1 }} {{ 'x'|int(7) }} {{ 2.7|int }} {{ -3|abs }} {{ 5|string + 'a' }} => 4 7"
            + " 2 3 5a",
        "{% for i in range(4) %}{% if i is odd %}{% continue %}{% endif %}{{ i }}{% endfor %} =>"
            + " 02",
        "{% for i in range(5, 0, -2) %}{{ i }}{% if i == 3 %}{% break %}{% endif %}{% endfor %} =>"
            + " 53",
        "{% generation %}inner{% endgeneration %} => inner",
        "{{ ['a', \"it's\"] }} {{ true }} {{ nothing }} => `['a', \"it's\"] True `",
        "{{ 1e20 }} {{ 1E-7 }} {{ 1.5e3 }} {{ 1 / 3 }} {{ 0.00001 }} {{ 1e400 }} {{ 100.0 }} {{"
            + " 123456789.5 }} => 1e+20 1e-07 1500.0 0.3333333333333333 1e-05 inf 100.0"
            + " 123456789.5",
        "{{ '3.7'|int }} {{ '1_000'|int }} {{ ' +5 '|int }} {{ '3.5f'|float }} {{ '-inf'|float }}"
            + " {{ 'x'|int(7) }} {{ none|float(2.0) }} => 3 1000 5 0.0 -inf 7 2.0",
        "{{ 3 * 'ab' }} {{ [1, 2] * 2 }} {{ - -1 }} {{ -true }} {{ -7.5 % 2 }} {{ 7 % -3.0 }} =>"
            + " ababab [1, 2, 1, 2] 1 -1 0.5 -2.0",
        "{{ 9007199254740993 == 9007199254740992 }} {{ 9007199254740993 > 9007199254740992.0 }} {{"
            + " 0.0 > -0.0 }} {{ 2 < 2.5 }} {{ -2 > -2.5 }} => False True False True True",
        "{{ {1: 'one'}[1] }} {{ 1 in {1: 2} }} {{ '1' in {1: 2} }} {{ {1: 2, none: 'x'} }} {{ {1:"
            + " 2, none: 3}|tojson }} => one True False {1: 2, None: 'x'} {\"1\": 2, \"null\": 3}",
        "{{ {512: 1, 64: 2}|dictsort|map('first')|list }} {{ {'b': 1, 'A':"
            + " 2}|dictsort(by='value')|map('last')|list }} => [64, 512] [1, 2]",
        "{{ ['b', 'A', 'c']|sort }} {{ ['b', 'A']|sort(case_sensitive=true) }} {{ [3, 1.5,"
            + " 2]|sort(reverse=true) }} {{"
            + " messages|sort(attribute='content')|map(attribute='role')|join(',') }} => ['A', 'b',"
            + " 'c'] ['A', 'b'] [3, 2, 1.5] assistant,system,user",
        "{{ {'b': 1, 'a': [2]}|tojson(sort_keys=true, separators=(',', ':')) }} {{"
            + " 'é🦙'|tojson(ensure_ascii=true) }} {{ [1]|tojson(false, 2)|length }} {{"
            + " [{}]|tojson(indent=1)|length }} => {\"a\":[2],\"b\":1} \"\\u00e9\\ud83e\\udd99\" 7"
            + " 7",
        "{{ ['a\\tb\\r"
            + "\\x00\\u200b\\u00a0', 'é'] }} {{ [nope] }} {{ [1e20, 1.0, none] }} => ['a\\tb\\r"
            + "\\x00\\u200b\\xa0', 'é'] [Undefined] [1e+20, 1.0, None]",
        "{{ [{'a': {'b': 1}}]|map(attribute='a.b')|list }} {{ [[1, 2]]|map(attribute='1')|list }}"
            + " {{ [{}]|map(attribute='a.b', default=3)|list }} => [1] [2] [3]",
        "{{ [1, 2]|select('>', 1)|list }} {{ [1, 2]|reject('==', 1)|list }} {{"
            + " none|selectattr('x')|list }} {{ none|map('upper')|list }} {{ nope|items|list }} =>"
            + " [2] [2] [] [] []",
        "{{ 'a b  c '.split(none, 1) }} {{ ' a b'.split(maxsplit=0) }} {{ 'a\\r"
            + "b\\x0bc\\u2028d\\r"
            + "\\n"
            + "'.splitlines() }} {{ 'a\\n"
            + "b'.splitlines(true) }} => ['a', 'b  c '] ['a b'] ['a', 'b', 'c', 'd'] ['a\\n"
            + "', 'b']",
        "{{ 'ß ǆ ﬁx'.title() }} {{ 'ﬁX'.capitalize() }} {{ '中a o'.title() }} {{ \"it's (ß\"|title"
            + " }} {{ 'ŉ'|upper }} => Ss ǅ Fix Fix 中A O It's (SS ʼN",
        "{{ 'ΑΣ ΑΣΒ Σ'|lower }} {{ \"ΑΣ'Σ\"|lower }} {{ 'ΑΣ.'.lower() }} {{ 'ΑΣ'|capitalize }} {{"
            + " 'İ'|lower|length }} => ας ασβ σ ασ'ς ας. Ας 2",
        "{{ 'Aß1'.isupper() }} {{ 'ªⅷ'.islower() }} {{ 'ǅ'.isupper() }} {{ '1'.islower() }} {{"
            + " 'AB1' is upper }} {{ 'aB' is lower }} => False True False False True False",
        "{{ 1 is sameas true }} {{ true is sameas true }} {{ [] is sameas [] }} {{ namespace() is"
            + " mapping }} {{ nope is iterable }} {{ true is odd }} => False True False False True"
            + " True",
        "{{ 'a\\r\\nb'|indent(2) }}{{ 'a\\n'|indent(1, blank=true) }}. => `a\n  ba\n .`",
        "{{ 'abc'|first }}{{ 'abc'|last }}{{ ''|first }}{{ {'k': 1}|first }}{{ 'a🦙'|last }} {{"
            + " 'a🦙b'[1:] }} {{ 'a🦙b'[::-1] }} {{ 'abcde'[-2:-4:-1] }} => ack🦙 🦙b b🦙a dc",
        "{% for m in messages %}{{ loop.depth0 }}{% endfor %} => 000",
      })
  void rendersAsPythonDoes(String source, String expected) {
    assertEquals(expected, render(source));
  }

  @Test
  void escapesInStringsAreCharacters() {
    assertEquals("a\nb\tAé\\'", render("{{ 'a\\nb\\t\\x41\\u00e9\\\\\\'' }}"));
  }

  @Test
  void loopsKnowWhereTheyAre() {
    assertEquals(
        "1/3 first 2/3 mid 3/3 last ",
        render(
            "{% for m in messages %}{{ loop.index }}/{{ loop.length }} {{ 'first' if loop.first"
                + " else ('last' if loop.last else 'mid') }} {% endfor %}"));
    assertEquals("none", render("{% for m in [] %}x{% else %}none{% endfor %}"));
    assertEquals(
        "[b]", render("{% for m in messages if m.role == 'user' %}[{{ m.content }}]{% endfor %}"));
  }

  @Test
  void namesSetInALoopStayThereAndNamespacesDoNot() {
    assertEquals(
        "2221",
        render(
            "{% set x = 1 %}{% for m in messages %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}"));
    assertEquals(
        "4",
        render(
            "{% set n = namespace(a=1) %}{% for m in messages %}{% set n.a = n.a + 1 %}{% endfor"
                + " %}{{ n.a }}"));
  }

  @Test
  void whiteSpaceAroundTagsIsTreatedAsHuggingFaceDoes() {
    assertEquals("A\n  B\nC\n", render("A\n  {% if true %}\n  B\n  {% endif %}\nC\n{# note #}\n"));
    assertEquals(
        "ABC x D", render("A\n  {%- if true -%}\n  B\n  {%- endif -%}\nC {{- ' x ' -}} D"));
    assertEquals("  \n x\ny", render("  {%+ if true +%}\n x\n{% endif %}\ny"));
    assertEquals("\n x\ny", render("  {% raw %}\n x\n  {% endraw %}\ny"));
    assertEquals("xy", render("\u00a0\u000b{% if true %}x{% endif %}\n\u2003{# note #}\ny"));
  }

  @Test
  void whatAMessageSaysStaysUntrustedWhereverItGoes() {
    List<JinjaTemplate.Message> messages = List.of(new JinjaTemplate.Message("user", " Q<b>q "));
    for (String expression :
        List.of(
            "m.content",
            "m.content | trim",
            "m.content.strip()",
            "m['content'][1:4]",
            "m.content.split('b')[1]",
            "m.content.replace('Q', 'x')",
            "m.content | upper",
            "m.content.title()",
            "m.content | tojson",
            "m | tojson",
            "m.content | list | join('')",
            "(m.content ~ 'x')[1:]",
            "[m.content] | string",
            "m.values() | list | last",
            "{m.content: 1}.keys() | first",
            "m.content | reverse | reverse",
            "m.content | indent")) {
      List<Segment> segments =
          segments("{% for m in messages %}<t>{{ " + expression + " }}</t>{% endfor %}", messages);
      String trusted =
          segments.stream().filter(Segment::trusted).map(Segment::text).reduce("", String::concat);
      assertTrue(trusted.startsWith("<t>") && trusted.endsWith("</t>"), expression);
      String between = trusted.substring(3, trusted.length() - 4);
      assertFalse(between.contains("<") || between.contains("q"), expression + ": " + between);
    }
  }

  @Test
  void aTemplateMayRefuseInItsOwnWords() {
    JinjaException e =
        assertThrows(
            JinjaException.class, () -> render("{{ raise_exception('No ' + messages[0].role) }}"));
    assertTrue(e.isRaisedByTemplate());
    assertEquals("No system", e.getMessage());
  }

  @Test
  void errorsNameTheLineAndWhatIsWrong() {
    assertEquals(
        "Line 2 of the template: the filter 'frob' is not known.", failure("\n{{ 'a'|frob }}"));
    assertEquals(
        "Line 1 of the template: '+' does not go with a string and a number.",
        failure("{{ 'a' + 1 }}"));
    assertEquals(
        "Line 1 of the template: 'nope' is not defined.", failure("{{ messages[0].nope.deeper }}"));
    assertEquals(
        "Line 1 of the template: the template ends without 'endif'.", failure("{% if x %}"));
    assertEquals(
        "Line 1 of the template: the statement 'include' is not known or misplaced.",
        failure("{% include 'x' %}"));
    assertEquals("Line 1 of the template: a tag has no end '}}'.", failure("{{ 'a' }"));
    assertEquals(
        "Line 1 of the template: a value is expected, not the end of the tag.",
        failure("{{ 1 + }}"));
    assertEquals("Line 1 of the template: there is a division by 0.", failure("{{ 1 // 0 }}"));
    assertEquals("Line 1 of the template: 'today' is not defined.", failure("{{ today('%d') }}"));
    assertEquals(
        "Line 1 of the template: 'startswith' takes at most 1 argument.",
        failure("{{ 'ab'.startswith('b', 1) }}"));
    assertEquals(
        "Line 1 of the template: a number is too big.",
        failure("{{ -(-9223372036854775807 - 1) }}"));
    assertEquals(
        "Line 1 of the template: 'int' makes a number that is too big.",
        failure("{{ '1e30'|int }}"));
    assertEquals(
        "Line 1 of the template: '" + "k".repeat(199) + "…" + "k".repeat(184) + "' is not defined.",
        failure("{{ messages['" + "k".repeat(100_000) + "'].x }}"));
    assertEquals(
        "Line 1 of the template: a list cannot be a key of a dictionary.",
        failure("{{ {[1]: 2} }}"));
    assertEquals(
        "Line 1 of the template: only a namespace has members to set, and 'messages' is not one.",
        failure("{% set messages.x = 1 %}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{",
        "{%",
        "{#",
        "{{ '",
        "{{ \"\\",
        "{{ (((",
        "{{ [1, }}",
        "{{ {1 }}",
        "{{ a. }}",
        "{{ a[ }}",
        "{% for %}",
        "{% for a in %}",
        "{% set %}",
        "{% set a. %}",
        "{% macro %}",
        "{% endif %}",
        "{% else %}",
        "{% raw %}",
        "{% %}",
        "{{ }}",
        "{{ | }}",
        "{{ a | }}",
        "{{ a is }}",
        "{{ f( }}",
        "{{ '\\u12' }}",
        "{{ '\\UFFFFFFFF' }}",
        "{{ 99999999999999999999 }}",
        "{{ a ? b }}",
        "{% break %}"
      })
  void malformedTemplatesAreErrors(String source) {
    assertTrue(failure(source).endsWith("."), source);
  }
}
