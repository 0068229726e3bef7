package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.Inspection;
import org.bitnetj.source.huggingface.Checkpoint;
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
  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Parameters(arity = "0..1", paramLabel = "MODEL", description = "The model, as for -m.")
  private @Nullable Path file;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (file != null && model.isGiven()) {
      throw new ParameterException(
          spec.commandLine(), "Name the model once: as an argument or by -m.");
    }
    Path path = file != null ? file : model.path();
    if (Checkpoint.isNamedBy(path)) {
      try (Checkpoint checkpoint = Checkpoint.open(path, true)) {
        CheckpointReport report = CheckpointReport.of(checkpoint);
        if (json) {
          report.writeJson(bitnet.streams().out());
        } else {
          report.writeText(bitnet.streams().out());
        }
      }
      return 0;
    }
    try (GgufFile gguf = GgufFile.open(path)) {
      Inspection inspection = Inspection.of(gguf);
      Arithmetic arithmetic = Arithmetic.of(gguf);
      if (json) {
        writeJson(path, inspection, arithmetic);
      } else {
        writeText(path, inspection, arithmetic);
      }
    }
    return 0;
  }

  /**
   * How the engine computes with the file.
   *
   * @param activations what shares an activation scale; empty if the engine does not know the
   *     model's architecture
   * @param scales of the ternary tensors with scales by rows or groups: what shares one in fact
   */
  private record Arithmetic(Optional<ActivationScaling> activations, Map<String, String> scales) {
    static Arithmetic of(GgufFile gguf) {
      Map<String, String> scales = new HashMap<>();
      for (Tensor tensor : gguf.tensors()) {
        if (tensor.format() instanceof TernaryFormat format
            && format.scaleKind() != ScaleKind.TENSOR
            && Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH) { // or unusable
          boolean one =
              format
                  .uniformScale(tensor.data(), (int) tensor.rows(), (int) tensor.columns())
                  .isPresent();
          scales.put(tensor.name(), one ? "tensor" : sharing(format.scaleKind()));
        }
      }
      return new Arithmetic(activations(gguf), scales);
    }

    private static Optional<ActivationScaling> activations(GgufFile gguf) {
      try {
        return Optional.of(gguf.spec().activationScaling());
      } catch (ModelFileException e) { // what is in a file that cannot be run is shown all the same
        return Optional.empty();
      }
    }

    private static String sharing(ScaleKind kind) {
      return switch (kind) {
        case ScaleKind.Tensor tensor -> "tensor";
        case ScaleKind.Row row -> "row";
        case ScaleKind.Group group -> "group of " + group.columns();
      };
    }

    /** What is said of a tensor after its size; nothing of those with one scale anyhow. */
    String remark(String tensor) {
      String sharing = scales.get(tensor);
      return sharing == null
          ? ""
          : sharing.equals("tensor") ? ", one scale" : ", a scale a " + sharing;
    }
  }

  private void writeText(Path path, Inspection inspection, Arithmetic arithmetic) {
    Output out = bitnet.streams().out();
    out.println(path + ": GGUF version " + inspection.version() + ", " + size(inspection.size()));
    out.println("");
    out.println("Metadata (" + inspection.metadata().size() + ")");
    for (Inspection.Entry entry : inspection.metadata()) {
      out.println("  " + entry.key() + " = " + entry.shown() + "  [" + entry.type() + "]");
    }
    out.println("");
    out.println("Tensors (" + inspection.tensors().size() + ")");
    for (Inspection.Row row : inspection.tensors()) {
      String dims = row.dims().stream().map(String::valueOf).collect(Collectors.joining(" x "));
      out.println(
          String.format(
              Locale.ROOT,
              "  %-36s %-8s %-20s %12d bytes at %d%s",
              row.name(),
              row.format().name(),
              dims,
              row.bytes(),
              row.offset(),
              arithmetic.remark(row.name())));
    }
    out.println("");
    out.println("Totals");
    for (Inspection.Total total : inspection.totals()) {
      out.println(
          String.format(
              Locale.ROOT,
              "  %-8s %5d tensors %16d elements  %s",
              total.format().name(),
              total.tensors(),
              total.elements(),
              size(total.bytes())));
    }
    arithmetic
        .activations()
        .ifPresent(
            scaling ->
                out.println("Computed with int8 activations, one scale a " + scaling.label()));
  }

  private void writeJson(Path path, Inspection inspection, Arithmetic arithmetic)
      throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(bitnet.streams().out().stream())) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("file", path.toString());
      json.writeNumberField("version", inspection.version());
      json.writeNumberField("bytes", inspection.size());
      if (arithmetic.activations().isPresent()) {
        json.writeStringField("activation_scale_per", arithmetic.activations().get().label());
      }
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
        json.writeStringField("type", row.format().name());
        json.writeArrayFieldStart("dims");
        for (long d : row.dims()) {
          json.writeNumber(d);
        }
        json.writeEndArray();
        json.writeNumberField("offset", row.offset());
        json.writeNumberField("bytes", row.bytes());
        String scales = arithmetic.scales().get(row.name());
        if (scales != null) {
          json.writeStringField("scale_per", scales);
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    bitnet.streams().out().print("\n");
  }

  static String size(long bytes) {
    return bytes < 10 << 20
        ? String.format(Locale.ROOT, "%d bytes", bytes)
        : String.format(Locale.ROOT, "%d bytes (%.1f MiB)", bytes, bytes / 1048576.0);
  }
}
