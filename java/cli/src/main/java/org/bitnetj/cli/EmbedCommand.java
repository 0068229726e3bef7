package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.Pooling;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet embed}: vectors for texts, and how near texts are. */
@Command(
    name = "embed",
    description = "Gives vectors for texts, or says how similar texts are.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet embed -m model.gguf \"a small cat\" \"a kitten\"",
      "  bitnet embed -m model.gguf --similarity \"a small cat\" \"a kitten\"",
      "  bitnet embed -m model.gguf -f lines.txt -o vectors.npy",
      "",
      "In jsonl each text becomes a line of JSON: {\"tokens\": …, \"embedding\": […]}. npy is"
          + " numpy's format, float32 in C order, [texts, width]. Vectors have the length 1, so"
          + " that their dot product is their cosine similarity."
    })
final class EmbedCommand implements Callable<Integer> {
  enum Format {
    jsonl,
    npy
  }

  /** Texts between two reports of progress. */
  private static final int SOME = 16;

  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Parameters(
      arity = "0..*",
      paramLabel = "[TEXT]",
      hideParamSyntax = true,
      description =
          "Texts, each in quotes ('-' alone is standard input). Default: the lines of standard"
              + " input.")
  private List<String> texts = List.of();

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Take each line of FILE as a text ('-' is standard input).")
  private @Nullable Path file;

  @Option(
      names = "--pooling",
      paramLabel = "KIND",
      description =
          "last or mean: of which hidden states vectors are made. Default: as the model says, or"
              + " else last, with a warning.")
  private @Nullable Pooling pooling;

  @Option(
      names = "--similarity",
      description = "Write the cosine similarity of the first text and each other, a line each.")
  private boolean similarity;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "How vectors are written: ${COMPLETION-CANDIDATES}. Default: npy into a file whose name"
              + " ends in .npy, else jsonl.")
  private @Nullable Format format;

  @Mixin private OutputOption output;
  @Mixin private EngineOptions engine;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (similarity && format != null) {
      throw new ParameterException(spec.commandLine(), "Give --similarity or --format, not both.");
    }
    List<String> all = read();
    if (all.isEmpty() || similarity && all.size() < 2) {
      throw new ParameterException(
          spec.commandLine(),
          similarity ? "Give two texts or more to compare." : "Give a text at least.");
    }
    Path path = model.path(bitnet.streams());
    LoadOptions options = engine.options(HeadMode.FULL, bitnet.streams());
    try (Result result = open(path);
        EmbeddingModel loaded =
            pooling == null
                ? EmbeddingModel.load(path, options)
                : EmbeddingModel.load(path, options, pooling)) {
      if (similarity) {
        writeSimilarities(loaded, all, result.out());
      } else if (writesNpy()) {
        writeNpy(loaded, all, result.out());
      } else {
        writeJson(loaded, all, result.out());
      }
      result.commit();
    }
    return 0;
  }

  private boolean writesNpy() {
    boolean named = output.file().filter(file -> file.toString().endsWith(".npy")).isPresent();
    return !similarity && (format != null ? format == Format.npy : named);
  }

  private Result open(Path path) {
    Path[] inputs = Stream.concat(Stream.of(path), Stream.ofNullable(file)).toArray(Path[]::new);
    return writesNpy()
        ? output.openBinary(bitnet.streams(), engine.layouts(), inputs)
        : output.open(bitnet.streams(), engine.layouts(), inputs);
  }

  /** Texts that are not empty; lines may be so at the end of a file only. */
  private List<String> read() throws IOException {
    if (texts.isEmpty() || file == null && isNamed()) {
      return lines();
    }
    if (file != null) {
      throw new ParameterException(
          spec.commandLine(), "Give texts as arguments or by -f, not both.");
    }
    if (texts.contains("")) {
      throw new ParameterException(
          spec.commandLine(),
          "Text " + (texts.indexOf("") + 1) + " is empty; an empty text has no vector.");
    }
    return texts;
  }

  /** Whether standard input is named as the argument. */
  private boolean isNamed() {
    return texts.equals(List.of(TextInput.STANDARD_INPUT));
  }

  private List<String> lines() throws IOException {
    boolean standard = file == null || file.toString().equals(TextInput.STANDARD_INPUT);
    if (file == null && !isNamed() && bitnet.streams().isTerminal(Streams.Standard.IN)) {
      throw new ParameterException(
          spec.commandLine(), "Give texts, as arguments, by -f, or on standard input.");
    }
    byte[] bytes =
        TextInput.withoutByteOrderMark(
            standard ? bitnet.streams().in().readAllBytes() : TextInput.contents(file));
    String where = standard ? "standard input" : file.toString();
    List<String> lines = new ArrayList<>(TextInput.decoded(bytes, where).lines().toList());
    while (!lines.isEmpty() && lines.getLast().isEmpty()) {
      lines.removeLast();
    }
    if (lines.contains("")) {
      throw new Failures.Failure(
          where
              + ", line "
              + (lines.indexOf("") + 1)
              + ": the line is empty, and an empty text has no vector; remove the line.");
    }
    return lines;
  }

  private static void writeJson(EmbeddingModel embeddings, List<String> all, Output out)
      throws IOException {
    JsonFactory factory = new JsonFactory();
    for (int from = 0; from < all.size(); from += SOME) {
      List<String> some = all.subList(from, Math.min(from + SOME, all.size()));
      List<float[]> vectors = embeddings.embed(some);
      for (int i = 0; i < some.size(); i++) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = factory.createGenerator(line)) {
          json.writeStartObject();
          json.writeNumberField("tokens", embeddings.countTokens(some.get(i)));
          json.writeArrayFieldStart("embedding");
          for (float x : vectors.get(i)) {
            json.writeNumber(x);
          }
          json.writeEndArray();
          json.writeEndObject();
        }
        out.println(line.toString());
      }
    }
  }

  private static void writeSimilarities(EmbeddingModel embeddings, List<String> all, Output out) {
    List<float[]> vectors = embeddings.embed(all);
    for (float[] other : vectors.subList(1, vectors.size())) {
      double cosine = EmbeddingModel.similarity(vectors.getFirst(), other);
      out.println(String.format(Locale.ROOT, "%.4f", cosine));
    }
  }

  private void writeNpy(EmbeddingModel embeddings, List<String> all, Output out) {
    try (ProgressLine progress = new ProgressLine(bitnet.streams())) {
      out.write(NpyFormat.header(all.size(), embeddings.info().width()));
      for (int from = 0; from < all.size(); from += SOME) {
        int end = Math.min(from + SOME, all.size());
        for (float[] vector : embeddings.embed(all.subList(from, end))) {
          out.write(NpyFormat.row(vector));
        }
        progress.update(() -> end + " of " + all.size() + " texts");
      }
    }
  }
}
