/**
 * JSON Schema as a grammar. A value's schemas are always a conjunction (a value of a member may be
 * under several of them); a conjunction is written as alternatives without {@code $ref}, {@code
 * allOf} and {@code anyOf}, and each alternative as rules by kind of value. All of it is exact:
 * what cannot be is refused.
 */
@NullMarked
package org.bitnetj.constraint.schema;

import org.jspecify.annotations.NullMarked;
