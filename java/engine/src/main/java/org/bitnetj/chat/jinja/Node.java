package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a template does, in order. */
sealed interface Node {
  /** Text outside tags. */
  record Data(Text text) implements Node {}

  record Print(Expression expression) implements Node {}

  /** {@code if}, {@code elif} …: the first branch whose condition holds, else the last body. */
  record If(List<Branch> branches, List<Node> otherwise) implements Node {}

  record Branch(Expression condition, List<Node> body) {}

  /**
   * @param names one, or several that take the items of each element apart
   * @param filter {@code for … if filter}
   * @param otherwise what an empty loop does instead
   */
  record For(
      List<String> names,
      Expression items,
      @Nullable Expression filter,
      List<Node> body,
      List<Node> otherwise,
      int line)
      implements Node {}

  /** {@code set a = …} or {@code set a, b = …}. */
  record Set(List<String> names, Expression value, int line) implements Node {}

  /** {@code set ns.name = …}. */
  record SetMember(String object, String name, Expression value, int line) implements Node {}

  /** {@code set name}…{@code endset}. */
  record SetBlock(String name, List<Node> body) implements Node {}

  /**
   * @param defaults of the parameters that have one
   */
  record Macro(
      String name, List<String> parameters, Map<String, Expression> defaults, List<Node> body)
      implements Node {}

  enum LoopControl implements Node {
    BREAK,
    CONTINUE
  }
}
