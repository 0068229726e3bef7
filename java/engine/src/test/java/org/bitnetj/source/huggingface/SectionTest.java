package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bitnetj.source.Inspection;
import org.junit.jupiter.api.Test;

class SectionTest {
  @Test
  void numbersAreShownAsTheyAreWrittenAndValuedAsFarAsTheyCanBe() throws Exception {
    List<String> texts =
        List.of("7", "-9223372036854775808", "9223372036854775808", "0.5", "1e3", "1e-400");
    List<Object> values = List.of(7L, Long.MIN_VALUE, 0x1p63, 0.5, 1000.0, 0.0);
    for (int i = 0; i < texts.size(); i++) {
      assertEquals(
          new Inspection.Entry("x", "number", values.get(i), texts.get(i)), entry(texts.get(i)));
    }
    for (String text : List.of("1e400", "1e99999999999", "-1e99999999999")) {
      assertEquals(new Inspection.Entry("x", "number", null, text), entry(text));
    }
    char[] digits = new char[1 << 20];
    Arrays.fill(digits, '9');
    assertTrue(entry(new String(digits)).shown().length() < 100, "a long one is cut");
  }

  private static Inspection.Entry entry(String number) throws Exception {
    Section section = Section.parse(Path.of("config.json"), "the file", "{\"x\":" + number + "}");
    return section.entries().getFirst();
  }
}
