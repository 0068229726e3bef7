/**
 * What tests of several modules have in common: the model that ships and how it is made to say what
 * a test expects, the rules of who may use what, and the examples of the README. It is not
 * published.
 */
@NullMarked
package org.bitnetj.testkit;

import org.jspecify.annotations.NullMarked;
