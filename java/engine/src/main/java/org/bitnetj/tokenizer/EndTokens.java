package org.bitnetj.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tokens that end generation. Files name one or two of them, but models use more (Microsoft's
 * 2B-4T file names 128001, its chats also end with 128009), so control tokens are recognised by
 * name as well.
 */
final class EndTokens {
  /** Names that mean the end of a turn, the likeliest first. */
  private static final List<String> OF_TURN =
      List.of("<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|end_of_turn|>", "<|end|>", "<EOT>");

  /** Further names, for the end of a text or of a message. */
  private static final List<String> OTHERS =
      List.of(
          "<|end_of_text|>",
          "<|endoftext|>",
          "</s>",
          "<eos>",
          "<|eom_id|>",
          "<|end_of_sentence|>",
          "<｜end▁of▁sentence｜>");

  private EndTokens() {}

  static boolean isName(byte[] text) {
    String name = new String(text, StandardCharsets.UTF_8);
    return OF_TURN.contains(name) || OTHERS.contains(name);
  }

  /** The end-of-turn token by name, or −1. */
  static int ofTurn(TokenTable tokens) {
    return OF_TURN.stream()
        .mapToInt(name -> control(tokens, name))
        .filter(id -> id >= 0)
        .findFirst()
        .orElse(TokenTable.NONE);
  }

  /** All end tokens: those that the file names (−1 for none) and those known by name. */
  static Set<Integer> all(TokenTable tokens, int... named) {
    Set<Integer> ends = new TreeSet<>();
    for (int id : named) {
      ends.add(id);
    }
    OF_TURN.forEach(name -> ends.add(control(tokens, name)));
    OTHERS.forEach(name -> ends.add(control(tokens, name)));
    ends.remove(TokenTable.NONE);
    return Collections.unmodifiableSet(ends);
  }

  private static int control(TokenTable tokens, String name) {
    int id = tokens.specials().named(name.getBytes(StandardCharsets.UTF_8)).orElse(-1);
    return id >= 0 && tokens.vocabulary().is(id, TokenType.CONTROL) ? id : TokenTable.NONE;
  }
}
