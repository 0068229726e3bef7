/**
 * What a conversation looks like to a model: messages in, token ids out, by the format the model
 * was trained with. Knows tokenizers, but nothing of weights, sampling or terminals.
 */
@NullMarked
package org.bitnetj.chat;

import org.jspecify.annotations.NullMarked;
