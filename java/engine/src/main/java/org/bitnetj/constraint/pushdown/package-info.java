/**
 * Grammars as pushdown automata over bytes and special tokens. A {@link
 * org.bitnetj.constraint.pushdown.Node} is a grammar; a {@link
 * org.bitnetj.constraint.pushdown.State} is the set of all places in it where a text may be, each a
 * state of a finite automaton and a stack of {@link org.bitnetj.constraint.pushdown.Frame frames}
 * that say what follows. From each place the end can be reached.
 */
@NullMarked
package org.bitnetj.constraint.pushdown;

import org.jspecify.annotations.NullMarked;
