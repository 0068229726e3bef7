package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RoomTest {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  private Future<Room.Place> ask(Room room, int positions) throws InterruptedException {
    Future<Room.Place> place = threads.submit(() -> room.enter(positions));
    Thread.sleep(30); // asked in this order
    return place;
  }

  @Test
  void onlySoManyRowsAreInAtATime() throws Exception {
    Room room = new Room(2, 10_000);
    Room.Place first = room.enter(10);
    room.enter(10);
    Future<Room.Place> third = ask(room, 10);
    assertFalse(third.isDone());
    first.close();
    third.get();
  }

  @Test
  void rowsWaitForMemoryInTheirOrder() throws Exception {
    Room room = new Room(10, 1024);
    Room.Place first = room.enter(700); // 3 blocks of 4
    Future<Room.Place> large = ask(room, 400);
    Future<Room.Place> small = ask(room, 100);
    assertFalse(large.isDone());
    assertFalse(small.isDone(), "a small row does not overtake for ever");
    first.close();
    large.get();
    small.get();
  }

  @Test
  void oneThatNeverFitsIsRefusedAtOnce() throws Exception {
    Room room = new Room(1, 1000);
    room.enter(1000).close();
    try (Room.Place _ = room.enter(1)) {
      String message =
          assertThrows(IllegalStateException.class, () -> room.enter(1001)).getMessage();
      assertTrue(message.contains("1001 positions") && message.contains("1000"), message);
    }
  }

  @Test
  void whoIsInterruptedLeavesTheLine() throws Exception {
    Room room = new Room(1, 1024);
    Room.Place first = room.enter(1);
    FutureTask<Room.Place> second = new FutureTask<>(() -> room.enter(1));
    Thread waiting = Thread.ofVirtual().start(second);
    Thread.sleep(30);
    Future<Room.Place> third = ask(room, 1);
    waiting.interrupt();
    ExecutionException e = assertThrows(ExecutionException.class, second::get);
    assertEquals(InterruptedException.class, e.getCause().getClass());
    first.close();
    third.get();
  }
}
