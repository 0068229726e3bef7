package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightFormatsTest {

  private static WeightFormat named(String name) {
    return WeightFormats.named(name).orElseThrow();
  }

  @Test
  void idsRiseAndNamesRepeatOnlyAcrossIds() {
    List<WeightFormat> all = WeightFormats.all();
    for (int i = 1; i < all.size(); i++) {
      assertTrue(all.get(i - 1).id() <= all.get(i).id(), all.get(i).name());
    }
    for (WeightFormat format : all) {
      List<WeightFormat> namesakes =
          WeightFormats.ofId(format.id()).stream()
              .filter(other -> other.name().equals(format.name()))
              .toList();
      assertEquals(List.of(format), namesakes);
    }
  }

  @Test
  void theEngineComputesWithThese() {
    assertEquals(
        List.of(34, 35, 36, 41, 42, 42, 42, 43, 134, 135, 142, 143, 335),
        WeightFormats.ternary().stream().map(WeightFormat::id).toList());
    assertEquals(
        List.of("F32", "F16", "Q4_0", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "BF16"),
        WeightFormats.floats().stream().map(WeightFormat::name).toList());
  }

  @Test
  void id42HasFourMeaningsAndIsContested() {
    assertEquals(
        List.of("Q2_0", "Q2_0_G128", "STQ1_0", "TL2"),
        WeightFormats.ofId(42).stream().map(WeightFormat::name).toList());
    assertTrue(WeightFormats.isContested(42));
    assertFalse(WeightFormats.isContested(WeightFormats.TQ2_0.id()));
    assertEquals(List.of(), WeightFormats.ofId(9999));
  }

  /** Every format with more than one meaning must be told by sizes. */
  @Test
  void whatIsAmbiguousIsContested() {
    for (WeightFormat format : WeightFormats.all()) {
      assertTrue(
          WeightFormats.ofId(format.id()).size() == 1 || WeightFormats.isContested(format.id()));
    }
  }

  @Test
  void sizesOfOtherEnginesTypesAreThoseTheyCompute() {
    List<Long> dims = List.of(2560L, 2560L);
    assertEquals(2560 * 2560 / 4 + 32, named("TL1").bytes(dims));
    // bitnet.cpp: (K-256)*M/3*5/8 + 256*M/2*4/8, rounded up to 32, + 32; the sum is 1392640 here.
    assertEquals(1228800 + 163840 + 32, named("TL2").bytes(dims));
    assertTrue(named("TL2").foreign().orElseThrow().contains("kernel_config.ini"));
  }

  @ParameterizedTest
  @CsvSource({
    "F32,0,1,4",
    "F16,1,1,2",
    "BF16,30,1,2",
    "Q4_0,2,32,18",
    "Q8_0,8,32,34",
    "Q4_K,12,256,144",
    "Q5_K,13,256,176",
    "Q6_K,14,256,210",
    "IQ4_NL,20,32,18",
    "I8,24,1,1",
    "TQ1_0,34,256,54",
    "TQ2_0,35,256,66",
    "Q1_0,41,128,18",
    "PQ2_0,142,128,34",
    "PTQ1_0,143,128,28"
  })
  void blockTypesTakeTheirBytes(String name, int id, int block, int bytes) {
    WeightFormat format = named(name);
    assertEquals(format, WeightFormats.ofId(id).getFirst());
    assertEquals(7L * 3 * bytes, format.bytes(List.of(3L * block, 7L)));
    assertEquals(7L * 3 * bytes, format.bytes(List.of(3L * block, 1L, 7L, 1L)));
    if (block > 1) {
      assertThrows(IllegalArgumentException.class, () -> format.bytes(List.of(block / 2L, 2L)));
    }
  }

  @Test
  void sizesBeyondEveryFileAreRefused() {
    for (WeightFormat format : WeightFormats.all()) {
      for (List<Long> dims :
          List.of(
              List.of(1L << 40, 1L << 40),
              List.of(256L, 4L, 1L << 40, 1L << 40),
              List.of(1L << 62, 64L))) {
        assertThrows(IllegalArgumentException.class, () -> format.bytes(dims), format.name());
      }
    }
  }
}
