package org.bitnetj.spark;

import org.bitnetj.testkit.Dependencies;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  @Test
  void theModuleNeedsTheEnginesFaceAndSpark() {
    Dependencies.areTheEnginesFaceAnd(BitNet.class, "org.apache.spark..", "scala..", "org.slf4j..");
  }
}
