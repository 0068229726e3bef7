package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.CutCall;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.TokenLogprobs;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** OpenAI's {@code /v1/chat/completions}. */
final class ChatCompletions {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Answers answers;
  private final Chats chats;
  private final Identity identity;

  ChatCompletions(Answers answers, Chats chats, Identity identity) {
    this.answers = answers;
    this.chats = chats;
    this.identity = identity;
  }

  Door.Answer read(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore(
        "model",
        "user",
        "metadata",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "verbosity",
        "cache_prompt");
    request.only("modalities", JSON.arrayNode().add("text"), "the model writes text only");
    List<ChatMessage> messages = OpenAiMessages.messages(request);
    Tools tools = OpenAiMessages.tools(request);
    OptionalInt most = request.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    OptionalInt older = request.integer("max_tokens", 1, Integer.MAX_VALUE);
    GenerationOptions options =
        OpenAiSampling.read(
            request, answers.model().tokenizer().vocabularySize(), most.isPresent() ? most : older);
    OptionalInt top = request.integer("top_logprobs", 0, 20);
    if (request.flag("logprobs").orElse(false)) {
      options = options.withTopLogprobs(top.orElse(0));
    } else if (top.isPresent()) {
      throw request.wrong("top_logprobs", "needs logprobs to be true");
    }
    int count = request.integer("n", 1, answers.mostChoices()).orElse(1);
    Streams.requireFewLogprobs(request, options, count, answers.model().info().contextLength(), 0);
    boolean stream = request.flag("stream").orElse(false);
    boolean usage = Streams.wantsUsage(request);
    Optional<Boolean> thinking = thinking(request);
    Optional<Grammar> format =
        request.object("response_format").flatMap(f -> OutputFormat.read(f, true));
    Optional<Grammar> whole = request.object(OutputFormat.STRUCTURED).map(OutputFormat::structured);
    if (whole.isPresent()) {
      if (format.isPresent() || tools.choice() == Tools.Choice.REQUIRED) {
        throw request.wrong(
            OutputFormat.STRUCTURED,
            "is for the whole answer; leave out response_format and a tool_choice that demands"
                + " calls");
      }
      format = whole;
      tools = tools.byFormat();
    }
    request.finish();
    ChatPrompt prompt = chats.prepare(new ChatRequest(messages, tools, thinking, format, options));
    return (events, response) ->
        new Run(exchange, prompt, count).answer(stream, usage, events, response);
  }

  /** By OpenAI's effort, or by the variable of the template as llama.cpp and vLLM take it. */
  private static Optional<Boolean> thinking(Fields request) {
    Optional<Boolean> effort = OpenAiMessages.thinks(request, "reasoning_effort");
    return request
        .object("chat_template_kwargs")
        .flatMap(
            variables -> {
              Optional<Boolean> enabled = variables.flag("enable_thinking");
              variables.finish();
              return enabled;
            })
        .or(() -> effort);
  }

  /** One request. */
  private final class Run {
    private final String id = ToolCall.newId("chatcmpl-");
    private final long created = System.currentTimeMillis() / 1000;
    private final Exchange exchange;
    private final ChatPrompt prompt;
    private final int count;

    Run(Exchange exchange, ChatPrompt prompt, int count) {
      this.exchange = exchange;
      this.prompt = prompt;
      this.count = count;
    }

    void answer(boolean stream, boolean usage, EventStream events, ServerResponse response) {
      List<Message> messages = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        messages.add(stream ? new Deltas(i, usage, events) : new Message());
      }
      List<Reply> replies = chats.answers(exchange, prompt, messages);
      List<GenerationResult> results = replies.stream().map(Reply::result).toList();
      ObjectNode counts = Streams.usage(results, count);
      counts
          .putObject("completion_tokens_details")
          .put("reasoning_tokens", replies.stream().mapToInt(Reply::thinkingTokens).sum());
      if (stream) {
        for (int i = 0; i < count; i++) {
          ((Deltas) messages.get(i)).end(replies.get(i));
        }
        if (usage) {
          ObjectNode last = envelope("chat.completion.chunk");
          last.putArray("choices");
          last.set("usage", counts);
          events.data(last);
        }
        events.done();
        return;
      }
      ObjectNode body = envelope("chat.completion");
      ArrayNode choices = body.putArray("choices");
      for (int i = 0; i < count; i++) {
        ObjectNode choice = choices.addObject();
        choice.put("index", i);
        choice.set("message", messages.get(i).json());
        choice.set("logprobs", messages.get(i).logprobs());
        choice.put("finish_reason", finish(replies.get(i)));
      }
      body.set("usage", counts);
      body.set("timings", Timings.of(results.getFirst()));
      Door.send(response, body);
    }

    private ObjectNode envelope(String object) {
      ObjectNode body = JSON.objectNode();
      body.put("id", id);
      body.put("object", object);
      body.put("created", created);
      body.put("model", identity.model());
      body.put("system_fingerprint", identity.fingerprint());
      return body;
    }

    /** A whole message. */
    private class Message implements ReplySink {
      private final StringBuilder text = new StringBuilder();
      private final StringBuilder thinking = new StringBuilder();
      private final ArrayNode calls = JSON.arrayNode();
      final List<TokenLogprobs> tokens = new ArrayList<>();

      @Override
      public void thinking(String piece) {
        thinking.append(piece);
      }

      @Override
      public void text(String piece) {
        text.append(piece);
      }

      @Override
      public void call(ToolCall call) {
        add(callJson(call.id(), call.name(), call.arguments()));
      }

      @Override
      public void cut(CutCall call, String written) {
        add(callJson(call.id(), call.name(), call.arguments()));
      }

      void add(ObjectNode call) {
        calls.add(call);
      }

      @Override
      public void logprobs(TokenLogprobs logprobs) {
        tokens.add(logprobs);
      }

      ObjectNode json() {
        ObjectNode message = JSON.objectNode();
        message.put("role", "assistant");
        message.put("content", text.isEmpty() && !calls.isEmpty() ? null : text.toString());
        message.putNull("refusal");
        if (!thinking.isEmpty()) {
          message.put("reasoning_content", thinking.toString());
        }
        if (!calls.isEmpty()) {
          message.set("tool_calls", calls);
        }
        return message;
      }

      @Nullable JsonNode logprobs() {
        if (prompt.options().topLogprobs().isEmpty()) {
          return null;
        }
        ObjectNode object = JSON.objectNode();
        ArrayNode content = object.putArray("content");
        tokens.forEach(token -> content.add(tokenJson(token)));
        object.putNull("refusal");
        return object;
      }
    }

    /** A message in pieces. */
    private final class Deltas extends Message {
      private final int index;
      private final boolean usage;
      private final EventStream events;
      private boolean begun;
      private int calls;

      /**
       * @param usage whether the stream ends with the numbers of its tokens
       */
      Deltas(int index, boolean usage, EventStream events) {
        this.index = index;
        this.usage = usage;
        this.events = events;
      }

      private void begin() {
        if (!begun) {
          begun = true;
          ObjectNode first = JSON.objectNode();
          first.put("role", "assistant").put("content", "");
          send(first, null, null);
        }
      }

      private void send(ObjectNode delta, @Nullable JsonNode logprobs, @Nullable String finish) {
        events.data(chunk(delta, logprobs, finish));
      }

      private ObjectNode chunk(
          ObjectNode delta, @Nullable JsonNode logprobs, @Nullable String finish) {
        ObjectNode chunk = envelope("chat.completion.chunk");
        ObjectNode choice = chunk.putArray("choices").addObject();
        choice.put("index", index);
        choice.set("delta", delta);
        choice.set("logprobs", logprobs);
        choice.put("finish_reason", finish);
        if (usage) {
          chunk.putNull("usage"); // of all chunks but the last
        }
        return chunk;
      }

      /** The numbers of the tokens that have come since the last event. */
      private @Nullable JsonNode take() {
        JsonNode logprobs = tokens.isEmpty() ? null : logprobs();
        tokens.clear();
        return logprobs;
      }

      @Override
      public void thinking(String piece) {
        begin();
        send(JSON.objectNode().put("reasoning_content", piece), take(), null);
      }

      @Override
      public void text(String piece) {
        begin();
        send(JSON.objectNode().put("content", piece), take(), null);
      }

      @Override
      void add(ObjectNode call) {
        begin();
        ObjectNode delta = JSON.objectNode();
        delta.putArray("tool_calls").add(call.put("index", calls++));
        send(delta, take(), null);
      }

      @Override
      public void progress(int done, int total) {
        events.comment("prompt " + done + "/" + total);
      }

      void end(Reply reply) {
        begin();
        ObjectNode last = chunk(JSON.objectNode(), take(), finish(reply));
        last.set("timings", Timings.of(reply.result()));
        events.data(last);
      }
    }
  }

  private static ObjectNode callJson(String id, String name, String arguments) {
    ObjectNode json = JSON.objectNode();
    json.put("id", id);
    json.put("type", "function");
    json.putObject("function").put("name", name).put("arguments", arguments);
    return json;
  }

  private static String finish(Reply reply) {
    return switch (reply.end()) {
      case STOP -> "stop";
      case CALLS -> "tool_calls";
      case LENGTH -> "length";
    };
  }

  private ObjectNode tokenJson(TokenLogprobs token) {
    ObjectNode json = entry(token.chosen());
    ArrayNode top = json.putArray("top_logprobs");
    token.top().forEach(t -> top.add(entry(t)));
    return json;
  }

  private ObjectNode entry(TokenLogprobs.Entry token) {
    Tokenizer tokenizer = answers.model().tokenizer();
    byte[] bytes = tokenizer.bytes(token.token());
    ObjectNode json = JSON.objectNode();
    json.put("token", new String(bytes, StandardCharsets.UTF_8));
    json.put("logprob", token.logprob());
    ArrayNode list = json.putArray("bytes");
    for (byte b : bytes) {
      list.add(b & 0xff);
    }
    return json;
  }
}
