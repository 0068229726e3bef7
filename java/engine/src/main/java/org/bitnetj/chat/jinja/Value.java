package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;

/** What an expression can be: Python's values, as far as chat templates know them. */
sealed interface Value
    permits Text,
        Value.Int,
        Value.Real,
        Value.Bool,
        Value.None,
        Value.Undefined,
        Value.Items,
        Value.Dict,
        Value.Function {

  record Int(long value) implements Value {}

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
   * A name, key or index that is not there: prints as nothing, is false, and is an error to look
   * into.
   *
   * @param what what was asked for, for the error
   */
  record Undefined(String what) implements Value {}

  /** A list or tuple. */
  record Items(List<Value> items) implements Value {
    public Items {
      items = List.copyOf(items);
    }
  }

  /** A dictionary with string keys; {@code namespace()} makes one that {@code set} may change. */
  record Dict(Map<Text, Value> entries, boolean mutable) implements Value {}

  /** Something to call: a global function, a method bound to its object, or a macro. */
  @FunctionalInterface
  non-sealed interface Function extends Value {
    Value call(Arguments arguments);
  }
}
