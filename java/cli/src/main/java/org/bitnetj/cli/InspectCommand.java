package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.hub.Hub;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.model.Fit;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Printable;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tokenizer.Tokenizer;
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
    footer = {
      "",
      "Examples:",
      "  bitnet inspect model.gguf",
      "  bitnet inspect --format json -o model.json model.gguf"
    })
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

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "${COMPLETION-CANDIDATES}; docs/json.md says what the fields of json are. Default:"
              + " ${DEFAULT-VALUE}.")
  private ReportFormat format = ReportFormat.text;

  @Mixin private OutputOption output;

  @Mixin private LayoutOption layout;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (named != null && model.given().isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "Name the model once: as an argument or by -m.");
    }
    Path path = named != null ? model.path(named, bitnet.streams()) : model.path(bitnet.streams());
    try (Result result = output.open(bitnet.streams(), layout.options(), path);
        ModelSource source = ModelContainer.open(path, true, layout.options())) {
      Report report = Report.of(source);
      if (format == ReportFormat.json) {
        result.out().print(JsonText.of(json(report)));
      } else {
        writeText(report, result.out());
      }
      result.commit();
    }
    return 0;
  }

  /**
   * What is shown.
   *
   * @param spec the model, if the engine knows its family
   * @param fit what it takes, if all of its tensors are as they must be
   * @param refusal why it does not load here; null if it does
   */
  private record Report(
      Path path,
      String architecture,
      Inspection inspection,
      @Nullable ModelSpec spec,
      @Nullable Fit fit,
      @Nullable String refusal) {
    /**
     * @throws org.bitnetj.error.KernelTierException if the kernels that the user named cannot be
     *     used, which says nothing about the model
     */
    static Report of(ModelSource source) {
      Inspection inspection = source.inspection();
      ModelSpec spec = null;
      Fit fit = null;
      String refusal = null;
      try {
        spec = source.spec();
        fit = Fit.of(source, spec, KernelSelection.choose(null).kernels());
        refusal = fit.refusal().orElse(null);
        Tokenizer.of(source.vocabulary());
      } catch (ModelFileException e) {
        refusal = Failures.sentence(e);
      }
      return new Report(source.path(), source.family(), inspection, spec, fit, refusal);
    }
  }

  private static void summary(Report report, Output out) {
    ModelSpec spec = report.spec;
    out.println(fact("architecture", report.architecture));
    Fit fit = report.fit;
    if (spec != null && fit != null) {
      boolean ternary = fit.ternaryParameters() > 0;
      out.println(
          fact(
              "parameters",
              count(fit.parameters())
                  + (ternary ? ", " + count(fit.ternaryParameters()) + " of them ternary" : "")));
      out.println(
          fact(
              "bits per weight",
              String.format(Locale.ROOT, "%.2f on average", fit.bitsPerParameter())
                  + (ternary
                      ? String.format(
                          Locale.ROOT, ", %.2f of ternary ones", fit.bitsPerTernaryParameter())
                      : "")));
      out.println(
          fact(
              "memory",
              Hub.size(fit.weightBytes())
                  + " for weights, "
                  + Hub.size(fit.contextBytes())
                  + " for a full context of "
                  + fit.context()
                  + " tokens"
                  + (fit.context() < spec.contextLength()
                      ? ", which is what fits here of " + spec.contextLength()
                      : "")));
    }
    out.println(fact("loads here", report.refusal == null ? "yes" : "no: " + report.refusal));
  }

  private static String fact(String name, String value) {
    return String.format(Locale.ROOT, "  %-15s %s", name, Printable.of(value, Integer.MAX_VALUE));
  }

  /** In millions or billions where there are so many. */
  private static String count(long number) {
    return number < 1_000_000
        ? Long.toString(number)
        : number < 999_500_000
            ? String.format(Locale.ROOT, "%.1f million", number * 1e-6)
            : String.format(Locale.ROOT, "%.2f billion", number * 1e-9);
  }

  private static void writeText(Report report, Output out) {
    Inspection inspection = report.inspection;
    out.println(report.path + ": " + inspection.container() + ", " + size(inspection.size()));
    summary(report, out);
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

  private static Map<String, @Nullable Object> json(Report report) {
    Inspection inspection = report.inspection;
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put(JsonText.SCHEMA, "bitnet-inspect");
    json.put(JsonText.SCHEMA_VERSION, 1);
    json.put("file", report.path.toString());
    json.put("container", inspection.container());
    json.put("bytes", inspection.size());
    json.put("architecture", report.architecture);
    json.put("loads", report.refusal == null);
    json.put("refusal", report.refusal);
    Fit fit = report.fit;
    json.put("parameters", fit == null ? null : fit.parameters());
    json.put("ternary_parameters", fit == null ? null : fit.ternaryParameters());
    json.put("bits_per_parameter", fit == null ? null : fit.bitsPerParameter());
    json.put("bits_per_ternary_parameter", fit == null ? null : fit.bitsPerTernaryParameter());
    json.put("weight_bytes", fit == null ? null : fit.weightBytes());
    json.put("context_tokens", fit == null ? null : fit.context());
    json.put("context_bytes", fit == null ? null : fit.contextBytes());
    json.put(
        "activation_scale_per",
        report.spec == null ? null : report.spec.activationScaling().label());
    json.put("readings", inspection.readings());
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
    inspection.metadata().forEach(entry -> metadata.put(entry.key(), entry.value()));
    json.put("metadata", metadata);
    json.put("tensors", inspection.tensors().stream().map(InspectCommand::json).toList());
    return json;
  }

  private static Map<String, @Nullable Object> json(Inspection.Row row) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("name", row.name());
    json.put("type", row.type());
    json.put("dims", row.dims());
    json.put("file", row.file().getFileName().toString());
    json.put("offset", row.offset());
    json.put("bytes", row.bytes());
    json.put("scale_per", row.sharing().orElse(null));
    return json;
  }

  private static String size(long bytes) {
    return bytes < 10 << 20
        ? String.format(Locale.ROOT, "%d bytes", bytes)
        : String.format(Locale.ROOT, "%d bytes (%.1f MiB)", bytes, bytes / 1048576.0);
  }
}
