package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.junit.jupiter.api.Test;

class ResponseStoreTest {
  /** 1,000 characters, with what a message takes besides. */
  private static List<ChatMessage> conversation(String mark) {
    return List.of(ChatMessage.user(mark.repeat(900)));
  }

  private static void keep(ResponseStore store, String id, List<ChatMessage> conversation) {
    store.keep(id, new ResponseStore.Kept(conversation, ""));
  }

  private static Optional<List<ChatMessage>> find(ResponseStore store, String id) {
    return store.find(id).map(ResponseStore.Kept::conversation);
  }

  @Test
  void whatIsForgottenMakesRoom() {
    ResponseStore store = new ResponseStore(2000);
    keep(store, "a", conversation("a"));
    keep(store, "b", conversation("b"));
    assertTrue(store.forget("a"));
    assertFalse(store.forget("a"));
    keep(store, "c", conversation("c"));
    assertEquals(Optional.of(conversation("b")), find(store, "b"));
    assertEquals(Optional.of(conversation("c")), find(store, "c"));
  }

  @Test
  void theJsonOfAResponseCounts() {
    ResponseStore store = new ResponseStore(2000);
    store.keep("a", new ResponseStore.Kept(List.of(), "x".repeat(1500)));
    keep(store, "b", conversation("b"));
    assertEquals(Optional.empty(), find(store, "a"));
  }

  @Test
  void theLeastRecentlyUsedIsForgottenFirst() {
    ResponseStore store = new ResponseStore(3000);
    keep(store, "a", conversation("a"));
    keep(store, "b", conversation("b"));
    keep(store, "c", conversation("c"));
    assertEquals(Optional.of(conversation("a")), find(store, "a"));
    keep(store, "d", conversation("d"));
    assertEquals(Optional.empty(), find(store, "b"));
    for (String id : List.of("a", "c", "d")) {
      assertEquals(Optional.of(conversation(id)), find(store, id), id);
    }
  }

  @Test
  void aConversationThatIsTooLargeIsNotKept() {
    ResponseStore store = new ResponseStore(2500);
    keep(store, "a", conversation("a"));
    keep(store, "b", List.of(ChatMessage.assistant("b", "[" + " ".repeat(3000) + "]")));
    assertEquals(Optional.empty(), find(store, "b"));
    keep(store, "c", conversation("c"));
    keep(store, "d", conversation("d"));
    assertEquals(Optional.of(conversation("c")), find(store, "c"));
    assertEquals(Optional.of(conversation("d")), find(store, "d"));
  }
}
