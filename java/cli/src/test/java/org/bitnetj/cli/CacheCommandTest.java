package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What the cache does is tested with it; its files here would be the user's own. */
class CacheCommandTest {
  @Test
  void theFolderIsNamed() {
    Outcome outcome = Outcome.of("cache").succeeds();
    outcome.says("bitnet.java");
    outcome.says("packed");
  }

  @Test
  void helpSaysWhatTheLimitIs() {
    String help = Outcome.of("cache", "--help").succeeds().out();
    assertTrue(help.contains("BITNET_CACHE_LIMIT"), help);
    Outcome.of("cache", "clear").isMisuse("clear");
  }

  @Test
  void smallModelsRunWithAndWithoutIt() {
    String[] run = {"run", "-n", "4", "--temp", "0", "Once upon"};
    String[] without = {"run", "--no-cache", "-n", "4", "--temp", "0", "Once upon"};
    assertEquals(Outcome.of(run).succeeds().out(), Outcome.of(without).succeeds().out());
  }
}
