package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpanTableTest {
  private static byte[] letters(Random random, int length) {
    byte[] text = new byte[length];
    for (int i = 0; i < length; i++) {
      text[i] = (byte) (random.nextBoolean() ? 'a' : 0x80);
    }
    return text;
  }

  /** Different spans of random lengths up to {@code longest}. */
  private static List<String> randomSpans(Random random, int longest) {
    List<String> spans = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] bytes = letters(random, 1 + random.nextInt(longest));
      String span = new String(bytes, StandardCharsets.ISO_8859_1);
      if (!spans.contains(span)) {
        spans.add(span);
      }
    }
    return spans;
  }

  private static SpanTable table(List<String> spans) {
    int[] offsets = new int[spans.size() + 1];
    for (int id = 0; id < spans.size(); id++) {
      offsets[id + 1] = offsets[id] + spans.get(id).length();
    }
    byte[] blob = String.join("", spans).getBytes(StandardCharsets.ISO_8859_1);
    SpanTable table = new SpanTable(blob, offsets, spans.size());
    for (int id = 0; id < spans.size(); id++) {
      assertEquals(SpanTable.NONE, table.add(id));
      assertEquals(id, table.add(id));
    }
    return table;
  }

  @Test
  void bothLookupsFindTheSpanOfEveryStretch() {
    Random random = new Random(23);
    for (int longest : new int[] {1, 7, 12, 40}) {
      List<String> spans = randomSpans(random, longest);
      SpanTable table = table(spans);
      byte[] text = letters(random, 120);
      int origin = random.nextInt(20);
      long[] hashes = new long[text.length - origin + 1];
      table.hashBeginnings(text, origin, text.length, hashes);
      for (int from = origin; from <= text.length; from++) {
        for (int to = from + 1; to <= text.length; to++) {
          String stretch = new String(text, from, to - from, StandardCharsets.ISO_8859_1);
          int expected = spans.indexOf(stretch);
          assertEquals(expected, table.find(text, from, to));
          assertEquals(
              expected, table.find(text, from, to, hashes[from - origin], hashes[to - origin]));
        }
      }
    }
  }
}
