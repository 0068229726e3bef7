package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.huggingface.Checkpoint;

/**
 * What {@code bitnet inspect} says of a Hugging Face checkpoint.
 *
 * @param path of the checkpoint
 * @param bytes of all its safetensors files
 * @param readings how its linear layers were understood, and why
 */
record CheckpointReport(
    String path,
    int files,
    long bytes,
    ModelSpec spec,
    Collection<Tensor> tensors,
    List<String> readings) {

  static CheckpointReport of(Checkpoint checkpoint) throws ModelFileException {
    return new CheckpointReport(
        checkpoint.path().toString(),
        checkpoint.bytes().files().size(),
        checkpoint.bytes().size(),
        checkpoint.spec(),
        checkpoint.tensors(),
        checkpoint.readings());
  }

  void writeText(Output out) {
    out.println(
        path
            + ": Hugging Face checkpoint, "
            + files
            + (files == 1 ? " file, " : " files, ")
            + InspectCommand.size(bytes));
    out.println("");
    out.println(
        String.format(
            Locale.ROOT,
            "%s: %s, %d layers, width %d, %d heads of %d (%d KV), %d hidden units, %d tokens,"
                + " context %d",
            spec.name(),
            spec.architecture().label(),
            spec.layers(),
            spec.width(),
            spec.heads(),
            spec.headDim(),
            spec.kvHeads(),
            spec.feedForward(),
            spec.vocabulary(),
            spec.contextLength()));
    out.println("");
    out.println("Tensors (" + tensors.size() + ")");
    for (Tensor tensor : tensors) {
      String dims = tensor.dims().stream().map(String::valueOf).collect(Collectors.joining(" x "));
      out.println(
          String.format(
              Locale.ROOT,
              "  %-52s %-12s %-16s %12d bytes at %d",
              tensor.name(),
              tensor.format().name(),
              dims,
              tensor.data().byteSize(),
              tensor.offset()));
    }
    out.println("");
    readings.forEach(out::println);
    out.println("Computed with int8 activations, one scale a " + spec.activationScaling().label());
  }

  void writeJson(Output out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out.stream())) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("file", path);
      json.writeNumberField("files", files);
      json.writeNumberField("bytes", bytes);
      json.writeStringField("architecture", spec.architecture().label());
      json.writeStringField("activation_scale_per", spec.activationScaling().label());
      json.writeArrayFieldStart("readings");
      for (String reading : readings) {
        json.writeString(reading);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("tensors");
      for (Tensor tensor : tensors) {
        json.writeStartObject();
        json.writeStringField("name", tensor.name());
        json.writeStringField("type", tensor.format().name());
        json.writeArrayFieldStart("dims");
        for (long d : tensor.dims()) {
          json.writeNumber(d);
        }
        json.writeEndArray();
        json.writeNumberField("offset", tensor.offset());
        json.writeNumberField("bytes", tensor.data().byteSize());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    out.print("\n");
  }
}
