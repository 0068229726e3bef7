package org.bitnetj.langchain4j;

import org.bitnetj.testkit.Dependencies;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  @Test
  void theAdapterNeedsTheEnginesFaceItsRepliesAndLangChain4j() {
    Dependencies.areTheEnginesFaceAnd(
        BitNetChatModel.class,
        "org.bitnetj.chat.reply",
        "dev.langchain4j..",
        "com.fasterxml.jackson..");
  }
}
