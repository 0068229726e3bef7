package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ModelShapeTest {
  @Test
  void namesAreFoundInAnyCase() {
    assertEquals("2B4T", ModelShape.named("2b4t").name());
    assertSame(ModelShape.named("2B4T"), ModelShape.named("bitnet-B1.58-2b-4t"));
    assertEquals("125M", ModelShape.named("125m").name());
    for (ModelShape shape : ModelShape.all()) {
      assertSame(shape, ModelShape.named(shape.name()));
    }
  }

  @Test
  void anUnknownNameListsTheKnownOnes() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> ModelShape.named("2M")).getMessage();
    assertTrue(message.contains("'2M'"), message);
    ModelShape.all().forEach(shape -> assertTrue(message.contains(shape.name()), message));
  }

  /** The dummy shapes are named for their parameters, embedding (counted once) included. */
  @Test
  void dummyShapesHaveAboutAsManyWeightsAsTheirNamesSay() {
    for (ModelShape shape : ModelShape.all()) {
      if (shape.name().matches("[0-9.]+[MB]")) {
        double named = Double.parseDouble(shape.name().replaceAll("[MB]", ""));
        named *= shape.name().endsWith("M") ? 1e6 : 1e9;
        double weights = shape.ternaryWeights() + (double) shape.vocabulary() * shape.width();
        assertEquals(1, weights / named, 0.13, shape.name());
      }
    }
  }

  @Test
  void everyMatrixFitsTheTernaryFormat() {
    for (ModelShape s : ModelShape.all()) {
      long[][] matrices = {
        {s.width(), s.width()}, {s.width(), s.kvWidth()}, {s.width(), s.feedForward()}
      };
      for (long[] m : matrices) {
        assertEquals(
            m[0] * m[1] / 4 + 32, SyntheticModel.TERNARY.bytes(List.of(m[0], m[1])), s.name());
      }
      assertEquals(0, s.headDim() % 2, s.name());
    }
  }

  @Test
  void sizesThatFitNoModelAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> shape(0, 128, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> shape(1, 128, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> shape(1, 128, 4, 3));
  }

  private static ModelShape shape(int layers, int width, int heads, int kvHeads) {
    return new ModelShape(
        "x", "bitnet", layers, width, 256, heads, kvHeads, 300, 64, 10000f, 1e-5f, true);
  }
}
