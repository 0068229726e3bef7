package org.bitnetj.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates that would run, grow or nest without end: each ends with an error soon. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
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
  void deepNestingIsRefused() {
    assertStopped("{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}");
    assertStopped("{{ " + "[".repeat(50_000) + "]".repeat(50_000) + " }}");
    assertStopped("{{ " + "not ".repeat(50_000) + "1 .x }}");
    assertStopped("{{ " + "-".repeat(50_000) + "1 }}");
    assertStopped("{% if 1 %}".repeat(50_000) + "{% endif %}".repeat(50_000));
    assertStopped("{{ messages" + ".x".repeat(200_000) + " }}");
    assertStopped("x".repeat(2_000_000));
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
