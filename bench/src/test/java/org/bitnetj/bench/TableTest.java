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
  void whatIsMoreThanTextIsEscaped() {
    assertEquals(
        """
        | name          |
        |---------------|
        | a\\|b\\u{1b}[2J |
        """,
        new Table("name").row("a|b\u001b[2J").markdown());
    Map<String, @Nullable Object> record = new LinkedHashMap<>();
    record.put("name", "a|b\n\u001b[2J");
    assertEquals("name\na|b\\n\\u{1b}[2J\n", Table.csv(List.of(record)));
  }
}
