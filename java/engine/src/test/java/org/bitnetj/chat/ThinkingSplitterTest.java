package org.bitnetj.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ThinkingSplitterTest {
  /** Thinking in parentheses, the rest as it is. */
  private static String split(boolean inside, List<String> pieces) {
    StringBuilder thinking = new StringBuilder();
    StringBuilder answer = new StringBuilder();
    ThinkingSplitter splitter =
        new ThinkingSplitter(
            inside,
            text -> {
              assertFalse(text.isEmpty());
              thinking.append(text);
            },
            text -> {
              assertFalse(text.isEmpty());
              answer.append(text);
            });
    pieces.forEach(splitter::accept);
    splitter.finish();
    return "(" + thinking + ")" + answer;
  }

  /** Cuts a text at one and at two places, and into single characters. */
  private static void assertSplit(String expected, boolean inside, String text) {
    assertEquals(expected, split(inside, List.of(text)));
    assertEquals(expected, split(inside, text.codePoints().mapToObj(Character::toString).toList()));
    for (int i = 0; i <= text.length(); i++) {
      for (int j = i; j <= text.length(); j++) {
        List<String> pieces =
            List.of(text.substring(0, i), text.substring(i, j), text.substring(j));
        assertEquals(expected, split(inside, pieces), pieces::toString);
      }
    }
  }

  @Test
  void thinkingIsWhatIsBetweenTheMarks() {
    assertSplit("(Hm.\nWell.)Yes.\n", false, "<think>\nHm.\nWell.\n</think>\n\nYes.\n");
    assertSplit("()Yes", false, "<think>\n\n</think>\n\nYes");
    assertSplit("()plain\n\ntext", false, "plain\n\ntext");
    assertSplit("(b)c", false, " \n <think>b</think>c");
    assertSplit("() \n a", false, " \n a");
  }

  /** Models write about themselves. */
  @Test
  void anAnswerMayNameTheMarks() {
    assertSplit("()a <think> b", false, "a <think> b");
    assertSplit("()a\n<think>b</think>c", false, "a\n<think>b</think>c");
    assertSplit("(b)c<think>d</think>e", false, "<think>b</think>c<think>d</think>e");
  }

  @Test
  void aReplyMayBeginWithinThinking() {
    assertSplit("(Hm.)Yes.", true, "\nHm.\n</think>\n\nYes.");
    assertSplit("(cut off)", true, "cut off");
    assertSplit("(a <think> b)c", true, "a <think> b</think>c");
  }

  @Test
  void whatBeginsAMarkButIsNoneIsText() {
    assertSplit("()a <th </think b", false, "a <th </think b");
    assertSplit("()<<think", false, "<<think");
    assertSplit("()<<think>b</think>", false, "<<think>b</think>");
    assertSplit("(</think<)x", false, "<think></think<</think>x");
  }

  @Test
  void lineBreaksAtTheEndOfAnAnswerAreKept() {
    assertSplit("()a\n\n", false, "a\n\n");
    assertSplit("(a\n)", true, "a\n");
  }

  /** Each piece looks at what is new, not at all that is held. */
  @Test
  @Timeout(20)
  void manyLineBreaksCostNoMoreThanOtherText() {
    int count = 1_000_000;
    List<String> pieces = new ArrayList<>(Collections.nCopies(count, "\n"));
    pieces.addFirst("a");
    pieces.addLast("b");
    assertEquals("()a" + "\n".repeat(count) + "b", split(false, pieces));
    assertEquals("(a" + "\n".repeat(count) + "b)", split(true, pieces));
  }
}
