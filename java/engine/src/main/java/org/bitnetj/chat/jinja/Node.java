package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Node {
  /** The text outside of tags. */
  record Data(Text text) implements Node {}

  record Print(Expression expression) implements Node {}

  /** {@code if}, {@code elif} …: the first branch whose condition holds, else the last body. */
  record If(List<Branch> branches, List<Node> otherwise) implements Node {}

  record Branch(Expression condition, List<Node> body) {}

  /**
   * @param names one, or several that each element is unpacked into
   * @param filter {@code for … if filter}
   * @param otherwise runs if the loop is empty
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
   * @param defaults by parameter; not every parameter has one
   */
  record Macro(
      String name,
      SequencedSet<String> parameters,
      Map<String, Expression> defaults,
      List<Node> body)
      implements Node {}

  enum LoopControl implements Node {
    BREAK,
    CONTINUE
  }
}
