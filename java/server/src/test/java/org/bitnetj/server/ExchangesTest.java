package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ExchangesTest {
  @Test
  void nothingIsKeptOfARequestThatIsAnswered() {
    try (Exchanges exchanges = new Exchanges(Duration.ofHours(1))) {
      exchanges.run(exchange -> assertEquals(1, exchanges.clock.getQueue().size()));
      assertEquals(0, exchanges.clock.getQueue().size());
    }
  }

  @Test
  void aRequestThatTakesTooLongIsToldSo() {
    try (Exchanges exchanges = new Exchanges(Duration.ofMillis(20))) {
      exchanges.run(
          exchange -> {
            CountDownLatch told = new CountDownLatch(1);
            try (Exchange.Registration _ = exchange.whenEnded(told::countDown)) {
              told.await(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            assertFalse(exchange.isWanted());
            assertEquals(
                ApiException.Kind.TIMED_OUT,
                assertThrows(ApiException.class, exchange::requireWanted).kind());
          });
    }
  }
}
