package org.bitnetj.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;

/**
 * Responses by their ids, with the conversations that they end, in memory; those that were not used
 * for the longest time are forgotten first. Thread-safe.
 */
final class ResponseStore {
  private static final int OVERHEAD = 100; // of a message, in characters

  /**
   * A response that has ended.
   *
   * @param conversation up to its end
   * @param json the response as it was sent
   */
  record Kept(List<ChatMessage> conversation, String json) {
    Kept {
      conversation = List.copyOf(conversation);
    }

    private long size() {
      return json.length()
          + conversation.stream()
              .mapToLong(
                  message ->
                      OVERHEAD
                          + message.content().length()
                          + message.toolCalls().map(String::length).orElse(0))
              .sum();
    }
  }

  private final long mostCharacters;
  private final LinkedHashMap<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long characters;

  /**
   * @param mostCharacters that all of them may have together; what several share counts as often
   */
  ResponseStore(long mostCharacters) {
    this.mostCharacters = mostCharacters;
  }

  /** Empty if the response is not known, or no longer. */
  synchronized Optional<Kept> find(String id) {
    return Optional.ofNullable(kept.get(id));
  }

  synchronized void keep(String id, Kept response) {
    kept.put(id, response);
    characters += response.size();
    var eldest = kept.values().iterator();
    while (characters > mostCharacters) {
      characters -= eldest.next().size();
      eldest.remove();
    }
  }

  /** Forgets a response; false if it is not known. */
  synchronized boolean forget(String id) {
    Kept response = kept.remove(id);
    if (response == null) {
      return false;
    }
    characters -= response.size();
    return true;
  }
}
