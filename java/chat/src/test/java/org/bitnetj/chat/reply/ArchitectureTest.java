package org.bitnetj.chat.reply;

import org.bitnetj.testkit.Dependencies;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  @Test
  void repliesNeedTheEnginesFaceAndJackson() {
    Dependencies.areTheEnginesFaceAnd(Replies.class, "com.fasterxml.jackson..");
  }
}
