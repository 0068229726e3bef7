package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadingRoomTest {
  private static final int KIB = 1024;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() {
    threads.close();
  }

  @Test
  void noMoreBytesAreReadAtATimeThanThereIsRoomFor() throws Exception {
    ReadingRoom room = new ReadingRoom(10 * KIB, 1000);
    AtomicLong inside = new AtomicLong();
    AtomicLong most = new AtomicLong();
    SplittableRandom random = new SplittableRandom(1);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      long size = random.nextLong(1, 6 * KIB);
      all.add(
          threads.submit(
              () ->
                  room.use(
                      new Exchange(Duration.ofMinutes(1)),
                      size,
                      () -> {
                        long now = inside.addAndGet(size);
                        most.accumulateAndGet(now, Math::max);
                        Thread.yield();
                        return inside.addAndGet(-size);
                      })));
    }
    for (Future<?> one : all) {
      one.get();
    }
    assertTrue(most.get() <= 10 * KIB, most + " bytes");
    assertEquals(0, inside.get());
  }

  @Test
  void whatIsLargerThanTheRoomIsAlone() {
    ReadingRoom room = new ReadingRoom(KIB, 0);
    Exchange exchange = new Exchange(Duration.ofMinutes(1));
    assertEquals(1, room.use(exchange, 5000 * KIB, () -> 1));
    assertThrows(
        ApiException.class, () -> room.use(exchange, 1, () -> room.use(exchange, KIB, () -> 1)));
  }

  @Test
  void tooManyThatWaitAndTooLongAWaitAreRefused() throws Exception {
    ReadingRoom room = new ReadingRoom(KIB, 1);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    Future<Integer> first =
        threads.submit(
            () ->
                room.use(
                    new Exchange(Duration.ofMinutes(1)),
                    KIB,
                    () -> {
                      inside.countDown();
                      try {
                        leave.await();
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                      return 1;
                    }));
    inside.await();
    ApiException late =
        assertThrows(
            ApiException.class, () -> room.use(new Exchange(Duration.ofMillis(30)), 1, () -> 1));
    assertEquals(ApiException.Kind.TIMED_OUT, late.kind());
    Exchange patient = new Exchange(Duration.ofMinutes(1));
    Future<Integer> second = threads.submit(() -> room.use(patient, 1, () -> 2));
    while (room.waiting() == 0) {
      Thread.sleep(1);
    }
    ApiException busy =
        assertThrows(
            ApiException.class, () -> room.use(new Exchange(Duration.ofMinutes(1)), 1, () -> 3));
    assertEquals(ApiException.Kind.BUSY, busy.kind());
    leave.countDown();
    assertEquals(1, first.get());
    assertEquals(2, second.get());
  }

  @Test
  void oneThatIsNoLongerWantedLeavesTheLine() throws Exception {
    ReadingRoom room = new ReadingRoom(KIB, 1);
    Exchange reading = new Exchange(Duration.ofMinutes(5));
    Exchange waiting = new Exchange(Duration.ofMinutes(5));
    room.use(
        reading,
        KIB,
        () -> {
          Future<Integer> second = threads.submit(() -> room.use(waiting, 1, () -> 2));
          while (room.waiting() == 0) {
            Thread.onSpinWait();
          }
          waiting.end(Exchange.End.GONE);
          ExecutionException gone = assertThrows(ExecutionException.class, second::get);
          return assertInstanceOf(EventStream.Gone.class, gone.getCause());
        });
    assertEquals(0, room.waiting());
  }
}
