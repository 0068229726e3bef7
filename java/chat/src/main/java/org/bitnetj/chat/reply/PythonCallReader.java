package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bitnetj.chat.reply.CallForm.Cut;
import org.bitnetj.chat.reply.PythonScanner.MalformedException;
import org.jspecify.annotations.Nullable;

/**
 * Reads calls of Python, in a fenced block or not, whose arguments have keywords and are literals.
 * For one text.
 */
final class PythonCallReader {
  private static final Pattern FENCE = Pattern.compile("\\s*```(?:python)?");
  private static final Pattern NAME = Pattern.compile("\\s*([A-Za-z0-9_.-]+)\\s*\\(");
  private static final Pattern KEYWORD =
      Pattern.compile("\\s*([\\p{L}_][\\p{L}\\p{N}_-]*)\\s*=\\s*");
  private static final Pattern COMMA = Pattern.compile("\\s*,");
  private static final Pattern CLOSE = Pattern.compile("\\s*\\)");
  private static final Pattern END = Pattern.compile("\\s*`{0,3}");

  private final String text;
  private final PythonScanner scanner;

  // The call that is being read:
  private ObjectNode arguments = JsonNodeFactory.instance.objectNode();
  private @Nullable String keyword;
  private int valueStart;

  PythonCallReader(String text) {
    this.text = text;
    this.scanner = new PythonScanner(text);
  }

  /** The calls that the text begins with. */
  Cut read() {
    List<ToolCall> whole = new ArrayList<>();
    scanner.take(FENCE);
    while (true) {
      int start = scanner.at();
      Optional<String> name = scanner.take(NAME);
      if (name.isEmpty()) {
        scanner.take(END);
        return new Cut(whole, Optional.empty(), text.substring(scanner.at()));
      }
      try {
        readArguments();
      } catch (MalformedException e) {
        Optional<CutCall> last =
            e.isCut() ? Optional.of(CutCall.of(name.get(), begun())) : Optional.empty();
        return new Cut(whole, last, text.substring(start));
      }
      whole.add(ToolCall.of(name.get(), arguments.toString()));
    }
  }

  private void readArguments() throws MalformedException {
    arguments = JsonNodeFactory.instance.objectNode();
    while (scanner.take(CLOSE).isEmpty()) {
      keyword = scanner.take(KEYWORD).orElseThrow(scanner::malformed);
      valueStart = scanner.at();
      JsonNode value = scanner.value();
      if (scanner.take(COMMA).isEmpty() && !scanner.comes(CLOSE) || arguments.has(keyword)) {
        throw scanner.malformed();
      }
      arguments.set(keyword, value);
      keyword = null;
    }
  }

  /** The arguments so far as the beginning of a JSON object, without a value that is not JSON. */
  private String begun() {
    String object = arguments.toString();
    String begun = object.substring(0, object.length() - 1);
    String value = keyword == null ? "" : text.substring(valueStart);
    if (value.isEmpty()) {
      return begun;
    }
    String comma = arguments.isEmpty() ? "" : ",";
    String longer = begun + comma + JsonNodeFactory.instance.textNode(keyword) + ":" + value;
    return JsonCallReader.isBeginning(longer) ? longer : begun;
  }
}
