package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.junit.jupiter.api.Test;

class UnpackedMatrixTest {
  private static final int ROWS = 70;
  private static final int COLUMNS = 512;

  /** Random bytes, but for infinite scales, are good data of types that use every code. */
  @Test
  void everyWeightIsItsScaleTimesItsDigit() {
    Random random = new Random(4);
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(2)) {
      int unpacked = 0;
      for (TernaryFormat format : WeightFormats.ternary()) {
        if (!UnpackedMatrix.accepts(format, COLUMNS)) {
          continue;
        }
        byte[] bytes = new byte[(int) format.bytes(ROWS, COLUMNS)];
        random.nextBytes(bytes);
        MemorySegment data = MemorySegment.ofArray(bytes);
        UnpackedMatrix matrix = UnpackedMatrix.allocate(memory, format, data, ROWS, COLUMNS);
        matrix.run(team);
        int group = ((ScaleKind.Group) format.scaleKind()).columns();
        byte[] digits = new byte[COLUMNS];
        float[] scales = new float[COLUMNS / group];
        float[] floats = new float[COLUMNS];
        for (int row = 0; row < ROWS; row++) {
          format.digits(data, COLUMNS, row, digits);
          format.scales(data, COLUMNS, row, scales);
          UnpackedMatrix.FORMAT.floats(matrix.data(), COLUMNS, row, floats, 0);
          for (int c = 0; c < COLUMNS; c++) {
            float scale = scales[c / group];
            if (digits[c] <= format.largestDigit() && Float.isFinite(scale)) {
              assertEquals(scale * (digits[c] - 1), floats[c], format.name());
            }
          }
        }
        unpacked++;
      }
      assertTrue(unpacked >= 5, unpacked + " types");
    }
  }

  @Test
  void scalesThatAreNotFiniteAreRefused() {
    byte[] bytes = new byte[(int) WeightFormats.PQ2_0.bytes(1, 128)];
    MemorySegment data = MemorySegment.ofArray(bytes);
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(1)) {
      assertTrue(UnpackedMatrix.allocate(memory, WeightFormats.PQ2_0, data, 1, 128).run(team));
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) 0x7c00);
      assertFalse(UnpackedMatrix.allocate(memory, WeightFormats.PQ2_0, data, 1, 128).run(team));
    }
  }

  /** Whichever byte of a matrix of zeros they are in. */
  @Test
  void digitsThatTheTypeDoesNotHaveAreRefused() {
    int refused = 0;
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(1)) {
      for (TernaryFormat format : WeightFormats.ternary()) {
        if (!UnpackedMatrix.accepts(format, COLUMNS)) {
          continue;
        }
        byte[] digits = new byte[COLUMNS];
        MemorySegment data = MemorySegment.ofArray(new byte[(int) format.bytes(1, COLUMNS)]);
        UnpackedMatrix matrix = UnpackedMatrix.allocate(memory, format, data, 1, COLUMNS);
        for (int at = 0; at < data.byteSize(); at++) {
          data.set(ValueLayout.JAVA_BYTE, at, (byte) 0xFF);
          format.digits(data, COLUMNS, 0, digits);
          boolean strange = false;
          for (byte digit : digits) {
            strange |= digit > format.largestDigit();
          }
          if (strange) {
            assertFalse(matrix.run(team), format.name() + ", byte " + at);
            refused++;
          }
          data.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
          assertTrue(matrix.run(team), format.name());
        }
      }
    }
    assertTrue(refused > 0, "a type has codes without a meaning");
  }

  @Test
  void oneScaleForAMatrixIsNoFloat16() {
    assertFalse(UnpackedMatrix.accepts(WeightFormats.I2_S, 128));
    assertFalse(UnpackedMatrix.accepts(WeightFormats.PQ2_0, 48));
    assertFalse(UnpackedMatrix.accepts(WeightFormats.F16, 128));
  }
}
