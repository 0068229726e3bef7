package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;

/** The value of an expression: one of the Python values that chat templates use. */
sealed interface Value
    permits Text,
        Value.Int,
        Value.Big,
        Value.Real,
        Value.Bool,
        Value.None,
        Value.Undefined,
        Value.Items,
        Value.Dict,
        Value.Function {

  record Int(long value) implements Value {}

  /**
   * A whole number of more than 64 bits, from data or the absolute value of one of 64 bits: it
   * prints and compares as it is, is rounded among real numbers, and has no whole arithmetic.
   *
   * @param digits in decimal, without leading zeros, perhaps after a hyphen
   */
  record Big(String digits) implements Value, Comparable<Big> {
    /** The first number after those of 64 bits. */
    static final Big BEYOND = new Big("9223372036854775808");

    @Override
    public int compareTo(Big other) {
      int sign = sign();
      if (sign != other.sign()) {
        return sign;
      }
      int longer = Integer.compare(digits.length(), other.digits.length());
      return sign * (longer != 0 ? longer : digits.compareTo(other.digits));
    }

    /** −1 or 1. */
    int sign() {
      return digits.startsWith("-") ? -1 : 1;
    }

    /** The same number with the other sign, which 64 bits may hold. */
    Value negated() {
      if (equals(BEYOND)) {
        return new Int(Long.MIN_VALUE);
      }
      return new Big(sign() < 0 ? digits.substring(1) : "-" + digits);
    }
  }

  record Real(double value) implements Value {}

  enum Bool implements Value {
    FALSE,
    TRUE;

    static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }
  }

  enum None implements Value {
    NONE
  }

  /**
   * The value of a missing name, key or index. It prints as nothing, is false, and has no members:
   * to ask for one is an error.
   *
   * @param what the missing name, shown in errors
   */
  record Undefined(String what) implements Value {}

  /** A list or a tuple. */
  record Items(List<Value> items) implements Value {
    public Items {
      items = List.copyOf(items);
    }
  }

  /**
   * A dictionary. Keys are strings, whole numbers of 32 bits, truth values and None. Only {@code
   * namespace()} makes a mutable one, for {@code set} to change.
   */
  record Dict(Map<Value, Value> entries, boolean mutable) implements Value {}

  /** A global function, a method bound to its object, or a macro. */
  @FunctionalInterface
  non-sealed interface Function extends Value {
    Value call(Arguments arguments);
  }
}
