package org.bitnetj.springai;

import org.bitnetj.testkit.Dependencies;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  /** Not even a JSON library: Spring AI has one, the replies another. */
  @Test
  void theAdapterNeedsTheEnginesFaceItsRepliesAndSpring() {
    Dependencies.areTheEnginesFaceAnd(
        BitNetChatModel.class,
        "org.bitnetj.chat.reply",
        "org.springframework..",
        "io.micrometer.observation..",
        "reactor..");
  }
}
