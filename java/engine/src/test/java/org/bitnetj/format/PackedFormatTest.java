package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

class PackedFormatTest {
  private static final TernaryFormat FORMAT = WeightFormats.PACKED;

  /** Row i * rows / 4 + p, column c, is in byte [p][c] at bit 2 i; every byte value occurs. */
  @Test
  void everyByteValueIsReadByTheDefinition() {
    int columns = 37;
    int part = 7;
    MemorySegment data = Arena.ofAuto().allocate(FORMAT.bytes(4 * part, columns));
    for (int i = 0; i < data.byteSize(); i++) {
      FormatData.setByte(data, i, i);
    }
    byte[] digits = new byte[columns + 3];
    for (int row = 0; row < 4 * part; row++) {
      FORMAT.digits(data, columns, row, digits);
      for (int c = 0; c < columns; c++) {
        int stored = (row % part * columns + c) & 0xff;
        assertEquals(stored >> 2 * (row / part) & 3, digits[c], "row " + row + ", column " + c);
      }
    }
    assertArrayEquals(new byte[3], Arrays.copyOfRange(digits, columns, columns + 3));
  }

  @Test
  void rowsComeInFourPartsAndTheScaleIsOne() {
    assertEquals(2560L * 6912 / 4, FORMAT.bytes(6912, 2560));
    assertThrows(IllegalArgumentException.class, () -> FORMAT.bytes(6, 64));
    MemorySegment data = Arena.ofAuto().allocate(64);
    assertEquals(Optional.of(1f), FORMAT.uniformScale(data, 4, 64));
  }

  /** No GGUF file can mean it. */
  @Test
  void itHasNoTypeId() {
    assertTrue(WeightFormats.ofId(FORMAT.id()).isEmpty());
  }

  @Test
  void everyTierPacksItAndFindsA3() {
    int columns = 100;
    try (NativeMemory memory = new NativeMemory()) {
      MemorySegment data = memory.allocate(FORMAT.bytes(20, columns));
      for (int i = 0; i < data.byteSize(); i++) {
        FormatData.setByte(data, i, 0b00_01_10_00 + i % 3 * 0x40);
      }
      for (var kernels : Tiers.available()) {
        TernaryMatrix w = TernaryMatrix.allocate(memory, 20, columns, 1);
        assertTrue(kernels.pack(FORMAT, data, w, 0, 2));
        for (int row = 0; row < 20; row++) {
          for (int c = 0; c < columns; c++) {
            int stored = 0b00_01_10_00 + (row % 5 * columns + c) % 3 * 0x40;
            assertEquals(stored >> row / 5 * 2 & 3, w.digit(row, c));
          }
        }
        FormatData.setByte(data, 499, 0xc0);
        assertFalse(kernels.pack(FORMAT, data, w, 1, 2));
        assertTrue(kernels.pack(FORMAT, data, w, 0, 1));
        FormatData.setByte(data, 499, 0b00_01_10_00 + 499 % 3 * 0x40);
      }
    }
  }
}
