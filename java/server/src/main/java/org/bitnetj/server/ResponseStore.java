package org.bitnetj.server;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;

/**
 * Conversations by the ids of the responses that they end with, in memory; those that were not used
 * for the longest time are forgotten first. Thread-safe.
 */
final class ResponseStore {
  private static final int OVERHEAD = 100; // of a message, in characters

  private final long mostCharacters;
  private final LinkedHashMap<String, List<ChatMessage>> kept =
      new LinkedHashMap<>(16, 0.75f, true);
  private long characters;

  /**
   * @param mostCharacters that all of them may have together; what several share counts as often
   */
  ResponseStore(long mostCharacters) {
    this.mostCharacters = mostCharacters;
  }

  /** The conversation up to a response; empty if it is not known, or no longer. */
  synchronized Optional<List<ChatMessage>> find(String id) {
    return Optional.ofNullable(kept.get(id));
  }

  synchronized void keep(String id, List<ChatMessage> conversation) {
    kept.put(id, List.copyOf(conversation));
    characters += size(conversation);
    var eldest = kept.values().iterator();
    while (characters > mostCharacters) {
      characters -= size(eldest.next());
      eldest.remove();
    }
  }

  private static long size(List<ChatMessage> conversation) {
    return conversation.stream()
        .mapToLong(
            message ->
                OVERHEAD
                    + message.content().length()
                    + message.toolCalls().map(String::length).orElse(0))
        .sum();
  }
}
