package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ReplyTest {
  private static String printed(boolean terminal, boolean hidden, String... pieces) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            new Output(out, terminal),
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            stream -> terminal);
    try (Reply reply = new Reply(streams, false, hidden)) {
      for (String piece : pieces) {
        reply.onText(piece);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void thinkingComesBetweenItsMarksUnlessHidden() {
    String[] pieces = {"<th", "ink>\nHm.", "\n</think>\n", "\nYes.", "\n"};
    assertEquals("<think>\nHm.\n</think>\n\nYes.\n", printed(false, false, pieces));
    assertEquals("Yes.\n", printed(false, true, pieces));
    assertEquals("<think>\nHm.", printed(false, false, "<think>\nHm."));
    assertEquals("Hi", printed(false, false, "<think>\n\n</think>\n\nHi"), "no thought at all");
  }

  @Test
  void aTerminalShowsThinkingDimmed() {
    assumeTrue(System.getenv("NO_COLOR") == null);
    assertEquals(
        "\u001b[2m<think>\nHm.\n</think>\n\n\u001b[0mYes.",
        printed(true, false, "<think>Hm.</think>Yes."));
    assertEquals("\u001b[2m<think>\nHm.\u001b[0m", printed(true, false, "<think>Hm."));
    assertEquals("Yes.", printed(true, true, "<think>Hm.</think>Yes."));
  }
}
