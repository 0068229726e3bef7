package org.bitnetj.chat.reply;

import org.bitnetj.generate.GenerationResult;

/**
 * An answer that has ended.
 *
 * @param calls how many functions it calls
 * @param thinkingTokens how many of its tokens are thinking
 */
public record Reply(GenerationResult result, int calls, int thinkingTokens) {}
