package org.bitnetj.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class TokenizerWorkloadTest {
  @Test
  void whatIsMeasuredGivesTheTextBack() throws IOException {
    TokenizerWorkload workload = new TokenizerWorkload(TokenizerWorkload.SHIPPED, "");
    assertEquals(workload.ordinaryText(), workload.decode(workload.encodeOrdinary()));
    assertEquals(workload.ordinaryText(), workload.decode());
    String unbroken = workload.decode(workload.encodeUnbroken());
    assertEquals(workload.unbrokenBytes(), unbroken.length());
    assertTrue(unbroken.chars().allMatch(c -> c >= 'a' && c <= 'z'));
    assertTrue(workload.ordinaryBytes() >= 100_000);
  }
}
