/**
 * Replies of chat models, whatever asks for them: the functions that a model may call and how it is
 * told of them, what a reply is held to, and how its text is taken apart into thinking, answer and
 * calls. {@link org.bitnetj.chat.reply.Replies} is where to start. The server and the adapters to
 * other libraries share it; it is not part of what the engine's users are promised.
 */
@NullMarked
package org.bitnetj.chat.reply;

import org.jspecify.annotations.NullMarked;
