package org.bitnetj.constraint;

import java.util.BitSet;
import org.bitnetj.constraint.mask.MaskTable;
import org.bitnetj.constraint.mask.TokenBytes;
import org.bitnetj.constraint.pushdown.Alphabet;
import org.bitnetj.error.GrammarException;

/**
 * A grammar for the tokens of one vocabulary. It keeps the masks that it found, within a limit of
 * memory. Safe to share between threads; made by {@link ConstraintCompiler}.
 */
public final class Constraint {
  /** How much a table of states and masks may hold, roughly, before another is begun. */
  private static final long MOST_BYTES = 16 << 20;

  private final Grammar grammar;
  private final TokenBytes vocabulary;
  private final long[] ends;
  private volatile MaskTable table;

  /**
   * @throws GrammarException if the vocabulary cannot spell what the grammar needs
   */
  Constraint(Grammar grammar, TokenBytes vocabulary) {
    Alphabet alphabet = new Alphabet(grammar.node());
    BitSet bytes = alphabet.bytes();
    for (int b = bytes.nextSetBit(0); b >= 0; b = bytes.nextSetBit(b + 1)) {
      if (!vocabulary.hasByte(b)) {
        throw new GrammarException(
            String.format(
                "The vocabulary has no token for the byte 0x%02X alone, which the grammar needs.",
                b));
      }
    }
    for (int id : alphabet.tokens()) {
      if (id >= vocabulary.size()) {
        throw new GrammarException(
            "Token "
                + id
                + " of the grammar is not in the vocabulary of "
                + vocabulary.size()
                + " tokens.");
      }
    }
    this.grammar = grammar;
    this.vocabulary = vocabulary;
    this.ends = new long[vocabulary.words()];
    for (int id : vocabulary.ends()) {
      ends[id >> 6] |= 1L << id;
    }
    this.table = new MaskTable(grammar.node(), vocabulary);
  }

  /** {@return the state of an output that is still empty} */
  public ConstraintState start() {
    return new ConstraintState(this);
  }

  /** {@return what the outputs are held to} */
  public Grammar grammar() {
    return grammar;
  }

  TokenBytes vocabulary() {
    return vocabulary;
  }

  /** The mask of the tokens that end an output. */
  long[] ends() {
    return ends;
  }

  /** The table of states that is in use: another one from time to time. */
  MaskTable table() {
    MaskTable current = table;
    if (current.states().bytes() > MOST_BYTES) {
      synchronized (this) {
        if (table == current) {
          table = new MaskTable(grammar.node(), vocabulary);
        }
        current = table;
      }
    }
    return current;
  }
}
