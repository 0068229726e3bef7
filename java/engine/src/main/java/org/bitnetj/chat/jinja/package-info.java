/**
 * The part of the Jinja template language that chat templates use: parser and evaluator, nothing of
 * chats or models. Strings remember which of their characters came from outside the template, so
 * that a message can never spell a special token. A render has a budget of steps and characters: a
 * hostile template ends with an error, not with a hang.
 */
@NullMarked
package org.bitnetj.chat.jinja;

import org.jspecify.annotations.NullMarked;
