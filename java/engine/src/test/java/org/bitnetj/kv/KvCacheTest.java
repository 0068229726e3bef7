package org.bitnetj.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.tensor.AttentionLayer;
import org.junit.jupiter.api.Test;

class KvCacheTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final KvCache.Shape SHAPE =
      new KvCache.Shape(8, 20, 5, 128, AttentionLayer.Type.F16);

  @Test
  void aSequenceGrowsAndIsCut() {
    try (KvCache cache = new KvCache(SHAPE, 2, 3)) {
      cache.extend(1);
      cache.extend(1);
      assertEquals(2 * 2L * 8 * 5 * 128 * 2, cache.usedBytes());
      assertEquals(2 * 3 * 2L * 8 * 5 * 128 * 2, cache.bytes());
      assertThrows(IllegalArgumentException.class, () -> cache.truncate(1, 3));
      cache.truncate(1, 1);
      assertEquals(1, cache.length(1));
      assertEquals(0, cache.length(0));
      cache.extend(1);
      cache.extend(1);
      assertThrows(IllegalStateException.class, () -> cache.extend(1));
    }
  }

  /** A long context must cost nothing before it is used, whatever the system's huge pages. */
  @Test
  void aFewPositionsTakeFewPages() throws IOException {
    assumeTrue(Files.exists(STATUS), "no " + STATUS + " on this system");
    try (KvCache cache = new KvCache(SHAPE, 1, 65536)) {
      long before = anonymousKilobytes();
      for (int l = 0; l < cache.layers(); l++) {
        AttentionLayer layer = cache.layer(l);
        for (int h = 0; h < layer.kvHeads(); h++) {
          long at = layer.offset(0, h, 0) * Short.BYTES;
          layer.keys().set(ValueLayout.JAVA_SHORT, at, (short) 1);
          layer.values().set(ValueLayout.JAVA_SHORT, at, (short) 1);
        }
      }
      long grown = anonymousKilobytes() - before;
      // 80 pages of 4 KiB; as huge pages it would be 160 MiB. The rest is for the JVM's own life.
      assertTrue(grown < 60 << 10, grown + " KiB for one position of " + cache.bytes() + " bytes");
    }
  }

  private static long anonymousKilobytes() throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no RssAnon in " + STATUS);
  }

  @Test
  void aCacheThatTheSystemRefusesIsNamed() {
    KvCache.Shape huge = new KvCache.Shape(1, 512, 512, 512, AttentionLayer.Type.F32);
    OutOfMemoryError e =
        assertThrows(OutOfMemoryError.class, () -> new KvCache(huge, 1024, 1 << 24));
    assertTrue(e.getMessage().contains("a cache of 16777216 positions"), e.getMessage());
  }
}
