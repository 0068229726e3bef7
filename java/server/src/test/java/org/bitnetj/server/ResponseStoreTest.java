package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.junit.jupiter.api.Test;

class ResponseStoreTest {
  /** 1,000 characters, with what a message takes besides. */
  private static List<ChatMessage> conversation(String mark) {
    return List.of(ChatMessage.user(mark.repeat(900)));
  }

  @Test
  void theLeastRecentlyUsedIsForgottenFirst() {
    ResponseStore store = new ResponseStore(3000);
    store.keep("a", conversation("a"));
    store.keep("b", conversation("b"));
    store.keep("c", conversation("c"));
    assertEquals(Optional.of(conversation("a")), store.find("a"));
    store.keep("d", conversation("d"));
    assertEquals(Optional.empty(), store.find("b"));
    for (String id : List.of("a", "c", "d")) {
      assertEquals(Optional.of(conversation(id)), store.find(id), id);
    }
  }

  @Test
  void aConversationThatIsTooLargeIsNotKept() {
    ResponseStore store = new ResponseStore(2500);
    store.keep("a", conversation("a"));
    store.keep("b", List.of(ChatMessage.assistant("b", "[" + " ".repeat(3000) + "]")));
    assertEquals(Optional.empty(), store.find("b"));
    store.keep("c", conversation("c"));
    store.keep("d", conversation("d"));
    assertEquals(Optional.of(conversation("c")), store.find("c"));
    assertEquals(Optional.of(conversation("d")), store.find("d"));
  }
}
