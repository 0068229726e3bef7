package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NormalFormCTest {
  private static String normal(String text) {
    byte[] bytes = ("x" + text).getBytes(StandardCharsets.UTF_8);
    return new String(NormalFormC.of(bytes, 1, bytes.length), StandardCharsets.UTF_8);
  }

  @Test
  void composesWhatCanBeComposed() {
    assertEquals("plain text", normal("plain text"));
    assertEquals("\u00e9t\u00e9", normal("e\u0301te\u0301"));
    assertEquals("\u1e69", normal("s\u0307\u0323")); // marks out of order
    assertEquals("\u0929", normal("\u0928\u093c"));
    assertEquals("\u0915\u093c", normal("\u0958")); // excluded from composition
    assertEquals("\ubc14", normal("\u1107\u1161"));
    assertEquals("\u71ce", normal("\uf9c0")); // the one that it is compatible with
    assertEquals("\u03a9", normal("\u2126"));
    assertEquals("", normal(""));
  }

  /** Sorting the marks beforehand changes nothing. */
  @Test
  void longRunsOfMarksHaveTheNormalFormThatTheyHave() {
    String[] marks = {
      "\u0301",
      "\u0316",
      "\u0334",
      "\u0345",
      "\u0344",
      "\u034f",
      "\u0327",
      "\u05b0",
      "\u093c",
      "\u20dd",
      "\u0903",
      "\u1dfa",
      "\ud834\udd65",
      "\u0f73",
      "\u0f71",
      "\u3099"
    };
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      StringBuilder text = new StringBuilder("a");
      for (int n = 60 + random.nextInt(40); n > 0; n--) {
        text.append(marks[random.nextInt(marks.length)]);
      }
      text.append("e\u0301 ");
      String expected = Normalizer.normalize(text, Normalizer.Form.NFC);
      assertEquals(expected, normal(text.toString()));
    }
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aMillionMarksOutOfOrderTakeSeconds() {
    int half = 1 << 19;
    String expected = "\u0316".repeat(half) + "\u0301".repeat(half);
    assertEquals("b" + expected, normal("b" + "\u0301\u0316".repeat(half)));
  }
}
