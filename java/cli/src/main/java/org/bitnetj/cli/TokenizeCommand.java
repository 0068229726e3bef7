package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet tokenize}: text to token ids. */
@Command(
    name = "tokenize",
    description = "Prints the token ids of a text.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet tokenize \"Once upon a time\"",
      "  bitnet tokenize -m model.gguf --no-bos --format json -f book.txt",
      "  bitnet tokenize --jsonl -o ids.jsonl <texts.jsonl",
      "",
      "A text is read as 'run' reads it: it must be UTF-8, and one from a file or standard input"
          + " loses one line break at its end, unless --raw keeps it.",
      "",
      "With --jsonl each line of standard input is an object {\"text\": …} or {\"text_b64\": …}"
          + " with optional \"parse_special\" and \"add_bos\" (both false unless given), and"
          + " becomes a line {\"ids\": […]}."
    })
final class TokenizeCommand implements Callable<Integer> {
  private static final JsonFactory JSON = new JsonFactory();

  @Spec private CommandSpec spec;
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;
  @Mixin private TextInput text;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "${COMPLETION-CANDIDATES}; json is an object with the ids and their texts. Default:"
              + " ${DEFAULT-VALUE}.")
  private ReportFormat format = ReportFormat.text;

  @Mixin private OutputOption output;

  @Option(names = "--jsonl", description = "Work on a data set: JSON lines in, JSON lines out.")
  private boolean jsonl;

  @Option(
      names = "--raw",
      description =
          "Take a text exactly as it is read, with a byte order mark before it and the line break"
              + " at its end.")
  private boolean raw;

  @Option(
      names = "--parse-special",
      description = "Read the names of special tokens as these tokens, not as text.")
  private boolean parseSpecial;

  @Option(
      names = "--bos",
      negatable = true,
      description = "Begin with the beginning-of-text token. Default: as the model file says.")
  private @Nullable Boolean bos;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (jsonl && format == ReportFormat.json) {
      throw new ParameterException(spec.commandLine(), "Give --jsonl or --format json, not both.");
    }
    Path path = model.path(bitnet.streams());
    Path[] inputs = Stream.concat(Stream.of(path), text.file().stream()).toArray(Path[]::new);
    try (Result result = output.open(bitnet.streams(), LayoutOptions.none(), inputs);
        VocabularyFile file = ModelContainer.openVocabulary(path)) {
      Output out = result.out();
      Tokenizer tokenizer = Tokenizer.of(file.vocabulary());
      if (jsonl) {
        convertLines(tokenizer, out);
        result.commit();
        return 0;
      }
      boolean addBos = bos != null ? bos : tokenizer.addsBos();
      String read = raw ? text.exact(bitnet.streams()) : text.prompt(bitnet.streams());
      int[] ids = tokenizer.encode(read, parseSpecial, addBos);
      if (format == ReportFormat.json) {
        out.println(toJson(tokenizer, ids, true));
      } else {
        out.println(
            Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
      }
      result.commit();
    }
    return 0;
  }

  private void convertLines(Tokenizer tokenizer, Output out) throws IOException {
    BufferedReader lines = bitnet.streams().lines();
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      Line parsed = parse(line, number);
      int[] ids = tokenizer.encode(parsed.text(), parsed.parseSpecial(), parsed.addBos());
      out.println(toJson(tokenizer, ids, false));
      if (!lines.ready()) {
        out.flush(); // whoever feeds us line by line waits for the answer
      }
    }
  }

  private record Line(byte[] text, boolean parseSpecial, boolean addBos) {}

  private static Line parse(String line, int number) throws IOException {
    byte[] text = null;
    boolean parseSpecial = false;
    boolean addBos = false;
    try (JsonParser parser = JSON.createParser(line)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw failure(number, "is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        switch (field) {
          case "text" -> text = string(parser, number).getBytes(StandardCharsets.UTF_8);
          case "text_b64" -> {
            string(parser, number);
            text = parser.getBinaryValue();
          }
          case "parse_special" -> parseSpecial = truth(parser, number);
          case "add_bos" -> addBos = truth(parser, number);
          default -> parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw failure(number, "has something after its JSON object");
      }
    } catch (JsonProcessingException e) {
      throw failure(number, "is not a valid JSON object");
    }
    if (text == null) {
      throw failure(number, "has neither \"text\" nor \"text_b64\"");
    }
    return new Line(text, parseSpecial, addBos);
  }

  private static String string(JsonParser parser, int number) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw failure(number, "has a \"" + parser.currentName() + "\" that is not a string");
    }
    return parser.getText();
  }

  private static boolean truth(JsonParser parser, int number) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default ->
          throw failure(
              number, "has a \"" + parser.currentName() + "\" that is neither true nor false");
    };
  }

  private static Failures.Failure failure(int number, String what) {
    return new Failures.Failure("line " + number + " of the input " + what + ".");
  }

  private static String toJson(Tokenizer tokenizer, int[] ids, boolean pieces) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(text)) {
      generator.writeStartObject();
      generator.writeFieldName("ids");
      generator.writeArray(ids, 0, ids.length);
      if (pieces) {
        generator.writeArrayFieldStart("tokens");
        for (int id : ids) {
          generator.writeString(new String(tokenizer.bytes(id), StandardCharsets.UTF_8));
        }
        generator.writeEndArray();
      }
      generator.writeEndObject();
    }
    return text.toString();
  }
}
