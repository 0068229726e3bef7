package org.bitnetj.constraint;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.bitnetj.constraint.mask.MaskTable;
import org.bitnetj.constraint.mask.TokenBytes;
import org.bitnetj.constraint.pushdown.State;

/**
 * Where one output is in a grammar. After any allowed tokens some token is allowed, unless the
 * output {@link #isOver} and the vocabulary has no end token. Not thread-safe; begun by {@link
 * Constraint#start}.
 */
public final class ConstraintState {
  /** Longest text that {@link #forced} says, in bytes. */
  private static final int MOST_FORCED = 1 << 16;

  private static final int NONE = -1;

  private final Constraint constraint;
  private MaskTable table;
  private State state;
  private boolean ended;

  ConstraintState(Constraint constraint) {
    this.constraint = constraint;
    this.table = constraint.table();
    this.state = table.states().start();
  }

  private ConstraintState(ConstraintState other) {
    this.constraint = other.constraint;
    this.table = other.table;
    this.state = other.state;
    this.ended = other.ended;
  }

  /** {@return another state at the same place, which goes its own way} */
  public ConstraintState copy() {
    return new ConstraintState(this);
  }

  /** {@return the constraint that this is a state of} */
  public Constraint constraint() {
    return constraint;
  }

  /**
   * {@return the tokens that may come next: token t if bit {@code t % 64} of element {@code t / 64}
   * is set} End tokens may come where the output may end. The array has a bit for each token of the
   * vocabulary and is shared: it must not be written to.
   */
  public long[] allowed() {
    return ended ? constraint.ends() : table.mask(state);
  }

  /**
   * {@return whether a token may come next; much faster than a new mask}
   *
   * @param token an id of the vocabulary
   */
  public boolean allows(int token) {
    requireToken(token);
    return ended ? isEnd(token) : (state.mayEnd() && isEnd(token)) || !after(token).isDead();
  }

  /**
   * Goes on by a token.
   *
   * @param token an id of the vocabulary
   * @throws IllegalArgumentException if it may not come next; the state stays as it is
   */
  public void accept(int token) {
    requireToken(token);
    State next = ended ? state : after(token);
    if (!ended && !next.isDead()) {
      MaskTable current = constraint.table();
      state = current.states().of(next);
      table = current;
    } else if (isEnd(token) && (ended || state.mayEnd())) {
      ended = true;
    } else {
      throw new IllegalArgumentException("The grammar does not allow token " + token + " here.");
    }
  }

  /** {@return whether the output may end here} */
  public boolean mayEnd() {
    return ended || state.mayEnd();
  }

  /** {@return whether the output has ended or the end is all that may come} */
  public boolean isOver() {
    return ended || state.mustEnd();
  }

  /**
   * {@return the text that has to come next, whole characters only; empty where there is a choice}
   * It may be tokenized and accepted instead of being decoded.
   */
  public String forced() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    State at = state;
    int only = ended ? NONE : at.onlyByte();
    while (only >= 0 && bytes.size() < MOST_FORCED) {
      bytes.write(only);
      at = at.step(only);
      only = at.onlyByte();
    }
    byte[] all = bytes.toByteArray();
    return new String(all, 0, wholeCharacters(all), StandardCharsets.UTF_8);
  }

  /** The length of well-formed UTF-8 without a character that lacks bytes at the end. */
  private static int wholeCharacters(byte[] utf8) {
    int lead = utf8.length - 1;
    while (lead >= 0 && (utf8[lead] & 0xC0) == 0x80) {
      lead--;
    }
    if (lead < 0 || utf8[lead] >= 0) {
      return utf8.length;
    }
    int length = (utf8[lead] & 0x20) == 0 ? 2 : (utf8[lead] & 0x10) == 0 ? 3 : 4;
    return lead + length <= utf8.length ? utf8.length : lead;
  }

  private State after(int token) {
    return state.step(token, constraint.vocabulary().bytes(token));
  }

  private boolean isEnd(int token) {
    return (constraint.ends()[token >> 6] >>> token & 1) != 0;
  }

  private void requireToken(int token) {
    TokenBytes vocabulary = constraint.vocabulary();
    if (token < 0 || token >= vocabulary.size()) {
      throw new IllegalArgumentException(
          "Token " + token + " is not in the vocabulary of " + vocabulary.size() + " tokens.");
    }
  }
}
