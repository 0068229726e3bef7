package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of a template. Errors show its {@code line}. */
sealed interface Expression {
  record Constant(Value value) implements Expression {}

  record Name(String name) implements Expression {}

  record ListOf(List<Expression> items) implements Expression {}

  record DictOf(List<Expression> keys, List<Expression> values, int line) implements Expression {}

  /** {@code object.name} or {@code object[key]}; a name is kept as a constant key. */
  record Member(Expression object, Expression key, int line) implements Expression {}

  /** {@code object[from:to:step]}; omitted parts are null. */
  record Slice(
      Expression object,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step,
      int line)
      implements Expression {}

  record Call(Expression function, Args args, int line) implements Expression {}

  record Filter(Expression object, String name, Args args, int line) implements Expression {}

  record Test(Expression object, String name, Args args, int line) implements Expression {}

  record Unary(String operator, Expression operand, int line) implements Expression {}

  /** Arithmetic, {@code ~} and {@code in}. */
  record Binary(String operator, Expression left, Expression right, int line)
      implements Expression {}

  /** {@code a < b <= c}: every neighbouring pair must hold. */
  record Comparison(List<String> operators, List<Expression> operands, int line)
      implements Expression {}

  /** {@code and} and {@code or}: one of the operands, as in Python. */
  record Logic(boolean and, Expression left, Expression right) implements Expression {}

  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  /** Arguments as written. */
  record Args(List<Expression> positional, Map<String, Expression> named) {
    static final Args NONE = new Args(List.of(), Map.of());
  }
}
