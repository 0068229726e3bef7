/**
 * Constrained decoding: output that is held to a grammar, above all to a JSON Schema. A {@link
 * org.bitnetj.constraint.Grammar} says what is allowed, a {@link
 * org.bitnetj.constraint.ConstraintCompiler} makes a {@link org.bitnetj.constraint.Constraint} of
 * it for a model's vocabulary, and a {@link org.bitnetj.constraint.ConstraintState} follows one
 * output and says which tokens may come next.
 */
@NullMarked
package org.bitnetj.constraint;

import org.jspecify.annotations.NullMarked;
