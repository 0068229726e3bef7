package org.bitnetj.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would run, grow or nest without end: each ends with an error soon. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileTemplateTest {
  private static void assertStopped(String source) {
    List<JinjaTemplate.Message> messages =
        List.of(new JinjaTemplate.Message("user", "ab".repeat(50_000)));
    JinjaException e =
        assertThrows(
            JinjaException.class,
            () -> JinjaTemplate.parse(source).render(messages, Map.of(), Map.of()));
    assertNotNull(e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ range(9999)|list|length }}{% endfor %}",
        "{{ 'a' * 1000000000 }}",
        "{{ '' * 9000000000000000000 }}",
        "{{ 'ab' * 9223372036854775807 }}",
        "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor"
            + " %}",
        "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor"
            + " %}",
        "{% set n = namespace(l=[]) %}{% for i in range(90000) %}{% set n.l = [n.l] %}{% endfor"
            + " %}{{ n.l }}",
        "{% set c = messages[0].content %}{% for i in range(90000) %}{{ c.count('ab' * 20000) }}{%"
            + " endfor %}",
        "{% set c = messages[0].content %}{% for i in range(90000) %}{{ c == c ~ '' }}{% endfor %}",
        "{% set c = messages[0].content %}{% for i in range(90000) %}{{ c.replace('', c) }}{%"
            + " endfor %}",
        "{% set c = messages[0].content.split('a') %}{% for i in range(90000) %}{{ c|join('<') }}{%"
            + " endfor %}",
        "{% for i in range(90000) %}{% for c in messages[0].content %}{% endfor %}{% endfor %}",
        "{% for i in range(900000) %}{{ messages[0].content[99999] }}{{ messages[0].content|length"
            + " }}{% endfor %}",
        "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}",
      })
  void endsSoon(String source) {
    assertStopped(source);
  }

  @Test
  void deepNestingIsRefusedByTheParser() {
    String nests = "Line 1 of the template: expressions nest more than 64 deep.";
    assertEquals(nests, refusal("{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}"));
    assertEquals(nests, refusal("{{ " + "[".repeat(50_000) + "]".repeat(50_000) + " }}"));
    assertEquals(nests, refusal("{{ " + "1 if 1 else ".repeat(50_000) + "1 }}"));
    assertEquals(
        "Line 1 of the template: blocks nest more than 64 deep.",
        refusal("{% if 1 %}".repeat(40_000) + "{% endif %}".repeat(40_000)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(not )1",
        "(-)1",
        "1( or 1)",
        "1( and 1)",
        "1( + 1)",
        "1( ~ 1)",
        "1( * 1)",
        "messages(.x)",
        "messages([0])",
        "messages(())",
        "1(|string)",
        "1( is defined)",
        "1( is not defined)"
      })
  void longChainsAreRefusedByTheParser(String chain) {
    int open = chain.indexOf('(');
    int close = chain.lastIndexOf(')');
    String link = chain.substring(open + 1, close);
    String start = "{{ " + chain.substring(0, open);
    String end = chain.substring(close + 1) + " }}";
    JinjaTemplate.parse(start + link.repeat(200) + end);
    assertEquals(
        "Line 1 of the template: an expression has more than 250 operators and members.",
        refusal(start + link.repeat(50_000) + end));
  }

  private static String refusal(String source) {
    return assertThrows(JinjaException.class, () -> JinjaTemplate.parse(source)).getMessage();
  }

  /** What a StackOverflowError hits while it is linked stays broken, even the error of an error. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% macro f(x) %}{% if x %}{% for i in [1] %}{{ f([x|default(f(x))]|first|string) }}{%"
            + " endfor %}{% endif %}{% endmacro %}{{ f(1) }}",
        "{% macro f() %}{{ [1]|map(f())|list }}{% endmacro %}{{ f() }}",
        "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = [n.l] %}{% endfor %}{{"
            + " n.l }}",
        "{% set n = namespace(l=[]) %}{% for i in range(999) %}{% set n.l = {'a': n.l} %}{% endfor"
            + " %}{{ n.l|tojson }}",
        "{% set n = namespace(l=[], m=[]) %}{% for i in range(999) %}{% set n.l = [n.l] %}{% set"
            + " n.m = [n.m] %}{% endfor %}{{ n.l == n.m }}",
        "{% set n = namespace() %}{% set n.n = n %}{{ n }}",
      })
  void deepNestingNeverOverflowsTheStack(String source) throws InterruptedException {
    AtomicReference<Throwable> end = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> JinjaTemplate.parse(source).render(List.of(), Map.of(), Map.of()),
            "small stack",
            512 << 10);
    thread.setUncaughtExceptionHandler((t, e) -> end.set(e));
    thread.start();
    thread.join();
    assertEquals(
        "The template nests more than 300 deep.",
        assertInstanceOf(JinjaException.class, end.get()).getMessage());
  }

  @Test
  void longTemplatesAreRefused() {
    assertEquals(
        "The template has 2000000 characters; 1048576 are the most that can be read.",
        refusal("x".repeat(2_000_000)));
    assertEquals(
        "Line 1 of the template: a name has more than 256 characters.",
        refusal("{{ " + "x".repeat(500_000) + " }}"));
  }

  @Test
  void aMacroWithTwoParametersOfOneNameIsRefused() {
    assertEquals(
        "Line 1 of the template: the macro 'f' has two parameters 'a'.",
        refusal("{% macro f(a, b, a) %}{% endmacro %}"));
  }

  @Test
  void mappingsOfCaseThatChangeTheLengthTakeLinearTime() {
    assertEquals(1_000_000, length("{{ ('ß' * 500000).upper() }}", ""));
    assertEquals(1_000_000, length("{{ ('İ' * 500000)|lower }}", ""));
    assertEquals(400_000, length("{{ ('Σ ' * 200000)|lower }}", ""));
    assertEquals(1_000_000, length("{{ messages[0].content|upper }}", "ß".repeat(500_000)));
    assertEquals(400_000, length("{{ messages[0].content.title() }}", "Σ'".repeat(200_000)));
  }

  @Test
  void aHarmlessTemplateRendersLongMessages() {
    String source =
        "{% for m in messages %}{% if '</think>' in m.content %}{{ m.content.split('</think>')[-1]"
            + ".lstrip('\\n') }}{% else %}{{ m.content|trim|replace('x', 'y')|upper }}{{"
            + " m.content[1:].rstrip()|tojson }}{% endif %}{% endfor %}";
    for (String part : List.of("word ", "\n", "</think>", "ß", "🦙", "x")) {
      assertTrue(length(source, part.repeat(1_000_000 / part.length()) + ".") > 0, part);
    }
  }

  private static int length(String source, String content) {
    List<JinjaTemplate.Message> messages = List.of(new JinjaTemplate.Message("user", content));
    return JinjaTemplate.parse(source).render(messages, Map.of(), Map.of()).stream()
        .mapToInt(segment -> segment.text().length())
        .sum();
  }

  @Test
  void namedArgumentsAreNotCopiedForEachItem() {
    String arguments =
        IntStream.range(0, 40_000).mapToObj(i -> ",a" + i + "=1").collect(Collectors.joining());
    for (String filter : List.of("map('upper'", "select('string'", "reject('string'")) {
      String source = "{{ messages[0].content|" + filter + arguments + ")|list|length }}";
      assertTrue(length(source, "x".repeat(100_000)) > 0, filter);
    }
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void keysOfOneHashCodeAreAsFastAsOthers() {
    List<String> pairs = List.of("Aa", "BB", "C#"); // of one hash code
    StringBuilder source = new StringBuilder("{% for round in range(7) %}{% set table = {");
    for (int i = 0; i < 36_000; i++) {
      source.append('\'');
      for (int pair = 0, rest = i; pair < 10; pair++, rest /= 3) {
        source.append(pairs.get(rest % 3));
      }
      source.append("':1,");
    }
    assertEquals(0, length(source.append("} %}{% endfor %}").toString(), ""));
  }

  @Test
  void aRenderEndsWhenItsTimeIsUp() {
    JinjaTemplate template = JinjaTemplate.parse("{% for i in range(999) %}{% endfor %}");
    assertEquals(
        "The template takes too long to render.",
        assertThrows(
                JinjaException.class,
                () -> template.render(List.of(), Map.of(), Map.of(), Map.of(), Duration.ZERO))
            .getMessage());
    assertEquals(
        List.of(),
        template.render(List.of(), Map.of(), Map.of(), Map.of(), Duration.ofNanos(Long.MAX_VALUE)));
  }

  @Test
  void anInterruptEndsARenderAndStays() {
    JinjaTemplate template = JinjaTemplate.parse("{{ 1 }}");
    Thread.currentThread().interrupt();
    JinjaException e =
        assertThrows(JinjaException.class, () -> template.render(List.of(), Map.of(), Map.of()));
    assertTrue(Thread.interrupted());
    assertTrue(e.isInterruption());
    assertEquals("Rendering the template was interrupted.", e.getMessage());
  }

  @Test
  void splittingManyTimesIsNotQuadratic() {
    String source =
        "{% set c = messages[0].content.split('a')|join('<') %}{{ c.split('<')|length }}";
    List<JinjaTemplate.Message> messages =
        List.of(new JinjaTemplate.Message("user", "ab".repeat(500_000)));
    assertNotNull(JinjaTemplate.parse(source).render(messages, Map.of(), Map.of()));
  }
}
