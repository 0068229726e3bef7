package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.TokenLogprobs;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** OpenAI's {@code /v1/completions}: texts are continued as they are. */
final class Completions {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MOST_TEXTS = 16;

  private final Answers answers;
  private final Identity identity;

  Completions(Answers answers, Identity identity) {
    this.answers = answers;
    this.identity = identity;
  }

  Door.Answer read(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("model", "user");
    request.only("best_of", IntNode.valueOf(1), "answers are not ranked");
    request.only("suffix", JSON.textNode(""), "texts are only continued");
    boolean echo = request.flag("echo").orElse(false);
    int count = request.integer("n", 1, answers.mostChoices()).orElse(1);
    OptionalInt logprobs = request.integer("logprobs", 0, 5);
    GenerationOptions options =
        OpenAiSampling.read(
            request,
            answers.model().tokenizer().vocabularySize(),
            OptionalInt.of(request.integer("max_tokens", 0, Integer.MAX_VALUE).orElse(16)));
    if (logprobs.isPresent()) {
      options = options.withTopLogprobs(logprobs.getAsInt());
    }
    boolean stream = request.flag("stream").orElse(false);
    boolean usage = Streams.wantsUsage(request);
    List<int[]> prompts =
        Prompts.read(request, "prompt", answers.model().tokenizer(), this::encode);
    request.finish();
    if (prompts.size() * count > MOST_TEXTS) {
      throw request.wrong("prompt", "asks for more than " + MOST_TEXTS + " texts in all");
    }
    Streams.requireFewLogprobs(
        request, options, prompts.size() * count, answers.model().info().contextLength());
    prompts.forEach(answers::requireFits);
    GenerationOptions all = options;
    return (events, response) ->
        new Run(exchange, all, prompts, count, echo).answer(stream, usage, events, response);
  }

  private int[] encode(String text) {
    Tokenizer tokenizer = answers.model().tokenizer();
    return tokenizer.encode(text, false, tokenizer.addsBos());
  }

  /** One request. */
  private final class Run {
    private final String id = ToolCall.newId("cmpl-");
    private final long created = System.currentTimeMillis() / 1000;
    private final Exchange exchange;
    private final GenerationOptions options;
    private final List<int[]> prompts;
    private final int count;
    private final boolean echo;

    Run(
        Exchange exchange,
        GenerationOptions options,
        List<int[]> prompts,
        int count,
        boolean echo) {
      this.exchange = exchange;
      this.options = options;
      this.prompts = prompts;
      this.count = count;
      this.echo = echo;
    }

    void answer(boolean stream, boolean usage, EventStream events, ServerResponse response) {
      List<List<TokenLogprobs>> logprobs = new ArrayList<>();
      for (int i = 0; i < prompts.size() * count; i++) {
        logprobs.add(new ArrayList<>());
      }
      List<GenerationResult> results =
          answers.inTurn(
              exchange,
              prompts,
              options,
              count,
              atOnce -> generate(stream ? events : null, logprobs, atOnce));
      if (stream) {
        for (int i = 0; i < results.size(); i++) {
          ObjectNode last = chunk(i, "", rest(logprobs.get(i)), finish(results.get(i)));
          last.set("timings", Timings.of(results.get(i)));
          events.data(last);
        }
        if (usage) {
          ObjectNode last = envelope();
          last.set("choices", JSON.arrayNode());
          last.set("usage", Streams.usage(results, count));
          events.data(last);
        }
        events.done();
        return;
      }
      ObjectNode body = envelope();
      ArrayNode choices = body.putArray("choices");
      for (int i = 0; i < results.size(); i++) {
        String text = results.get(i).text();
        ObjectNode choice = choices.addObject();
        choice.put("text", echo ? decode(prompts.get(i / count)) + text : text);
        choice.put("index", i);
        choice.set(
            "logprobs", options.topLogprobs().isPresent() ? logprobs(logprobs.get(i)) : null);
        choice.put("finish_reason", finish(results.get(i)));
      }
      body.set("usage", Streams.usage(results, count));
      body.set("timings", Timings.of(results.getFirst()));
      Door.send(response, body);
    }

    private List<GenerationResult> generate(
        @Nullable EventStream events, List<List<TokenLogprobs>> logprobs, int atOnce) {
      List<GenerationResult> results = new ArrayList<>();
      for (int p = 0; p < prompts.size(); p++) {
        int first = p * count;
        int[] prompt = prompts.get(p);
        results.addAll(
            Choices.run(
                count,
                atOnce,
                (choice, promptIsDone) ->
                    answers.generate(
                        exchange,
                        prompt,
                        Streams.withSeedOf(options, choice),
                        listener(
                            events,
                            first + choice,
                            prompt,
                            logprobs.get(first + choice),
                            promptIsDone))));
      }
      return results;
    }

    /** Those of tokens that have made no text. */
    private @Nullable JsonNode rest(List<TokenLogprobs> logprobs) {
      return logprobs.isEmpty() ? null : logprobs(logprobs);
    }

    private GenerationListener listener(
        @Nullable EventStream events,
        int index,
        int[] prompt,
        List<TokenLogprobs> logprobs,
        Runnable promptIsDone) {
      return new GenerationListener() {
        private boolean begun;

        @Override
        public void onText(String piece) {
          if (events != null) {
            String text = echo && !begun ? decode(prompt) + piece : piece;
            begun = true;
            events.data(chunk(index, text, rest(logprobs), null));
            logprobs.clear();
          }
        }

        @Override
        public void onLogprobs(TokenLogprobs token) {
          logprobs.add(token);
        }

        @Override
        public void onPrefill(int done, int total) {
          if (done == total) {
            promptIsDone.run();
          } else if (events != null) {
            events.comment("prompt " + done + "/" + total);
          }
        }
      };
    }

    private ObjectNode chunk(
        int index, String text, @Nullable JsonNode logprobs, @Nullable String finish) {
      ObjectNode chunk = envelope();
      ObjectNode choice = chunk.putArray("choices").addObject();
      choice.put("text", text);
      choice.put("index", index);
      choice.set("logprobs", logprobs);
      choice.put("finish_reason", finish);
      return chunk;
    }

    private ObjectNode envelope() {
      ObjectNode body = JSON.objectNode();
      body.put("id", id);
      body.put("object", "text_completion");
      body.put("created", created);
      body.put("model", identity.model());
      body.put("system_fingerprint", identity.fingerprint());
      return body;
    }
  }

  private String decode(int[] ids) {
    return answers.model().tokenizer().decode(ids);
  }

  private static String finish(GenerationResult result) {
    return switch (result.finishReason()) {
      case END_TOKEN, STOP_STRING -> "stop";
      case MAX_TOKENS, CONTEXT_FULL -> "length";
      case CANCELLED -> throw new IllegalStateException(FinishReason.CANCELLED.toString());
    };
  }

  /** The old form: tokens and numbers in lists of their own. */
  private ObjectNode logprobs(List<TokenLogprobs> tokens) {
    ObjectNode object = JSON.objectNode();
    ArrayNode names = object.putArray("tokens");
    ArrayNode values = object.putArray("token_logprobs");
    ArrayNode tops = object.putArray("top_logprobs");
    ArrayNode offsets = object.putArray("text_offset");
    int offset = 0;
    for (TokenLogprobs token : tokens) {
      String name = decode(new int[] {token.chosen().token()});
      names.add(name);
      values.add(token.chosen().logprob());
      ObjectNode top = tops.addObject();
      token.top().forEach(t -> top.put(decode(new int[] {t.token()}), t.logprob()));
      offsets.add(offset);
      offset += name.length();
    }
    return object;
  }
}
