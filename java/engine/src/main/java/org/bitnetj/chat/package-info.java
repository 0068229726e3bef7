/**
 * What a conversation looks like to a model: messages in, token ids out, by the format the model
 * was trained with. Depends on tokenizers, but not on weights, sampling or terminals.
 */
@NullMarked
package org.bitnetj.chat;

import org.jspecify.annotations.NullMarked;
