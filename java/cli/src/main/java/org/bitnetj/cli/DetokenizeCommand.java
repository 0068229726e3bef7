package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet detokenize}: token ids to text. */
@Command(
    name = "detokenize",
    description = "Prints the text of token ids.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet detokenize 351 975 517",
      "  bitnet tokenize \"Once upon a time\" | bitnet detokenize",
      "  bitnet tokenize --raw -f text | bitnet detokenize --raw -o same",
      "",
      "With --raw the bytes of the tokens are written as they are, without a line break at the end."
          + " Without it bytes that are not UTF-8 become U+FFFD, and a line break follows."
    })
final class DetokenizeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;

  @Parameters(
      paramLabel = "ID",
      description =
          "Token ids, separated by spaces or commas ('-' alone is standard input). Default:"
              + " standard input.")
  private List<String> arguments = List.of();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "${COMPLETION-CANDIDATES}; json is an object with the text. Default: ${DEFAULT-VALUE}.")
  private ReportFormat format = ReportFormat.text;

  @Mixin private OutputOption output;

  @Option(names = "--raw", description = "Write exactly the bytes of the tokens.")
  private boolean raw;

  @Option(names = "--special", description = "Show special tokens by their names.")
  private boolean special;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (raw && format == ReportFormat.json) {
      throw new ParameterException(spec.commandLine(), "Give --raw or --format json, not both.");
    }
    String source =
        arguments.isEmpty() || arguments.equals(List.of(TextInput.STANDARD_INPUT))
            ? new String(bitnet.streams().in().readAllBytes(), StandardCharsets.UTF_8)
            : String.join(" ", arguments);
    Path path = model.path(bitnet.streams());
    try (Result result = output.open(bitnet.streams(), LayoutOptions.none(), path);
        VocabularyFile file = ModelContainer.openVocabulary(path)) {
      Output out = result.out();
      Tokenizer tokenizer = Tokenizer.of(file.vocabulary());
      int[] ids = TokenIds.parse(source, tokenizer.vocabularySize());
      if (raw) {
        out.write(tokenizer.decodeBytes(ids, special));
        result.commit();
        return 0;
      }
      String text = tokenizer.decode(ids, special);
      if (format == ReportFormat.json) {
        try (JsonGenerator generator = new JsonFactory().createGenerator(out.stream())) {
          generator.writeStartObject();
          generator.writeStringField("text", text);
          generator.writeEndObject();
        }
        out.print("\n");
      } else {
        out.println(text);
      }
      result.commit();
    }
    return 0;
  }
}
