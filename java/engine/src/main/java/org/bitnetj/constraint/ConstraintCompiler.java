package org.bitnetj.constraint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bitnetj.constraint.mask.TokenBytes;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * Makes constraints for one vocabulary, and keeps the last ones. One for each model: reading the
 * vocabulary takes a second. Safe to share between threads.
 */
public final class ConstraintCompiler {
  private static final int MOST_KEPT = 16;

  private final TokenBytes vocabulary;
  private final Map<Grammar, Constraint> kept =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Grammar, Constraint> eldest) {
          return size() > MOST_KEPT;
        }
      };

  /**
   * Reads the vocabulary.
   *
   * @param tokenizer of the model whose outputs are to be held to grammars
   */
  public ConstraintCompiler(Tokenizer tokenizer) {
    Objects.requireNonNull(tokenizer, "tokenizer is null");
    this.vocabulary = new TokenBytes(tokenizer);
  }

  /**
   * {@return a grammar's constraint: the same one again for an equal grammar, if it was among the
   * last 16}
   *
   * @param grammar what outputs are to be
   * @throws GrammarException if the vocabulary cannot spell what the grammar needs: a token that is
   *     not in it, or a byte that no token is alone
   */
  public Constraint compile(Grammar grammar) {
    Objects.requireNonNull(grammar, "grammar is null");
    synchronized (kept) {
      Constraint known = kept.get(grammar);
      if (known != null) {
        return known;
      }
    }
    Constraint made = new Constraint(grammar, vocabulary);
    synchronized (kept) {
      Constraint known = kept.putIfAbsent(grammar, made);
      return known == null ? made : known;
    }
  }
}
