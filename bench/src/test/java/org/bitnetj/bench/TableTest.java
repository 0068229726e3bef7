package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void markdownIsAlignedNumbersToTheRight() {
    assertEquals(
        """
        | name   |  n/s |
        |--------|-----:|
        | a      | 1.25 |
        | longer |   10 |
        """,
        new Table("name", "n/s").row("a", "1.25").row("longer", "10").markdown());
  }

  @Test
  void csvQuotesWhatNeedsItAndLeavesTheUnknownEmpty() {
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("name", "a \"b\", c");
    record.put("unknown", null);
    record.put("number", 1.5);
    assertEquals("name,unknown,number\n\"a \"\"b\"\", c\",,1.5\n", Table.csv(List.of(record)));
  }

  @Test
  void whatIsMarkupIsEscapedAndCommonNamesStay() {
    for (String name :
        List.of(
            "/home/me/my_model_i2_s.gguf",
            "C:\\models\\tiny.gguf",
            "Intel(R) Xeon(R) @ 2.60GHz",
            "bitnet bench -m a.gguf -t 1,2 --page x.html",
            "1 < 2 & 3 > 2",
            "1.10 × ~")) {
      assertEquals(name, Markdown.escaped(name));
    }
    assertEquals("\\<img src=x>", Markdown.escaped("<img src=x>"));
    assertEquals("\\[a](b)", Markdown.escaped("[a](b)"));
    assertEquals("\\*\\*a\\*\\* \\_b\\_", Markdown.escaped("**a** _b_"));
    assertEquals("\\_\\_init\\_\\_.py", Markdown.escaped("__init__.py"));
    assertEquals("\\`a\\`", Markdown.escaped("`a`"));
    assertEquals("\\~\\~a~", Markdown.escaped("~~a~"));
    assertEquals("\\&lt;", Markdown.escaped("&lt;"));
    assertEquals("a\\\\\\|b\\\\", Markdown.escaped("a\\|b\\"));
  }

  @Test
  void whatIsMoreThanTextIsEscaped() {
    assertEquals(
        """
        | name           |
        |----------------|
        | a\\|b\\u{1b}\\[2J |
        """,
        new Table("name").row("a|b\u001b[2J").markdown());
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("name", "a|b\n\u001b[2J");
    assertEquals("name\na|b\\n\\u{1b}[2J\n", Table.csv(List.of(record)));
  }
}
