package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** Holds answers to a format, or to calls of functions. Thread-safe. */
final class Constraints {
  /** Most calls in an answer that must have some. */
  private static final int MOST_CALLS = 8;

  private final Tokenizer tokenizer;
  private final CallForm form;
  private final CallGrammar parts;
  private @Nullable ConstraintCompiler compiler;

  /**
   * @param form in which the model calls functions
   */
  Constraints(Tokenizer tokenizer, CallForm form) {
    this.tokenizer = tokenizer;
    this.form = form;
    this.parts = new CallGrammar(tokenizer);
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
   * @throws org.bitnetj.error.GrammarException if it cannot be held to that
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
                parts.mark("</think>"),
                Grammar.regex("\\n{0,2}"),
                wanted.get())
            : wanted.get();
    return Optional.of(compiler().compile(whole));
  }

  private Grammar calls(Tools tools) {
    List<ObjectNode> chosen =
        tools.functions().stream()
            .filter(f -> tools.only().isEmpty() || tools.only().get().equals(CallGrammar.name(f)))
            .toList();
    return form.grammar(chosen, tools.several() ? MOST_CALLS : 1, parts);
  }
}
