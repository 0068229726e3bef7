package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.option.SamplingOptions;

/** OpenAI's {@code /v1/responses}, as openresponses.org specifies it too. */
final class Responses {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final long MOST_KEPT_CHARACTERS = 32 << 20;

  private final Chats chats;
  private final Identity identity;
  private final ResponseStore store = new ResponseStore(MOST_KEPT_CHARACTERS);

  Responses(Chats chats, Identity identity) {
    this.chats = chats;
    this.identity = identity;
  }

  Door.Answer read(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("model", "service_tier", "prompt_cache_retention", "client_metadata");
    request.only("background", BooleanNode.FALSE, "an answer is given at once");
    request.only("truncation", JSON.textNode("disabled"), "nothing is left out of a conversation");
    request.only("top_logprobs", IntNode.valueOf(0), "/v1/chat/completions has them");
    if (request.texts("include").contains("message.output_text.logprobs")) {
      throw request.wrong("include", "cannot name logprobs here: /v1/chat/completions has them");
    }
    request
        .object("stream_options")
        .ifPresent(
            options -> {
              options.flag("include_obfuscation");
              options.finish();
            });
    ObjectNode echo = JSON.objectNode();
    boolean stream = request.flag("stream").orElse(false);
    boolean keep = request.flag("store").orElse(true);
    List<ChatMessage> conversation = conversation(request, echo);
    List<ChatMessage> messages = new ArrayList<>(conversation);
    Optional<String> instructions = request.text("instructions");
    instructions.ifPresent(text -> messages.addFirst(ChatMessage.system(text)));
    echo.put("instructions", instructions.orElse(null));
    if (messages.isEmpty()) {
      throw request.wrong("input", "must not be empty");
    }
    Tools tools = tools(request, echo);
    GenerationOptions options = options(request, echo);
    Optional<Grammar> format = format(request, echo);
    Optional<Boolean> thinking = thinking(request, echo);
    others(request, echo);
    echo.put("store", keep);
    request.finish();
    ChatPrompt prompt = chats.prepare(new ChatRequest(messages, tools, thinking, format, options));
    Run run = new Run(exchange, prompt, echo, keep ? Optional.of(conversation) : Optional.empty());
    return (events, response) -> {
      if (stream) {
        run.stream(events);
      } else {
        run.whole(response);
      }
    };
  }

  /** Gives a response that is remembered once more. */
  Door.Answer find(ServerRequest request) {
    String id = request.path().pathParameters().get("id");
    if (request.query().first("stream").filter("true"::equals).isPresent()) {
      throw new ApiException(
          ApiException.Kind.INVALID, "A response that has ended is not streamed again.");
    }
    ResponseStore.Kept kept = store.find(id).orElseThrow(() -> unknown(id));
    return Door.whole(Door.parse(kept.json()));
  }

  /** Forgets a response. */
  Door.Answer delete(ServerRequest request) {
    String id = request.path().pathParameters().get("id");
    if (!store.forget(id)) {
      throw unknown(id);
    }
    return Door.whole(
        JSON.objectNode().put("id", id).put("object", "response").put("deleted", true));
  }

  private static ApiException unknown(String id) {
    return new ApiException(
        ApiException.Kind.NOT_FOUND, "There is no response " + id + " here, or no longer.");
  }

  /** What was said before and the input, without instructions, which hold for one answer. */
  private List<ChatMessage> conversation(Fields request, ObjectNode echo) {
    Optional<String> previous = request.text("previous_response_id");
    List<ChatMessage> conversation = new ArrayList<>();
    previous.ifPresent(
        id ->
            conversation.addAll(
                store
                    .find(id)
                    .map(ResponseStore.Kept::conversation)
                    .orElseThrow(
                        () ->
                            request.wrong(
                                "previous_response_id",
                                "names no response that this server still has; send the whole"
                                    + " conversation as input"))));
    echo.put("previous_response_id", previous.orElse(null));
    conversation.addAll(ResponseItems.messages(request, "input"));
    return conversation;
  }

  private static Tools tools(Fields request, ObjectNode echo) {
    List<ObjectNode> functions = ResponseItems.functions(request);
    Tools tools = ResponseItems.tools(request, functions);
    ArrayNode shown = echo.putArray("tools");
    for (ObjectNode function : functions) {
      ObjectNode tool = shown.addObject();
      tool.put("type", "function");
      tool.set("name", function.get("name"));
      tool.set("description", function.get("description"));
      tool.set("parameters", function.get("parameters"));
      tool.put("strict", isStrict(request, function.get("name")));
    }
    echo.set("tool_choice", request.any("tool_choice").orElse(JSON.textNode("auto")));
    echo.put("parallel_tool_calls", request.flag("parallel_tool_calls").orElse(true));
    request.integer("max_tool_calls", 1, Integer.MAX_VALUE); // of tools that are not here
    echo.set("max_tool_calls", request.any("max_tool_calls").orElse(null));
    return tools;
  }

  private GenerationOptions options(Fields request, ObjectNode echo) {
    OptionalInt most = request.integer("max_output_tokens", 1, Integer.MAX_VALUE);
    GenerationOptions options = OpenAiSampling.read(request, chats.vocabulary(), most);
    SamplingOptions sampling = options.sampling();
    echo.set("max_output_tokens", request.any("max_output_tokens").orElse(null));
    echo.put("temperature", sampling.temperature());
    echo.put("top_p", sampling.topP());
    echo.put("presence_penalty", sampling.presencePenalty());
    echo.put("frequency_penalty", sampling.frequencyPenalty());
    echo.put("top_logprobs", 0);
    echo.put("truncation", "disabled");
    return options;
  }

  private static Optional<Grammar> format(Fields request, ObjectNode echo) {
    ObjectNode shown = echo.putObject("text");
    shown.putObject("format").put("type", "text");
    return request
        .object("text")
        .flatMap(
            text -> {
              text.text("verbosity").ifPresent(verbosity -> shown.put("verbosity", verbosity));
              text.any("format").ifPresent(format -> shown.set("format", format));
              Optional<Grammar> grammar =
                  text.object("format").flatMap(format -> OutputFormat.read(format, false));
              text.finish();
              return grammar;
            });
  }

  private static Optional<Boolean> thinking(Fields request, ObjectNode echo) {
    ObjectNode shown = echo.putObject("reasoning");
    Optional<Fields> reasoning = request.object("reasoning");
    shown.put("effort", reasoning.flatMap(r -> r.text("effort")).orElse(null));
    shown.put("summary", reasoning.flatMap(r -> r.text("summary")).orElse(null));
    Optional<Boolean> thinking = reasoning.flatMap(r -> OpenAiMessages.thinks(r, "effort"));
    reasoning.ifPresent(
        r -> {
          r.ignore("generate_summary");
          r.finish();
        });
    return thinking;
  }

  private static boolean isStrict(Fields request, JsonNode name) {
    for (JsonNode tool : request.any("tools").orElseGet(JSON::arrayNode)) {
      if (name.equals(tool.get("name"))) {
        return tool.path("strict").booleanValue();
      }
    }
    return false;
  }

  /** What changes nothing and is sent back. */
  private static void others(Fields request, ObjectNode echo) {
    request.object("metadata"); // must be one
    echo.set("metadata", request.any("metadata").orElseGet(JSON::objectNode));
    for (String field : List.of("safety_identifier", "prompt_cache_key")) {
      echo.put(field, request.text(field).orElse(null));
    }
    request.text("user").ifPresent(user -> echo.put("user", user)); // never null
    echo.put("background", false);
    echo.put("service_tier", "default");
  }

  /** One request. */
  private final class Run {
    private final String id = ToolCall.newId("resp_");
    private final long created = seconds();
    private final Exchange exchange;
    private final ChatPrompt prompt;
    private final ObjectNode echo;
    private final Optional<List<ChatMessage>> kept;
    private int sequence;

    /**
     * @param kept the conversation that goes on with the answer, if it is to be remembered
     */
    Run(Exchange exchange, ChatPrompt prompt, ObjectNode echo, Optional<List<ChatMessage>> kept) {
      this.exchange = exchange;
      this.prompt = prompt;
      this.echo = echo;
      this.kept = kept;
    }

    void whole(ServerResponse response) {
      Door.send(response, answer(new OutputItems((type, fields) -> {})));
    }

    void stream(EventStream events) {
      OutputItems items =
          new OutputItems((type, fields) -> send(events, type, fields)) {
            @Override
            public void progress(int done, int total) {
              begin(events);
              events.comment("prompt " + done + "/" + total);
            }
          };
      events.onFailure(e -> end(events, failed(items, e)));
      end(events, answer(items));
    }

    private ObjectNode answer(OutputItems items) {
      Reply reply = chats.answer(exchange, prompt, items);
      boolean whole = reply.end() != Reply.End.LENGTH;
      items.finish(whole);
      ObjectNode body = body(whole ? "completed" : "incomplete", items.json());
      if (whole) {
        body.put("completed_at", seconds());
      } else {
        body.putObject("incomplete_details").put("reason", "max_output_tokens");
      }
      body.set("usage", usage(reply));
      kept.ifPresent(
          conversation -> {
            Fields output = Fields.of(body, "");
            conversation.addAll(ResponseItems.messages(output, "output"));
            store.keep(id, new ResponseStore.Kept(conversation, body.toString()));
          });
      return body;
    }

    private ObjectNode failed(OutputItems items, ApiException e) {
      ObjectNode body = body("failed", items.json());
      ObjectNode error = body.putObject("error");
      error.put("code", e.code().orElse(e.kind().openAi));
      error.put("message", e.sentence());
      return body;
    }

    private void begin(EventStream events) {
      if (sequence == 0) {
        ObjectNode body = body("in_progress", JSON.arrayNode());
        event(events, "response.created", response(body));
        event(events, "response.in_progress", response(body));
      }
    }

    private void send(EventStream events, String type, ObjectNode fields) {
      begin(events);
      event(events, type, fields);
    }

    private void end(EventStream events, ObjectNode body) {
      send(events, "response." + body.get("status").textValue(), response(body));
      events.done();
    }

    private void event(EventStream events, String type, ObjectNode fields) {
      ObjectNode data = JSON.objectNode();
      data.put("type", type);
      data.put("sequence_number", sequence++);
      data.setAll(fields);
      events.event(type, data);
    }

    private ObjectNode body(String status, ArrayNode output) {
      ObjectNode body = JSON.objectNode();
      body.put("id", id);
      body.put("object", "response");
      body.put("created_at", created);
      body.putNull("completed_at");
      body.put("status", status);
      body.putNull("error");
      body.putNull("incomplete_details");
      body.put("model", identity.model());
      body.set("output", output);
      body.putNull("usage");
      body.setAll(echo);
      return body;
    }
  }

  private static ObjectNode response(ObjectNode body) {
    ObjectNode fields = JSON.objectNode();
    fields.set("response", body);
    return fields;
  }

  private static long seconds() {
    return System.currentTimeMillis() / 1000;
  }

  private static ObjectNode usage(Reply reply) {
    GenerationStats stats = reply.result().stats();
    ObjectNode usage = JSON.objectNode();
    usage.put("input_tokens", stats.promptTokens());
    usage
        .putObject("input_tokens_details")
        .put("cached_tokens", stats.cachedTokens())
        .put("cache_write_tokens", 0); // writes are not counted apart
    usage.put("output_tokens", stats.generatedTokens());
    usage.putObject("output_tokens_details").put("reasoning_tokens", reply.thinkingTokens());
    usage.put("total_tokens", stats.promptTokens() + stats.generatedTokens());
    return usage;
  }
}
