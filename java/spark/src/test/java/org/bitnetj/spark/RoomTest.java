package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
  void oneThatNeverFitsIsLetInAlone() throws Exception {
    Room room = new Room(10, 1024);
    try (Room.Place _ = room.enter(5000)) {
      assertFalse(ask(room, 1).isDone());
    }
  }

  @Test
  void whoIsInterruptedLeavesTheLine() throws Exception {
    Room room = new Room(1, 1024);
    Room.Place first = room.enter(1);
    Future<Room.Place> second =
        threads.submit(
            () -> {
              Thread.currentThread().interrupt();
              return room.enter(1);
            });
    ExecutionException e = assertThrows(ExecutionException.class, second::get);
    assertEquals(InterruptedException.class, e.getCause().getClass());
    Future<Room.Place> third = ask(room, 1);
    first.close();
    third.get();
  }
}
