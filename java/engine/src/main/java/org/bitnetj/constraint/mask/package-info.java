/**
 * From a state of a grammar to the mask of tokens that may follow it: the vocabulary as a trie, and
 * what an automaton's state allows of it, kept for the next time.
 */
@NullMarked
package org.bitnetj.constraint.mask;

import org.jspecify.annotations.NullMarked;
