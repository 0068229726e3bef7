package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.TernaryScales;
import org.junit.jupiter.api.Test;

/** Ternary weights out of floats: rounded by absmean, or found in them. */
class FloatWeightsTest {
  private static final float ABOVE = Math.nextUp(0.25f);

  private static MemorySegment floats(float... values) {
    MemorySegment data = Arena.ofAuto().allocate(4L * values.length);
    MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, 0, values.length);
    return data;
  }

  private static byte[] digits(TernaryFormat format, MemorySegment data, int columns, int row) {
    byte[] digits = new byte[columns];
    format.digits(data, columns, row, digits);
    return digits;
  }

  private static Optional<ScaleKind> found(float[] values, int columns) {
    return SignsFormat.find(
            WeightFormats.F32, floats(values), values.length / columns, columns, false)
        .map(SignsFormat::scaleKind);
  }

  /** mean |W| = 0.5: weights from 0.25 on round to 1, the half itself to 0. */
  @Test
  void absmeanRoundsHalvesToEvenAndClamps() {
    MemorySegment data = floats(0.25f, -0.25f, ABOVE, -ABOVE, 2f, 0f, -0f, 1f);
    AbsmeanFormat format = new AbsmeanFormat(WeightFormats.F32, 2);
    assertArrayEquals(new byte[] {1, 1, 2, 0}, digits(format, data, 4, 0));
    assertArrayEquals(new byte[] {2, 1, 1, 2}, digits(format, data, 4, 1));
    assertEquals(Optional.of(0.5f), format.uniformScale(data, 2, 4));
    assertEquals(0.5f, FormatData.scales(format, data, 4, 1)[0]);
    assertEquals("F32 absmean", format.name());
    assertEquals(32, format.bytes(2, 4));
  }

  @Test
  void tinyWeightsHaveTheLeastMean() {
    MemorySegment data = floats(1e-9f, -1e-9f);
    AbsmeanFormat format = new AbsmeanFormat(WeightFormats.F32, 1);
    assertEquals(Optional.of(1 / (1 / 1e-5f)), format.uniformScale(data, 1, 2));
    assertArrayEquals(new byte[] {1, 1}, digits(format, data, 2, 0));
  }

  /** Whatever is not finite makes a scale that the loader refuses. */
  @Test
  void weightsThatAreNotFiniteHaveNoScale() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      MemorySegment data = floats(1, bad, 0, 1);
      AbsmeanFormat format = new AbsmeanFormat(WeightFormats.F32, 2);
      assertFalse(Float.isFinite(format.uniformScale(data, 2, 2).orElseThrow()));
      assertEquals(Optional.empty(), found(new float[] {1, bad, 0, 1}, 2));
      assertEquals(Optional.empty(), found(new float[] {bad, bad, -bad, 0}, 2));
    }
  }

  @Test
  void aTeamReadsTheSameScale() {
    SplittableRandom random = new SplittableRandom(5);
    float[] values = new float[37 * 24];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    MemorySegment data = floats(values);
    float alone = new AbsmeanFormat(WeightFormats.F32, 37).uniformScale(data, 37, 24).orElseThrow();
    for (int threads = 1; threads <= 3; threads++) {
      AbsmeanFormat format = new AbsmeanFormat(WeightFormats.F32, 37);
      try (ThreadTeam team = new ThreadTeam(threads)) {
        new PairedRows(format, 8).prepare(data, 24, team);
      }
      MemorySegment zeros = floats(new float[37 * 24]); // no longer looked at
      assertEquals(alone, format.uniformScale(zeros, 37, 24).orElseThrow());
    }
  }

  @Test
  void signsAreFoundByRowsAndKeptWithoutLoss() {
    float[] values = {0.3f, 0, -0.3f, 0, 0, -0f, -7, 7, 7};
    MemorySegment data = floats(values);
    SignsFormat format = SignsFormat.find(WeightFormats.F32, data, 3, 3, false).orElseThrow();
    assertEquals(ScaleKind.ROW, format.scaleKind());
    for (int i = 0; i < values.length; i++) {
      float scale = FormatData.scales(format, data, 3, i / 3)[0];
      assertEquals(values[i] + 0f, scale * (digits(format, data, 3, i / 3)[i % 3] - 1) + 0f);
    }
  }

  @Test
  void oneScaleForAllRowsIsOne() {
    MemorySegment data = floats(0.3f, 0, -0.3f, 0.3f, 0, 0);
    SignsFormat format = SignsFormat.find(WeightFormats.F32, data, 3, 2, false).orElseThrow();
    try (NativeMemory memory = new NativeMemory()) {
      assertEquals(new TernaryScales.Tensor(0.3f), TernaryScales.of(memory, format, data, 3, 2));
    }
  }

  @Test
  void signsAreFoundByGroupsOf128WhoseScalesAreFloat16() {
    float[] values = new float[3 * 256];
    Random random = new Random(5);
    for (int i = 0; i < values.length; i++) {
      values[i] = (random.nextInt(3) - 1) * (i < 256 ? 0.5f : 0.25f * (1 + i / 128));
    }
    assertEquals(Optional.of(new ScaleKind.Group(128)), found(values, 256));
    SignsFormat format =
        SignsFormat.find(WeightFormats.F32, floats(values), 3, 256, false).orElseThrow();
    assertArrayEquals(new float[] {0.75f, 1f}, FormatData.scales(format, floats(values), 256, 1));
    assertEquals("F32 ternary", format.name());
    values[0] = 0.5000001f;
    assertEquals(Optional.empty(), found(values, 256), "neither by rows nor by groups");
  }

  @Test
  void aMatrixOfBothKindsIsReadAsIsAskedFor() {
    float[] values = new float[512];
    Arrays.fill(values, 3, 100, 0.25f);
    for (boolean groupsFirst : new boolean[] {false, true}) {
      SignsFormat format =
          SignsFormat.find(WeightFormats.F32, floats(values), 2, 256, groupsFirst).orElseThrow();
      assertEquals(groupsFirst ? new ScaleKind.Group(128) : ScaleKind.ROW, format.scaleKind());
    }
    Arrays.fill(values, 0, 256, 0.1f); // no float16
    SignsFormat format =
        SignsFormat.find(WeightFormats.F32, floats(values), 2, 256, true).orElseThrow();
    assertEquals(ScaleKind.ROW, format.scaleKind());
  }

  @Test
  void aScaleOfAGroupThatIsNoFloat16IsNotRounded() {
    float[] values = new float[512];
    Arrays.fill(values, 256, 384, 0.25f);
    Arrays.fill(values, 384, 512, 0.5f);
    assertTrue(found(values, 256).isPresent());
    Arrays.fill(values, 0, 256, 0.1f); // a row of its own would hold it
    assertEquals(Optional.empty(), found(values, 256));
    assertEquals(Optional.empty(), found(new float[] {1, 2, 1, 1}, 2), "no whole groups");
  }
}
