package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Function;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;

/** The parts that grammars of calls have in common, for one vocabulary. Thread-safe. */
final class CallGrammar {
  private final Tokenizer tokenizer;

  CallGrammar(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** A token where the vocabulary has one of that name, else text. */
  Grammar mark(String name) {
    OptionalInt token = tokenizer.findSpecial(name);
    return token.isPresent() ? Grammar.token(token.getAsInt()) : Grammar.text(name);
  }

  /** A call of any of the functions. */
  static Grammar any(List<ObjectNode> functions, Function<ObjectNode, Grammar> call) {
    return Grammar.choice(functions.stream().map(call).toList());
  }

  /** One to {@code most} of them. */
  static Grammar several(Grammar one, Grammar between, int most) {
    return Grammar.sequence(one, Grammar.repeat(Grammar.sequence(between, one), 0, most - 1));
  }

  static String name(ObjectNode function) {
    return function.get("name").textValue();
  }

  /** The arguments of a function as one JSON object. */
  static Grammar arguments(ObjectNode function) {
    try {
      return Grammar.objectsOfJsonSchema(function.get("parameters").toString());
    } catch (GrammarException e) {
      throw new GrammarException("parameters of " + name(function) + ": " + e.getMessage());
    }
  }
}
