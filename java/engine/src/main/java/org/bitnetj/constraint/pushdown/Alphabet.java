package org.bitnetj.constraint.pushdown;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.bitnetj.constraint.automaton.ByteAutomaton;

/** What the texts of a grammar consist of: bytes, and special tokens. */
public final class Alphabet {
  private final BitSet bytes = new BitSet();
  private final Set<Integer> tokens = new HashSet<>();
  private final Set<Value> seen = new HashSet<>();

  public Alphabet(Node grammar) {
    add(grammar);
  }

  public BitSet bytes() {
    return bytes;
  }

  public Set<Integer> tokens() {
    return tokens;
  }

  private void add(Node node) {
    switch (node) {
      case Node.Terminal(ByteAutomaton automaton) -> automaton.addBytesTo(bytes);
      case Node.Token(int id) -> tokens.add(id);
      case Node.Sequence sequence -> sequence.parts().forEach(this::add);
      case Node.Choice choice -> choice.parts().forEach(this::add);
      case Node.Repeat repeat -> add(repeat.part());
      case Value value -> addValue(value);
    }
  }

  private void addValue(Value first) {
    Deque<Value> open = new ArrayDeque<>();
    open.add(first);
    while (!open.isEmpty()) {
      Value value = open.removeLast();
      if (!seen.add(value)) {
        continue;
      }
      value.scalars().forEach(scalar -> scalar.addBytesTo(bytes));
      for (ArrayRule array : value.arrays()) {
        Layout.OPEN_ARRAY.addBytesTo(bytes);
        Layout.separator(false, true, true).addBytesTo(bytes);
        open.addAll(array.first());
        open.add(array.others());
      }
      for (ObjectRule object : value.objects()) {
        Layout.OPEN_OBJECT.addBytesTo(bytes);
        Layout.COLON.addBytesTo(bytes);
        Layout.separator(true, true, true).addBytesTo(bytes);
        object.names().dfa().addBytesTo(bytes);
        open.addAll(object.values());
      }
    }
  }
}
