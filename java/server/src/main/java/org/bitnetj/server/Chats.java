package org.bitnetj.server;

import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ReplyListener;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;

/** Answers conversations, whatever protocol they came by. Thread-safe. */
final class Chats {
  private final Answers answers;
  private final Replies replies;

  Chats(Answers answers) {
    this.answers = answers;
    this.replies = new Replies(answers.model());
  }

  /**
   * @throws ApiException if the model has no chat template
   */
  ChatPrompt prepare(ChatRequest request) {
    LanguageModel model = answers.model();
    if (model.chatTemplate().isEmpty()) {
      throw ApiException.coded(ApiException.Kind.INVALID, "no_chat_template", refusal(model));
    }
    return replies.prepare(request);
  }

  private static String refusal(LanguageModel model) {
    try {
      model.requireChatTemplate();
      throw new AssertionError();
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /**
   * Generates an answer.
   *
   * @param promptIsDone called when the prompt is computed
   */
  Reply answer(
      ChatPrompt prompt,
      GenerationOptions options,
      long deadline,
      Runnable promptIsDone,
      ReplySink sink) {
    ReplyListener listener = new ReplyListener(prompt, promptIsDone, sink);
    return listener.end(answers.generate(prompt.ids(), options, deadline, listener));
  }
}
