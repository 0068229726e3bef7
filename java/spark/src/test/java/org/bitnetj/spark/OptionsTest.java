package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class OptionsTest {
  private static final CompletionOptions OPTIONS = CompletionOptions.of("m.gguf");

  @Test
  void wrongValuesAreRefusedWithASentence() {
    refused("path", () -> BitNetModel.of(" "));
    refused("threads", () -> BitNetModel.of("m").withThreads(-1));
    refused("rows together", () -> BitNetModel.of("m").withRowsTogether(0));
    refused("kept keys", () -> BitNetModel.of("m").withKeptCacheBytes(-1));
    refused("tokens to generate", () -> OPTIONS.withMaxTokens(0));
    refused("temperature", () -> OPTIONS.withTemperature(Double.NaN));
    refused("top-p", () -> OPTIONS.withTopP(2));
    refused("type", () -> OPTIONS.withJsonSchema("{\"type\": \"nothing\"}"));
    refused(
        "chats",
        () ->
            new CompletionOptions(
                OPTIONS.model(),
                1,
                0,
                0,
                1,
                0,
                0,
                java.util.List.of(),
                false,
                "s",
                null,
                null,
                null));
  }

  private static void refused(String words, Executable what) {
    String message = assertThrows(IllegalArgumentException.class, what).getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void aSystemMessageMakesAChatAndLeavesWithIt() {
    assertTrue(OPTIONS.withSystem("Be brief.").chat());
    assertNull(OPTIONS.withSystem("Be brief.").withChat(false).system());
  }

  @Test
  void seedsDifferByPromptAndSeedAlone() {
    assertEquals(Completion.seed(1, "a"), Completion.seed(1, "a"));
    assertNotEquals(Completion.seed(1, "a"), Completion.seed(2, "a"));
    assertNotEquals(Completion.seed(1, "a"), Completion.seed(1, "b"));
    assertEquals(0xa8d417ef22ce6778L, Completion.seed(0, "Once upon a time"), "of a release");
  }

  @Test
  void anExecutorHasTheCoresThatItsMasterGivesIt() {
    SparkConf conf = new SparkConf(false).set("spark.master", "yarn");
    assertEquals(1, SharedModel.cores(conf));
    assertEquals(4, SharedModel.cores(conf.set("spark.executor.cores", "4")));
    assertEquals(0, SharedModel.cores(new SparkConf(false).set("spark.master", "local[2]")));
  }

  @Test
  void aModelIsCalledByTheLastPartOfItsPath() {
    assertEquals("m.gguf", BitNetModel.of("/models/m.gguf").name());
    assertEquals("folder", BitNetModel.of("/models/folder/").name());
  }
}
