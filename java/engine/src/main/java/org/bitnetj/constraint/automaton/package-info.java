/**
 * Finite automata of constraints: over characters (regular expressions, sets of names) and over
 * bytes (how JSON spells strings and numbers). They know no grammar and no vocabulary.
 */
@NullMarked
package org.bitnetj.constraint.automaton;

import org.jspecify.annotations.NullMarked;
