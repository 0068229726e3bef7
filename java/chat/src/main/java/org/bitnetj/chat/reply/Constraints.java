package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** Holds answers to a format, or to calls of functions. Thread-safe. */
final class Constraints {
  /** Most calls in an answer that must have some. */
  private static final int MOST_CALLS = 8;

  private final Tokenizer tokenizer;
  private @Nullable ConstraintCompiler compiler;

  Constraints(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Reads the vocabulary when it is first needed: of a large one that takes a second or two. */
  private synchronized ConstraintCompiler compiler() {
    if (compiler == null) {
      compiler = new ConstraintCompiler(tokenizer);
    }
    return compiler;
  }

  /**
   * What an answer is held to; empty if it is free.
   *
   * @param opensThinking whether the answer begins within thinking, which stays free
   * @throws GrammarException if it cannot be held to that
   */
  Optional<Constraint> of(Optional<Grammar> format, Tools tools, boolean opensThinking) {
    Optional<Grammar> wanted = format;
    if (tools.choice() == Tools.Choice.REQUIRED) {
      wanted = Optional.of(calls(tools));
    } else if (format.isPresent() && tools.isPresent() && tools.choice() == Tools.Choice.AUTO) {
      wanted = Optional.of(Grammar.choice(format.get(), calls(tools)));
    }
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    Grammar whole =
        opensThinking
            ? Grammar.sequence(
                Grammar.regex("([^<]|<[^/])*"),
                mark("</think>"),
                Grammar.regex("\\n{0,2}"),
                wanted.get())
            : wanted.get();
    return Optional.of(compiler().compile(whole));
  }

  /** One call or more, in the form that {@link ReplyParser} reads. */
  private Grammar calls(Tools tools) {
    List<Grammar> each = new ArrayList<>();
    for (var function : tools.functions()) {
      String name = function.get("name").textValue();
      if (tools.only().isEmpty() || tools.only().get().equals(name)) {
        each.add(
            Grammar.sequence(
                mark(ReplyParser.CALL),
                Grammar.text("\n{\"name\": \"" + name + "\", \"arguments\": "),
                parameters(function.get("parameters"), name),
                Grammar.text("}\n"),
                mark(ReplyParser.CALL_END)));
      }
    }
    Grammar call = Grammar.choice(each);
    int more = tools.several() ? MOST_CALLS - 1 : 0;
    return Grammar.sequence(
        call, Grammar.repeat(Grammar.sequence(Grammar.text("\n"), call), 0, more));
  }

  private static Grammar parameters(JsonNode schema, String name) {
    try {
      return Grammar.jsonSchema(schema.toString());
    } catch (GrammarException e) {
      throw new GrammarException("parameters of " + name + ": " + e.getMessage());
    }
  }

  /** A token where the vocabulary has one of that name, else text. */
  private Grammar mark(String name) {
    OptionalInt token = tokenizer.findSpecial(name);
    return token.isPresent() ? Grammar.token(token.getAsInt()) : Grammar.text(name);
  }
}
