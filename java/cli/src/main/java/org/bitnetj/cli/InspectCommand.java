package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.container.ModelContainer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet inspect}: what is in a model file. */
@Command(
    name = "inspect",
    description = "Shows a model's metadata, tensors and sizes.",
    sortOptions = false,
    footer = {"", "Examples:", "  bitnet inspect model.gguf", "  bitnet inspect --json model.gguf"})
final class InspectCommand implements Callable<Integer> {
  private static final int MOST_WIDTH = 60; // of a column

  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Parameters(
      arity = "0..1",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ShortNamesAndFiles.class,
      description = "The model, as for -m.")
  private @Nullable String named;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Mixin private LayoutOption layout;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (named != null && model.given().isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "Name the model once: as an argument or by -m.");
    }
    Path path = named != null ? model.path(named, bitnet.streams()) : model.path(bitnet.streams());
    try (ModelSource source = ModelContainer.open(path, true, layout.options())) {
      Report report = Report.of(source);
      if (json) {
        writeJson(report);
      } else {
        writeText(report);
      }
    }
    return 0;
  }

  /**
   * What is shown.
   *
   * @param spec the model, if the engine can run it
   * @param refusal else why not
   */
  private record Report(
      Path path,
      String architecture,
      Inspection inspection,
      @Nullable ModelSpec spec,
      @Nullable String refusal) {
    static Report of(ModelSource source) {
      Inspection inspection = source.inspection();
      try {
        return new Report(source.path(), source.family(), inspection, source.spec(), null);
      } catch (ModelFileException e) {
        return new Report(source.path(), source.family(), inspection, null, e.getMessage());
      }
    }
  }

  private void writeText(Report report) {
    Output out = bitnet.streams().out();
    Inspection inspection = report.inspection;
    out.println(report.path + ": " + inspection.container() + ", " + size(inspection.size()));
    out.println("");
    out.println("Metadata (" + inspection.metadata().size() + ")");
    for (Inspection.Entry entry : inspection.metadata()) {
      out.println("  " + entry.key() + " = " + entry.shown() + "  [" + entry.type() + "]");
    }
    out.println("");
    out.println("Tensors (" + inspection.tensors().size() + ")");
    int names = width(inspection.tensors().stream().map(Inspection.Row::name));
    int types = width(inspection.totals().stream().map(Inspection.Total::type));
    for (Inspection.Row row : inspection.tensors()) {
      String dims = row.dims().stream().map(String::valueOf).collect(Collectors.joining(" x "));
      out.println(
          String.format(
              Locale.ROOT,
              "  %-" + names + "s %-" + types + "s %-16s %12d bytes at %d%s",
              row.name(),
              row.type(),
              dims,
              row.bytes(),
              row.offset(),
              remark(row)));
    }
    out.println("");
    out.println("Totals");
    for (Inspection.Total total : inspection.totals()) {
      out.println(
          String.format(
              Locale.ROOT,
              "  %-" + types + "s %5d tensors %16d elements  %s",
              total.type(),
              total.tensors(),
              total.elements(),
              size(total.bytes())));
    }
    inspection.readings().forEach(out::println);
    if (report.refusal != null) {
      out.println("This engine cannot run it: " + report.refusal);
    }
    if (report.spec != null) {
      out.println(
          "Computed with int8 activations, one scale a " + report.spec.activationScaling().label());
    }
  }

  private static int width(Stream<String> texts) {
    return Math.min(MOST_WIDTH, texts.mapToInt(String::length).max().orElse(1));
  }

  /** What is said of a tensor after its size; nothing of those with one scale anyhow. */
  private static String remark(Inspection.Row row) {
    return row.sharing()
        .map(sharing -> sharing.equals("tensor") ? ", one scale" : ", a scale a " + sharing)
        .orElse("");
  }

  private void writeJson(Report report) throws IOException {
    Inspection inspection = report.inspection;
    try (JsonGenerator json = new JsonFactory().createGenerator(bitnet.streams().out().stream())) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("file", report.path.toString());
      json.writeStringField("container", inspection.container());
      json.writeNumberField("bytes", inspection.size());
      json.writeStringField("architecture", report.architecture);
      if (report.spec != null) {
        json.writeStringField("activation_scale_per", report.spec.activationScaling().label());
      }
      if (report.refusal != null) {
        json.writeStringField("cannot_run", report.refusal);
      }
      json.writeArrayFieldStart("readings");
      for (String reading : inspection.readings()) {
        json.writeString(reading);
      }
      json.writeEndArray();
      json.writeObjectFieldStart("metadata");
      for (Inspection.Entry entry : inspection.metadata()) {
        json.writeFieldName(entry.key());
        switch (entry.scalar()) {
          case null -> json.writeString(entry.shown());
          case Boolean b -> json.writeBoolean(b);
          case Long l -> json.writeNumber(l);
          case BigInteger i -> json.writeNumber(i);
          case Float f -> json.writeNumber(f);
          case Double d -> json.writeNumber(d);
          case Object o -> json.writeString(o.toString());
        }
      }
      json.writeEndObject();
      json.writeArrayFieldStart("tensors");
      for (Inspection.Row row : inspection.tensors()) {
        json.writeStartObject();
        json.writeStringField("name", row.name());
        json.writeStringField("type", row.type());
        json.writeArrayFieldStart("dims");
        for (long d : row.dims()) {
          json.writeNumber(d);
        }
        json.writeEndArray();
        json.writeStringField("file", row.file().getFileName().toString());
        json.writeNumberField("offset", row.offset());
        json.writeNumberField("bytes", row.bytes());
        if (row.sharing().isPresent()) {
          json.writeStringField("scale_per", row.sharing().get());
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    bitnet.streams().out().print("\n");
  }

  private static String size(long bytes) {
    return bytes < 10 << 20
        ? String.format(Locale.ROOT, "%d bytes", bytes)
        : String.format(Locale.ROOT, "%d bytes (%.1f MiB)", bytes, bytes / 1048576.0);
  }
}
