package org.bitnetj.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class BackgroundTest {
  @Test
  void whatComesOfItIsGivenToWhoeverAsks() {
    Background<String, RuntimeException> name =
        Background.start("own", () -> Thread.currentThread().getName());
    assertEquals("own", name.get());
    assertEquals("own", name.get());
  }

  @Test
  void failuresAreThrownAsTheyAre() {
    IOException checked = new IOException("no file");
    Background<String, IOException> reading =
        Background.start(
            "fails",
            () -> {
              throw checked;
            });
    reading.await();
    assertSame(checked, assertThrows(IOException.class, reading::get));
    IllegalStateException unchecked = new IllegalStateException("closed");
    Background<String, RuntimeException> using =
        Background.start(
            "fails",
            () -> {
              throw unchecked;
            });
    assertSame(unchecked, assertThrows(IllegalStateException.class, using::get));
    OutOfMemoryError error = new OutOfMemoryError("too large");
    Background<String, RuntimeException> allocating =
        Background.start(
            "fails",
            () -> {
              throw error;
            });
    assertSame(error, assertThrows(OutOfMemoryError.class, allocating::get));
  }

  @Test
  void anInterruptedThreadWaitsAndStaysInterrupted() {
    CountDownLatch go = new CountDownLatch(1);
    Background<Integer, InterruptedException> work =
        Background.start(
            "waits",
            () -> {
              go.await();
              return 7;
            });
    Thread.currentThread().interrupt();
    go.countDown();
    try {
      assertEquals(7, work.get());
    } catch (InterruptedException e) {
      throw new AssertionError("the work was not interrupted", e);
    }
    assertTrue(Thread.interrupted());
  }
}
