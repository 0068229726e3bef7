package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MessageSyntaxTest {
  private static void whole(String typed, String message) {
    assertTrue(MessageSyntax.isComplete(typed), typed);
    assertEquals(message, MessageSyntax.message(typed));
  }

  private static void unfinished(String typed, String soFar) {
    assertFalse(MessageSyntax.isComplete(typed), typed);
    assertEquals(soFar, MessageSyntax.message(typed));
  }

  @Test
  void aLineIsAMessage() {
    whole("Hi there", "Hi there");
    whole("  Hi \"\"\" there  ", "Hi \"\"\" there");
    whole("", "");
    whole("a \\ b", "a \\ b");
  }

  @Test
  void aBackslashAtTheEndOfALineGoesOn() {
    unfinished("one \\", "one");
    unfinished("one \\\ntwo\\", "one \ntwo");
    whole("one\\\ntwo", "one\ntwo");
    unfinished("\\", "");
  }

  @Test
  void threeQuotesHoldLinesTogether() {
    unfinished("\"\"\"", "");
    unfinished("\"\"\"one", "one");
    unfinished("\"\"\"one\n  two \\", "one\n  two \\");
    whole("\"\"\"one\n  two\"\"\"", "one\n  two");
    whole("  \"\"\"\none\n\ntwo\n\"\"\"  ", "one\n\ntwo");
    whole("\"\"\"\"\"\"", "");
    unfinished("\"\"\"\"\"", "\"\"");
  }
}
