package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model means where its files leave it open, for every command that reads weights. */
class ReadingOptionsTest {
  private static final String NO_CONFIG = "no kernel configuration";

  @TempDir private Path folder;

  /** What comes before {@code -m} of the commands that read weights. */
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("run", "Once"),
          List.of("chat"),
          List.of("logits", "-o", "logits.npy", "Once"),
          List.of("perplexity", "Once upon a time"),
          List.of("embed", "Once"),
          List.of("bench", "-p", "1", "-n", "0"),
          List.of("inspect"));

  private static Outcome outcome(List<String> command, Object... more) {
    return Outcome.of(
        Stream.concat(command.stream(), Stream.of(more).map(Object::toString))
            .toArray(String[]::new));
  }

  private Path config() throws IOException {
    return Files.writeString(folder.resolve("kernel_config.ini"), NO_CONFIG);
  }

  /** The shipped model's metadata with one matrix of a type. */
  private Path with(String type) throws IOException {
    WeightFormat format = WeightFormats.named(type).orElseThrow();
    Path path = folder.resolve(type + ".gguf");
    GgufHeader header = new GgufHeader();
    try (GgufFile shipped = GgufFile.open(Models.SHIPPED)) {
      shipped.metadata().keys().forEach(key -> header.copy(shipped, key));
      header.tensor("w.weight", format, 256, 32);
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        writer.begin("w.weight");
        writer.write(MemorySegment.ofArray(new byte[(int) format.bytes(32, 256)]));
        writer.commit();
      }
    }
    return path;
  }

  @Test
  void aLayoutOfATypeThatTheModelDoesNotHaveIsRefused() throws IOException {
    Path tq2 = with("TQ2_0");
    Path config = config();
    Path checkpoint = Files.createDirectory(folder.resolve("checkpoint"));
    for (List<String> command : COMMANDS) {
      outcome(command, "-m", tq2, "--i2s-layout", "canonical")
          .fails(tq2 + " has no I2_S weights, so --i2s-layout has no effect; leave it out.");
      outcome(command, "-m", Models.SHIPPED, "--kernel-config", config)
          .fails(
              Models.SHIPPED
                  + " has no TL1 or TL2 weights, so --kernel-config has no effect; leave it out.");
      outcome(command, "-m", checkpoint, "--i2s-layout", "arm")
          .fails(checkpoint + " has no I2_S weights, so --i2s-layout has no effect; leave it out.");
    }
    Path target = folder.resolve("out.gguf");
    Outcome.of("convert", "" + Models.SHIPPED, "" + target, "--kernel-config", "" + config)
        .says("has no TL1 or TL2 weights");
    assertFalse(Files.exists(target));
    Outcome.of("doctor", "-m", "" + checkpoint, "--kernel-config", "" + config);
    String said = Outcome.of("doctor", "-m", "" + tq2, "--i2s-layout", "arm").out();
    assertTrue(said.contains("Cannot use the model: " + tq2 + " has no I2_S weights"), said);
  }

  @Test
  void aConfigurationBesideAModelIsReadOnlyIfATensorNeedsIt() throws IOException {
    Path model = Files.copy(Models.SHIPPED, folder.resolve("model.gguf"));
    Path config = config();
    Outcome.of("inspect", "" + model).succeeds();
    Outcome.of("run", "-n", "1", "-m", "" + model, "Once").succeeds();
    assertTrue(Outcome.of("inspect", "" + with("TL1")).err().contains("" + config));
  }

  @Test
  void tokensDoNotDependOnWeights() throws IOException {
    Path config = config();
    String ids = Outcome.of("tokenize", "Once upon a time").succeeds().out();
    byte[] bytes = Files.readAllBytes(with("TL1"));
    Path cut = Files.write(folder.resolve("cut.gguf"), Arrays.copyOf(bytes, bytes.length - 64));
    for (Path path : List.of(with("TL1"), with("TL2"), cut)) {
      assertTrue(Outcome.of("inspect", "" + path).code() == 1, config + " is read");
      assertEquals(ids, Outcome.of("tokenize", "-m", "" + path, "Once upon a time").out());
      assertEquals(
          "Once upon a time\n", Outcome.of("detokenize", "-m", "" + path, ids.strip()).out());
    }
  }

  @Test
  void benchTakesThem() {
    List<String> bench =
        List.of("bench", "-p", "1", "-n", "0", "-r", "1", "-t", "1", "-m", "" + Models.SHIPPED);
    outcome(bench, "--i2s-layout", "arm").succeeds();
    outcome(bench, "--activations", "row").succeeds();
    Outcome group = outcome(bench, "--activations", "group");
    assertEquals(1, group.code());
    group.says(Models.SHIPPED + ": ");
    outcome(bench, "--activations", "column")
        .isMisuse("Unknown activations 'column'; choose row or group.");
  }

  @Test
  void benchSaysWhatLayoutWeightsSeemToHave() throws IOException {
    byte[] bytes = Files.readAllBytes(Models.SHIPPED);
    try (GgufFile shipped = GgufFile.open(Models.SHIPPED)) {
      for (Tensor tensor : shipped.tensors()) {
        if (WeightFormats.isI2s(tensor.format())) {
          byte[] inRows = inRowsOfFour(tensor);
          System.arraycopy(inRows, 0, bytes, (int) tensor.offset(), inRows.length);
        }
      }
    }
    Path other = Files.write(folder.resolve("rows4.gguf"), bytes);
    Outcome.of("bench", "-p", "1", "-n", "0", "-r", "1", "-t", "1", "-m", "" + other)
        .succeeds()
        .says("look as if they had the layout 'rows4'");
  }

  private static byte[] inRowsOfFour(Tensor tensor) {
    int columns = (int) tensor.columns();
    byte[] digits = new byte[columns];
    byte[] packed = new byte[(int) tensor.rows() * columns / 4];
    for (int row = 0; row < tensor.rows(); row++) {
      WeightFormats.I2_S.digits(tensor.data(), columns, row, digits);
      for (int c = 0; c < columns; c++) {
        packed[row / 4 * columns + c] |= (byte) (digits[c] << 2 * (3 - row % 4));
      }
    }
    return packed;
  }
}
