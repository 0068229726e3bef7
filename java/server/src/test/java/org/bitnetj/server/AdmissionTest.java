package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AdmissionTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  /** One that asks for a place on a thread of its own. */
  private record Guest(Thread thread, CompletableFuture<Admission.Place> place) {
    static Guest of(Admission admission, long positions, Duration patience) {
      return of(admission, 1, positions, patience);
    }

    static Guest of(Admission admission, int texts, long positions, Duration patience) {
      return of(admission, new Exchange(patience), texts, positions);
    }

    static Guest of(Admission admission, Exchange exchange, int texts, long positions) {
      CompletableFuture<Admission.Place> place = new CompletableFuture<>();
      Thread thread =
          Thread.startVirtualThread(
              () -> {
                try {
                  place.complete(admission.enter(exchange, texts, positions));
                } catch (InterruptedException | RuntimeException e) {
                  place.completeExceptionally(e);
                }
              });
      return new Guest(thread, place);
    }

    boolean waits() {
      return !place.isDone();
    }

    Throwable failure() throws Exception {
      return assertThrows(ExecutionException.class, place::get).getCause();
    }

    ApiException.Kind refusal() throws Exception {
      return assertInstanceOf(ApiException.class, failure()).kind();
    }
  }

  private static Admission.Place enter(Admission admission, long positions, Duration patience)
      throws InterruptedException {
    return admission.enter(new Exchange(patience), 1, positions);
  }

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() {
    threads.close();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(1);
    }
  }

  /** A guest that has been seen to wait, behind those that came before. */
  private static Guest waiting(Admission admission, long positions) throws InterruptedException {
    int before = admission.waiting();
    Guest guest = Guest.of(admission, positions, LONG);
    until(() -> admission.waiting() == before + 1);
    return guest;
  }

  @Test
  void thoseThatWaitComeInInTheirOrder() throws Exception {
    Admission admission = new Admission(1, 10, 100);
    Admission.Place place = enter(admission, 1, LONG);
    List<Guest> guests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      guests.add(waiting(admission, 1));
    }
    for (int i = 0; i < 8; i++) {
      place.close();
      place = guests.get(i).place.get();
      assertEquals(7 - i, admission.waiting());
      assertTrue(guests.subList(i + 1, 8).stream().allMatch(Guest::waits));
    }
    place.close();
    assertEquals(0, admission.running());
  }

  @Test
  void asManyComeInAsTheMemoryHasRoomFor() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place first = enter(admission, 60, LONG);
    Admission.Place second = enter(admission, 40, LONG);
    Guest third = waiting(admission, 41);
    second.close();
    assertTrue(third.waits());
    first.close();
    third.place.get().close();
    assertEquals(0, admission.running());
  }

  @Test
  void theSmallDoNotOvertakeALargeOne() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place place = enter(admission, 50, LONG);
    Guest large = waiting(admission, 80);
    Guest small = waiting(admission, 10);
    assertTrue(large.waits() && small.waits());
    place.close();
    large.place.get();
    small.place.get();
    assertEquals(2, admission.running());
  }

  @Test
  void whatIsLargerThanTheMemoryComesInAlone() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place place = enter(admission, 1000, LONG);
    Guest next = waiting(admission, 1);
    place.close();
    next.place.get().close();
  }

  @Test
  void aRequestOfSeveralTextsWaitsOnceForAllOfThem() throws Exception {
    Admission admission = new Admission(4, 1, 100);
    Admission.Place place = admission.enter(new Exchange(LONG), 2, 1);
    Guest three = Guest.of(admission, 3, 1, LONG);
    until(() -> admission.waiting() == 1);
    assertEquals(2, admission.running());
    place.close();
    three.place.get();
    assertEquals(3, admission.running());
    three.place.get().close();
    assertEquals(0, admission.running());
  }

  private static Exchange exchange(int priority) {
    Exchange exchange = new Exchange(LONG);
    exchange.identify(new ApiKey("key", "name", priority));
    return exchange;
  }

  private static Guest waiting(Admission admission, int priority, long positions)
      throws InterruptedException {
    int before = admission.waiting();
    Guest guest = Guest.of(admission, exchange(priority), 1, positions);
    until(() -> admission.waiting() == before + 1);
    return guest;
  }

  @Test
  void higherPrioritiesGoFirst() throws Exception {
    Admission admission = new Admission(1, 10, 100);
    Admission.Place place = enter(admission, 1, LONG);
    Guest low = waiting(admission, -1, 1);
    Guest normal = waiting(admission, 0, 1);
    Guest high = waiting(admission, 5, 1);
    Guest normalToo = waiting(admission, 0, 1);
    Guest highToo = waiting(admission, 5, 1);
    List<Guest> order = List.of(high, highToo, normal, normalToo, low);
    for (int i = 0; i < order.size(); i++) {
      place.close();
      place = order.get(i).place.get();
      assertTrue(order.subList(i + 1, order.size()).stream().allMatch(Guest::waits));
    }
    place.close();
    assertEquals(0, admission.running());
  }

  @Test
  void aHigherPriorityPassesALargeOneThatWaits() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place place = enter(admission, 50, LONG);
    Guest large = waiting(admission, 0, 80);
    admission.enter(exchange(1), 1, 10).close();
    assertTrue(large.waits());
    place.close();
    large.place.get().close();
  }

  private static void assertBusy(Throwable refusal) {
    ApiException busy = assertInstanceOf(ApiException.class, refusal);
    assertEquals(ApiException.Kind.BUSY, busy.kind());
    assertTrue(busy.retryAfter().orElseThrow().toSeconds() >= 1);
    assertTrue(busy.retryAfter().orElseThrow().toSeconds() <= 60);
  }

  private static Guest guest(Admission admission, int priority) {
    return Guest.of(admission, exchange(priority), 1, 1);
  }

  @Test
  void aHigherPriorityDisplacesTheNewestOfTheLowestWhereTooManyWait() throws Exception {
    Admission admission = new Admission(1, 3, 100);
    Admission.Place place = enter(admission, 1, LONG);
    Guest normal = waiting(admission, 0, 1);
    Guest low = waiting(admission, -1, 1);
    Guest lowToo = waiting(admission, -1, 1);
    Guest high = guest(admission, 5);
    assertBusy(lowToo.failure());
    assertBusy(guest(admission, -1).failure());
    Guest normalToo = guest(admission, 0);
    assertBusy(low.failure());
    assertBusy(guest(admission, 0).failure());
    assertEquals(3, admission.waiting());
    for (Guest next : List.of(high, normal, normalToo)) {
      place.close();
      place = next.place.get();
    }
    place.close();
    assertEquals(0, admission.running());
    assertEquals(0, admission.waiting());
  }

  @Test
  void whereNoneMayWaitNoneIsDisplaced() throws Exception {
    Admission admission = new Admission(1, 0, 100);
    Admission.Place place = enter(admission, 1, LONG);
    assertBusy(guest(admission, 5).failure());
    place.close();
    guest(admission, 5).place.get().close();
  }

  @Test
  void oneThatIsNoLongerWantedLeaves() throws Exception {
    Admission admission = new Admission(1, 4, 100);
    Admission.Place place = enter(admission, 1, LONG);
    Exchange exchange = new Exchange(LONG);
    Guest guest = Guest.of(admission, exchange, 1, 1);
    until(() -> admission.waiting() == 1);
    exchange.end(Exchange.End.GONE);
    assertInstanceOf(EventStream.Gone.class, guest.failure());
    assertEquals(0, admission.waiting());
    place.close();
    assertThrows(EventStream.Gone.class, () -> admission.enter(exchange, 1, 1));
    assertEquals(0, admission.running());
  }

  @Test
  void oneMoreThanMayWaitIsRefused() throws Exception {
    Admission admission = new Admission(1, 1, 100);
    Admission.Place place = enter(admission, 1, LONG);
    Guest waits = waiting(admission, 1);
    assertBusy(assertThrows(ApiException.class, () -> enter(admission, 1, LONG)));
    place.close();
    waits.place.get().close();
    enter(admission, 1, LONG).close();
  }

  @Test
  void patienceEnds() throws Exception {
    Admission admission = new Admission(1, 4, 100);
    Admission.Place place = enter(admission, 1, LONG);
    Guest guest = Guest.of(admission, 1, Duration.ofMillis(20));
    assertEquals(ApiException.Kind.TIMED_OUT, guest.refusal());
    assertEquals(0, admission.waiting());
    assertEquals(
        ApiException.Kind.TIMED_OUT,
        assertThrows(ApiException.class, () -> enter(admission, 1, Duration.ofMillis(-5))).kind());
    place.close();
    assertEquals(0, admission.running());
  }

  /** The one that gives up was in the way of those behind it. */
  @Test
  void whenALargeOneGivesUpTheSmallComeIn() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place place = enter(admission, 50, LONG);
    Guest large = waiting(admission, 80);
    Guest small = waiting(admission, 10);
    large.thread.interrupt();
    assertInstanceOf(InterruptedException.class, large.failure());
    small.place.get().close();
    place.close();
    assertEquals(0, admission.running());
    assertEquals(0, admission.waiting());
  }

  @Test
  void closingRefusesAllThatWaitAndCome() throws Exception {
    Admission admission = new Admission(8, 8, 100);
    Admission.Place place = enter(admission, 50, LONG);
    List<Guest> guests = new ArrayList<>(List.of(waiting(admission, 80)));
    for (int i = 0; i < 5; i++) {
      guests.add(waiting(admission, 10)); // there would be room, once the first one gives up
    }
    admission.close();
    admission.close();
    for (Guest guest : guests) {
      assertEquals(ApiException.Kind.STOPPING, guest.refusal());
    }
    assertEquals(
        ApiException.Kind.STOPPING,
        assertThrows(ApiException.class, () -> enter(admission, 1, LONG)).kind());
    assertEquals(1, admission.running());
    place.close();
    assertEquals(0, admission.waiting());
  }

  /** A place that becomes free while the server stops is given to nobody. */
  @Test
  void nobodyComesInAfterClosing() throws Exception {
    for (int round = 0; round < 200; round++) {
      Admission admission = new Admission(1, 8, 100);
      Admission.Place place = enter(admission, 1, LONG);
      Guest guest = waiting(admission, 1);
      admission.close();
      place.close();
      assertEquals(ApiException.Kind.STOPPING, guest.refusal());
      assertEquals(0, admission.running());
    }
  }

  @Test
  void noPlaceIsLostWhateverHappens() throws Exception {
    int most = 5;
    long capacity = 100;
    Admission admission = new Admission(most, 12, capacity);
    AtomicInteger running = new AtomicInteger();
    AtomicLong positions = new AtomicLong();
    BlockingQueue<String> broken = new LinkedBlockingQueue<>();
    List<Thread> guests = new ArrayList<>();
    AtomicInteger admitted = new AtomicInteger();
    for (int g = 0; g < 24; g++) {
      SplittableRandom random = new SplittableRandom(g);
      guests.add(
          Thread.startVirtualThread(
              () -> {
                for (int i = 0; i < 300; i++) {
                  long wanted = random.nextLong(1, 130);
                  Duration patience = Duration.ofNanos(random.nextLong(3_000_000));
                  try {
                    Admission.Place place = enter(admission, wanted, patience);
                    long held = Math.min(wanted, capacity);
                    int now = running.incrementAndGet();
                    long taken = positions.addAndGet(held);
                    if (now > most || taken > capacity) {
                      broken.add(now + " running at " + taken);
                    }
                    try {
                      admitted.incrementAndGet();
                      if (random.nextInt(4) == 0) {
                        Thread.sleep(0, random.nextInt(300_000));
                      }
                    } finally {
                      positions.addAndGet(-held);
                      running.decrementAndGet();
                      place.close();
                    }
                  } catch (ApiException | InterruptedException e) {
                    Thread.yield(); // it asks again
                  }
                }
              }));
    }
    SplittableRandom random = new SplittableRandom(99);
    while (guests.stream().anyMatch(Thread::isAlive)) {
      guests.get(random.nextInt(guests.size())).interrupt();
      Thread.sleep(1);
    }
    assertEquals(List.of(), List.copyOf(broken));
    assertTrue(admitted.get() > 100, admitted + " came in");
    assertEquals(0, admission.running());
    assertEquals(0, admission.waiting());
    List<Admission.Place> all = new ArrayList<>();
    for (int i = 0; i < most; i++) {
      all.add(enter(admission, capacity / most, LONG)); // all places and positions are there
    }
    assertEquals(most, admission.running());
    all.forEach(Admission.Place::close);
    assertEquals(0, admission.running());
  }
}
