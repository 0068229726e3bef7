package org.bitnetj.server;

import java.util.List;
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

  /** How many tokens the model has. */
  int vocabulary() {
    return answers.model().tokenizer().vocabularySize();
  }

  /**
   * @throws ApiException if the model has no chat template, or the conversation does not fit its
   *     context
   */
  ChatPrompt prepare(ChatRequest request) {
    requireTemplate();
    ChatPrompt prompt = replies.prepare(request);
    answers.requireFits(prompt.ids());
    return prompt;
  }

  /**
   * How many tokens a conversation becomes, up to where its answer begins.
   *
   * @throws ApiException if the model has no chat template
   */
  int countTokens(ChatRequest request) {
    requireTemplate();
    return replies.encode(request).length;
  }

  private void requireTemplate() {
    LanguageModel model = answers.model();
    if (model.chatTemplate().isEmpty()) {
      throw ApiException.coded(ApiException.Kind.INVALID, "no_chat_template", refusal(model));
    }
  }

  private static String refusal(LanguageModel model) {
    try {
      model.requireChatTemplate();
      throw new AssertionError();
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The one answer to a prompt. */
  Reply answer(Exchange exchange, ChatPrompt prompt, ReplySink sink) {
    return answers(exchange, prompt, List.of(sink)).getFirst();
  }

  /** Generates as many answers as there are sinks, once it is the request's turn. */
  List<Reply> answers(Exchange exchange, ChatPrompt prompt, List<? extends ReplySink> sinks) {
    return answers.inTurn(
        exchange,
        List.of(prompt.ids()),
        prompt.options(),
        sinks.size(),
        atOnce ->
            Choices.run(
                exchange,
                sinks.size(),
                atOnce,
                (choice, promptIsDone) ->
                    answer(exchange, prompt, choice, promptIsDone, sinks.get(choice))));
  }

  private Reply answer(
      Exchange exchange, ChatPrompt prompt, int choice, Runnable promptIsDone, ReplySink sink) {
    ReplyListener listener = new ReplyListener(prompt, promptIsDone, sink);
    GenerationOptions options = Streams.withSeedOf(prompt.options(), choice);
    return listener.end(answers.generate(exchange, prompt.ids(), options, listener));
  }
}
