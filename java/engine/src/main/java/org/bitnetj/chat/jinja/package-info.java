/**
 * The part of the Jinja template language that chat templates use: a parser and an evaluator that
 * know neither chats nor models. Strings remember which of their characters came from outside the
 * template, so that a message can never spell a special token. A render has a budget of steps,
 * characters, depth and time, so that a hostile template ends with an error and does not hang.
 */
@NullMarked
package org.bitnetj.chat.jinja;

import org.jspecify.annotations.NullMarked;
