package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.junit.jupiter.api.Test;

class ThreadMemoryTest {
  @Test
  void eachThreadHasAPieceOfItsOwn() {
    try (NativeMemory memory = new NativeMemory()) {
      ThreadMemory own = new ThreadMemory(memory, 3, 1000);
      assertEquals(3, own.threads());
      for (int thread = 0; thread < 3; thread++) {
        assertEquals(1000, own.piece(thread).byteSize());
        assertEquals(0, own.piece(thread).address() % 64);
        for (int other = 0; other < thread; other++) {
          assertTrue(own.piece(thread).asOverlappingSlice(own.piece(other)).isEmpty());
        }
      }
    }
  }

  @Test
  void aThreadAloneNeedsNone() {
    try (NativeMemory memory = new NativeMemory()) {
      assertEquals(0, new ThreadMemory(memory, 1, 1000).threads());
      assertEquals(0, memory.allocated());
    }
  }

  @Test
  void whatDoesNotFitIntoAPieceIsRefused() {
    try (NativeMemory memory = new NativeMemory()) {
      ThreadMemory own = new ThreadMemory(memory, 2, FloatRows.bytes(3, 100));
      assertEquals(3 * 112 * Float.BYTES, FloatRows.over(own.piece(0), 3, 100).data().byteSize());
      assertThrows(IndexOutOfBoundsException.class, () -> FloatRows.over(own.piece(0), 4, 100));
      ThreadMemory bounds = new ThreadMemory(memory, 2, LogitBounds.bytes(100));
      assertEquals(7, LogitBounds.over(bounds.piece(1), 100).panels());
      assertThrows(IndexOutOfBoundsException.class, () -> LogitBounds.over(bounds.piece(1), 113));
    }
  }
}
