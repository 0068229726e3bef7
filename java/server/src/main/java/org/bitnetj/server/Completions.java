package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
        request,
        options,
        prompts.size() * count,
        answers.model().info().contextLength(),
        echo ? count * prompts.stream().mapToLong(prompt -> prompt.length).sum() : 0);
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
      List<Text> texts = new ArrayList<>();
      for (int i = 0; i < prompts.size() * count; i++) {
        texts.add(new Text(i, usage, stream ? events : null));
      }
      List<GenerationResult> results =
          answers.inTurn(exchange, prompts, options, count, atOnce -> generate(texts, atOnce));
      if (stream) {
        for (int i = 0; i < results.size(); i++) {
          texts.get(i).end(results.get(i));
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
        choice.put("text", texts.get(i).echo() + text);
        choice.put("index", i);
        choice.set("logprobs", texts.get(i).logprobs());
        choice.put("finish_reason", finish(results.get(i)));
      }
      body.set("usage", Streams.usage(results, count));
      body.set("timings", Timings.of(results.getFirst()));
      Door.send(response, body);
    }

    private List<GenerationResult> generate(List<Text> texts, int atOnce) {
      List<GenerationResult> results = new ArrayList<>();
      for (int p = 0; p < prompts.size(); p++) {
        int first = p * count;
        int[] prompt = prompts.get(p);
        List<TokenLogprobs> echoed = new ArrayList<>(); // by the first choice, for all of them
        results.addAll(
            Choices.run(
                exchange,
                count,
                atOnce,
                (choice, promptIsDone) ->
                    answers.generate(
                        exchange,
                        prompt,
                        optionsOf(choice),
                        texts.get(first + choice).listener(echoed, promptIsDone))));
      }
      return results;
    }

    private GenerationOptions optionsOf(int choice) {
      GenerationOptions seeded = Streams.withSeedOf(options, choice);
      return echo && choice == 0 && options.topLogprobs().isPresent()
          ? seeded.withPromptLogprobs(options.topLogprobs().getAsInt())
          : seeded;
    }

    /** One of the texts. */
    private final class Text {
      private final int index;
      private final boolean usage;
      private final @Nullable EventStream events;
      private final TokenLists tokens = new TokenLists(answers.model().tokenizer());
      private boolean begun;

      /**
       * @param usage whether a stream ends with the numbers of its tokens
       * @param events of a stream
       */
      Text(int index, boolean usage, @Nullable EventStream events) {
        this.index = index;
        this.usage = usage;
        this.events = events;
      }

      /** What comes before the text. */
      String echo() {
        return echo ? answers.model().tokenizer().decode(prompts.get(index / count)) : "";
      }

      /** Those of tokens that have come since the last call; null if they were not asked for. */
      @Nullable JsonNode logprobs() {
        return options.topLogprobs().isPresent() ? tokens.take() : null;
      }

      private void send(EventStream to, String piece) {
        String text = begun ? piece : echo() + piece;
        begun = true;
        if (!text.isEmpty()) {
          to.data(chunk(text, tokens.isEmpty() ? null : logprobs(), null));
        }
      }

      private ObjectNode chunk(String text, @Nullable JsonNode logprobs, @Nullable String finish) {
        ObjectNode chunk = envelope();
        ObjectNode choice = chunk.putArray("choices").addObject();
        choice.put("text", text);
        choice.put("index", index);
        choice.set("logprobs", logprobs);
        choice.put("finish_reason", finish);
        if (usage) {
          chunk.putNull("usage"); // of all chunks but the last
        }
        return chunk;
      }

      /** The last event of a stream. */
      void end(GenerationResult result) {
        EventStream to = Objects.requireNonNull(events);
        send(to, ""); // if no piece has come
        ObjectNode last = chunk("", tokens.isEmpty() ? null : logprobs(), finish(result));
        last.set("timings", Timings.of(result));
        to.data(last);
      }

      /**
       * @param echoed the prompt's tokens from its second on, once the prompt is done; the first of
       *     several choices adds them
       */
      GenerationListener listener(List<TokenLogprobs> echoed, Runnable promptIsDone) {
        return new GenerationListener() {
          @Override
          public void onText(String piece) {
            if (events != null) {
              send(events, piece);
            }
          }

          @Override
          public void onLogprobs(TokenLogprobs token) {
            tokens.add(token);
          }

          @Override
          public void onPromptLogprobs(TokenLogprobs token) {
            echoed.add(token);
          }

          @Override
          public void onPrefill(int done, int total) {
            if (done == total) {
              if (echo && options.topLogprobs().isPresent()) {
                tokens.echo(prompts.get(index / count)[0], echoed);
              }
              promptIsDone.run();
            } else if (events != null) {
              events.comment("prompt " + done + "/" + total);
            }
          }
        };
      }
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

  private static String finish(GenerationResult result) {
    return switch (result.finishReason()) {
      case END_TOKEN, STOP_STRING -> "stop";
      case MAX_TOKENS, CONTEXT_FULL -> "length";
      case CANCELLED -> throw new IllegalStateException(FinishReason.CANCELLED.toString());
    };
  }
}
