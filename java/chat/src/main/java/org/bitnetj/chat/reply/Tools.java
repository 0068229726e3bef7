package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.tokenizer.Segment;
import org.jspecify.annotations.Nullable;

/**
 * The functions that a model may call, and how it is told of them. A chat template that knows tools
 * tells it in the form that the model was trained with; to another one they are explained in a
 * system message, with calls in the form that most open models use.
 *
 * @param functions each a JSON object with {@code name}, {@code description} and {@code parameters}
 * @param choice whether it may, must or must not call some
 * @param only the one function that it must call
 * @param several whether an answer that must call some may have several calls
 */
public record Tools(
    List<ObjectNode> functions, Choice choice, Optional<String> only, boolean several) {
  /** Whether functions are called. */
  public enum Choice {
    /** None is called. */
    NONE,
    /** The model decides. */
    AUTO,
    /** At least one is called. */
    REQUIRED,
    /** If the answer's format, which is that of all of it, spells calls. */
    BY_FORMAT
  }

  /** Functions, all of which may be called. */
  public Tools {
    Objects.requireNonNull(functions, "functions is null");
    Objects.requireNonNull(choice, "choice is null");
    Objects.requireNonNull(only, "only is null");
  }

  /** None, and none are called. */
  public static final Tools ABSENT = new Tools(List.of(), Choice.NONE, Optional.empty(), true);

  private static final ObjectMapper JSON = StrictJson.mapper();

  private static final JsonNode OBJECT = JsonNodeFactory.instance.textNode("object");

  private static final String PROBE = "probe_of_tools_4711";

  /**
   * {@return a definition of a function}
   *
   * @param name up to 128 letters, digits, '_', '.' and '-'
   * @param description what it does; may be empty
   * @param parameters a JSON schema of an object
   * @throws IllegalArgumentException if the name has other characters, or the parameters are no
   *     JSON object, or a schema of something else than an object
   */
  public static ObjectNode function(String name, String description, String parameters) {
    Objects.requireNonNull(name, "name is null");
    Objects.requireNonNull(description, "description is null");
    Objects.requireNonNull(parameters, "parameters is null");
    if (!name.matches("[A-Za-z0-9_.-]{1,128}")) {
      throw new IllegalArgumentException(
          "A function's name must be up to 128 letters, digits, '_', '.' and '-', not "
              + name
              + ".");
    }
    ObjectNode function = JsonNodeFactory.instance.objectNode().put("name", name);
    if (!description.isEmpty()) {
      function.put("description", description);
    }
    ObjectNode schema = StrictJson.object("The parameters of " + name, parameters);
    if (!allowObjects(schema)) {
      throw new IllegalArgumentException(
          "The parameters of " + name + " must be a JSON schema of an object.");
    }
    function.set("parameters", schema);
    return function;
  }

  /**
   * {@return whether a schema's {@code type} allows objects, as arguments are; so does a schema
   * without a type}
   *
   * @param schema a JSON schema
   */
  public static boolean allowObjects(JsonNode schema) {
    Objects.requireNonNull(schema, "schema is null");
    JsonNode type = schema.path("type");
    if (type.isArray()) {
      return type.valueStream().anyMatch(OBJECT::equals);
    }
    return type.isMissingNode() || type.equals(OBJECT);
  }

  /**
   * Functions of which the model may call any.
   *
   * @param functions each as {@link #function} makes it
   * @param choice whether it may or must call them
   * @param several whether an answer that must call some may have several calls; it may if null
   * @return the functions, or {@link #ABSENT} if there are none
   * @throws IllegalArgumentException if calls are required and there is no function
   */
  public static Tools of(List<ObjectNode> functions, Choice choice, @Nullable Boolean several) {
    Objects.requireNonNull(functions, "functions is null");
    Objects.requireNonNull(choice, "choice is null");
    if (!functions.isEmpty()) {
      return new Tools(functions, choice, Optional.empty(), !Boolean.FALSE.equals(several));
    }
    if (choice == Choice.REQUIRED) {
      throw new IllegalArgumentException("To require calls takes at least one tool.");
    }
    return ABSENT;
  }

  /** {@return whether the model is told of any} */
  public boolean isPresent() {
    return !functions.isEmpty() && choice != Choice.NONE;
  }

  /**
   * The same, called only as the answer's format spells.
   *
   * @return the functions with {@link Choice#BY_FORMAT}
   */
  public Tools byFormat() {
    return isPresent() ? new Tools(functions, Choice.BY_FORMAT, only, several) : this;
  }

  /** The definitions as chat templates take them. */
  List<String> definitions() {
    List<String> result = new ArrayList<>();
    for (ObjectNode function : functions) {
      ObjectNode tool = JsonNodeFactory.instance.objectNode();
      tool.put("type", "function");
      tool.set("function", function);
      result.add(tool.toString());
    }
    return result;
  }

  /**
   * Whether a model's chat template tells it of tools.
   *
   * @throws ChatTemplateException if the thread is interrupted
   */
  static boolean areInTemplate(LanguageModel model) {
    return probe(model, List.of(ChatMessage.user("Hello"))).contains(PROBE);
  }

  /**
   * The form in which a model whose template tells it of tools calls them: that of the calls in
   * earlier answers or, if the template refuses those, of its explanation.
   *
   * @throws ChatTemplateException if the thread is interrupted
   */
  static CallForm callForm(LanguageModel model) {
    String calls = "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]";
    ChatMessage hello = ChatMessage.user("Hello");
    String shown =
        probe(
            model, List.of(hello, ChatMessage.assistant("", calls), ChatMessage.tool("7"), hello));
    return CallForm.shownBy(shown.isEmpty() ? probe(model, List.of(hello)) : shown);
  }

  /** What a model's template writes of messages where there is a tool; nothing if it refuses. */
  private static String probe(LanguageModel model, List<ChatMessage> messages) {
    ChatSettings settings =
        ChatSettings.DEFAULTS.withTools(
            List.of(
                "{\"type\":\"function\",\"function\":{\"name\":\""
                    + PROBE
                    + "\",\"description\":\"d\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}}"));
    try {
      return model.chatTemplate().isEmpty()
          ? ""
          : model.requireChatTemplate().render(messages, settings, true).stream()
              .map(Segment::text)
              .collect(Collectors.joining());
    } catch (ChatTemplateException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return "";
    }
  }

  /**
   * The same conversation for a model whose template knows no tools: the functions are explained at
   * its beginning, calls and results become text.
   */
  List<ChatMessage> explained(List<ChatMessage> messages) {
    List<ChatMessage> result = new ArrayList<>();
    for (ChatMessage message : messages) {
      if (message.role().equals("tool")) {
        result.add(
            ChatMessage.user("<tool_response>\n" + message.content() + "\n</tool_response>"));
      } else if (message.toolCalls().isPresent()) {
        result.add(ChatMessage.assistant(message.content() + calls(message.toolCalls().get())));
      } else {
        result.add(message);
      }
    }
    if (isPresent()) {
      StringBuilder system = new StringBuilder();
      while (!result.isEmpty() && result.getFirst().role().equals("system")) {
        system.append(result.removeFirst().content()).append("\n\n");
      }
      result.addFirst(ChatMessage.system(system + explanation()));
    }
    return result;
  }

  private String explanation() {
    StringBuilder text = new StringBuilder("You can call these functions:\n");
    functions.forEach(function -> text.append(function).append('\n'));
    return text.append(
            "To call one, write exactly this, with its name and a JSON object of its arguments:\n"
                + "<tool_call>\n{\"name\": NAME, \"arguments\": ARGUMENTS}\n</tool_call>")
        .toString();
  }

  private static String calls(String json) {
    StringBuilder text = new StringBuilder();
    for (JsonNode call : parse(json)) {
      ObjectNode written = JsonNodeFactory.instance.objectNode();
      written.set("name", call.path("function").path("name"));
      written.set("arguments", call.path("function").path("arguments"));
      text.append("\n<tool_call>\n").append(written).append("\n</tool_call>");
    }
    return text.toString();
  }

  /** Calls that {@link ChatMessage} has checked. */
  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Tool calls are not JSON: " + e.getOriginalMessage(), e);
    }
  }
}
