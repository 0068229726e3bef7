package org.bitnetj.constraint.automaton;

import org.jspecify.annotations.Nullable;

/**
 * Spells the strings of a {@link CharDfa} in bytes: as UTF-8, or as JSON strings. In JSON each
 * string has one spelling: quotes, backslashes and control characters are escaped, as {@code \b \f
 * \n \r \t} or else in lower-case hexadecimal digits; all others stand for themselves.
 */
public final class StringSpelling implements ByteDfa.Machine<StringSpelling.State> {
  private static final String ESCAPES = "bfnrt\"\\";
  private static final String ESCAPED = "\b\f\n\r\t\"\\";

  /** Where in the spelling of a string a byte may follow. */
  sealed interface State {}

  private enum Mark implements State {
    /** Before the opening quote. */
    OPEN
  }

  /** Between two characters. */
  private record Between(int state) implements State {}

  /** In a character that may be each from first to last, with so many bytes missing. */
  private record Inside(int state, int first, int last, int missing) implements State {}

  /** In a character, whichever it is; then follows {@code target}. */
  private record Same(int target, int missing) implements State {}

  /** After a backslash. */
  private record Escape(int state) implements State {}

  /** After a backslash, u and so many digits. */
  private record Hex(int state, int digits, int value) implements State {}

  private record Closed(int label) implements State {}

  private static final ByteDfa ANY = ByteDfa.of(new StringSpelling(CharDfa.all(), true)).common();

  private final CharDfa dfa;
  private final boolean json;

  private StringSpelling(CharDfa dfa, boolean json) {
    this.dfa = dfa;
    this.json = json;
  }

  /** JSON strings, in quotes; labels are those of the automaton. */
  public static ByteDfa json(CharDfa dfa) {
    return dfa.isUniversal() && dfa.label(0) == 0 ? ANY : ByteDfa.of(new StringSpelling(dfa, true));
  }

  /** Text in UTF-8. */
  public static ByteDfa utf8(CharDfa dfa) {
    return ByteDfa.of(new StringSpelling(dfa, false));
  }

  /** JSON's spelling of one string, in quotes. */
  public static String json(String text) {
    StringBuilder out = new StringBuilder().append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escape = ESCAPED.indexOf(c);
      if (escape >= 0) {
        out.append('\\').append(ESCAPES.charAt(escape));
      } else if (c < 0x20) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }

  @Override
  public State start() {
    return json ? Mark.OPEN : new Between(0);
  }

  @Override
  public int label(State state) {
    return switch (state) {
      case Closed(int label) -> label;
      case Between(int q) when !json -> dfa.label(q);
      default -> -1;
    };
  }

  @Override
  public boolean isFree(State state) {
    return json && state instanceof Between(int q) && dfa.isUniversal(q);
  }

  @Override
  public @Nullable State next(State state, int b) {
    return switch (state) {
      case Mark open -> b == '"' ? new Between(0) : null;
      case Closed closed -> null;
      case Between(int q) -> character(q, b);
      case Inside(int q, int first, int last, int missing) -> {
        int size = 1 << 6 * (missing - 1);
        int base = (first & -64 * size) + (b & 0x3F) * size;
        yield (b & 0xC0) != 0x80 || base + size <= first || base > last
            ? null
            : inside(q, Math.max(first, base), Math.min(last, base + size - 1), missing - 1);
      }
      case Same(int target, int missing) ->
          (b & 0xC0) != 0x80
              ? null
              : missing == 1 ? new Between(target) : new Same(target, missing - 1);
      case Escape(int q) -> {
        int escape = ESCAPES.indexOf(b);
        yield b == 'u' ? new Hex(q, 0, 0) : escape < 0 ? null : after(q, ESCAPED.charAt(escape));
      }
      case Hex(int q, int digits, int value) -> hex(q, digits, value, b);
    };
  }

  private @Nullable State character(int q, int b) {
    if (b < 0x80) {
      if (json && b == '"') {
        return dfa.label(q) < 0 ? null : new Closed(dfa.label(q));
      }
      if (json && b == '\\') {
        return new Escape(escapeTarget(q));
      }
      return json && b < 0x20 ? null : after(q, b);
    }
    if (b < 0xC2 || b > 0xF4) {
      return null;
    }
    if (b < 0xE0) {
      return inside(q, (b & 0x1F) << 6, (b & 0x1F) << 6 | 0x3F, 1);
    }
    if (b < 0xF0) {
      int first = (b & 0x0F) << 12;
      int last = b == 0xED ? Character.MIN_SURROGATE - 1 : first | 0xFFF;
      return inside(q, Math.max(first, 0x800), last, 2);
    }
    int first = (b & 7) << 18;
    return inside(q, Math.max(first, 0x10000), Math.min(first | 0x3FFFF, CharSet.LAST), 3);
  }

  /** In or after a character from first to last. */
  private @Nullable State inside(int q, int first, int last, int missing) {
    if (missing == 0) {
      return after(q, first);
    }
    int target = dfa.next(q, first, last);
    if (target == CharDfa.DEAD) {
      return null;
    }
    boolean whole = last - first + 1 == 1 << 6 * missing;
    return target >= 0 && whole ? new Same(target, missing) : new Inside(q, first, last, missing);
  }

  private @Nullable State after(int q, int character) {
    int target = dfa.next(q, character);
    return target < 0 ? null : new Between(target);
  }

  /** The state that all escaped characters lead to and stay in, if there is one, else q. */
  private int escapeTarget(int q) {
    int target = dfa.next(q, '"');
    boolean same = target >= 0;
    for (int c = 0; c <= '\\' && same; c = c == 0x1F ? '"' : c == '"' ? '\\' : c + 1) {
      same = dfa.next(q, c) == target && dfa.next(target, c) == target;
    }
    return same ? target : q;
  }

  private @Nullable State hex(int q, int digits, int value, int b) {
    int digit = b >= 'a' && b <= 'f' ? b - 'a' + 10 : b >= '0' && b <= '9' ? b - '0' : -1;
    int next = value << 4 | digit;
    if (digit < 0 || (digits < 2 && digit > 0) || (digits == 2 && digit > 1)) {
      return null;
    }
    if (digits < 3) {
      return new Hex(q, digits + 1, next);
    }
    return ESCAPED.indexOf(next) >= 0 ? null : after(q, next);
  }

  /** Whether JSON can spell a string: each surrogate has its partner. */
  public static boolean isSpellable(String text) {
    return text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
  }
}
