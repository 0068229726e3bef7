package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.bitnetj.testkit.ReadmeExample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadmeTest {
  @Test
  void theExampleInTheReadmeRuns(@TempDir Path folder) throws Exception {
    String said = ReadmeExample.run("spark", "Stories", folder);
    assertTrue(said.contains("1000 stories"), said);
    assertTrue(said.contains("only showing top 3 rows"), said);
  }
}
