package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  @TempDir Path folder;

  private static Path packedCheckpoint() {
    Path path = Path.of(System.getProperty("bitnet.shared", "")).resolve("data/model/hf-packed");
    assumeTrue(Files.exists(path), () -> "skipped: no folder " + path);
    return path;
  }

  @Test
  void metadataTensorsAndTotalsAreShown() throws IOException {
    String shown = Outcome.of("inspect").succeeds().out();
    assertTrue(shown.contains(": GGUF version 3, " + Files.size(Models.SHIPPED) + " bytes"), shown);
    assertTrue(
        shown.contains(
            """

              architecture    bitnet-b1.58
              parameters      5.8 million, 4.7 million of them ternary
              bits per weight 4.59 on average, 2.00 of ternary ones
              memory          3 MB for weights, 2 MB for a full context of 512 tokens
              loads here      yes

            """),
        shown);
    assertTrue(shown.contains("  general.name = \"tiny-bitnet-stories\"  [string]"), shown);
    assertTrue(shown.contains("  token_embd.weight "), shown);
    assertTrue(shown.contains("Totals\n"), shown);
    String model = Models.SHIPPED.toString();
    assertTrue(Outcome.of("inspect", model).succeeds().out().contains("token_embd.weight"));
    assertTrue(Outcome.of("inspect", "-m", model).succeeds().out().contains("token_embd.weight"));
  }

  @Test
  void jsonSaysTheSame() throws IOException {
    JsonNode json =
        new ObjectMapper().readTree(Outcome.of("inspect", "--format", "json").succeeds().out());
    assertEquals(Files.size(Models.SHIPPED), json.get("bytes").asLong());
    assertEquals("tiny-bitnet-stories", json.get("metadata").get("general.name").asText());
    JsonNode tensors = json.get("tensors");
    JsonNode last = tensors.get(tensors.size() - 1);
    assertTrue(
        last.get("offset").asLong() + last.get("bytes").asLong() <= Files.size(Models.SHIPPED));
  }

  /** Two matrices with room for a scale in each group of 64 weights, only one of which needs it. */
  @Test
  void whatSharesAScaleIsShown() throws IOException {
    Path path = folder.resolve("groups.gguf");
    GgufHeader header = new GgufHeader().text("general.architecture", "other");
    for (String name : new String[] {"same.weight", "different.weight"}) {
      header.tensor(name, WeightFormats.Q2_0, 64, 3);
    }
    try (GgufWriter writer = GgufWriter.create(path, header)) {
      for (int other : new int[] {0x3c, 0x40}) {
        byte[] blocks = new byte[3 * 18];
        for (int row = 0; row < 3; row++) {
          blocks[18 * row + 1] = (byte) (row == 2 ? other : 0x3c); // the upper byte of 1 or 2
        }
        writer.begin(other == 0x3c ? "same.weight" : "different.weight");
        writer.write(MemorySegment.ofArray(blocks));
      }
      writer.commit();
    }
    String shown = Outcome.of("inspect", path.toString()).succeeds().out();
    assertTrue(shown.matches("(?s).*same.weight[^\n]* bytes at \\d+, one scale\n.*"), shown);
    assertTrue(
        shown.matches("(?s).*different.weight[^\n]* at \\d+, a scale a group of 64\n.*"), shown);
    JsonNode json =
        new ObjectMapper()
            .readTree(Outcome.of("inspect", "--format", "json", path.toString()).succeeds().out());
    assertEquals("tensor", json.get("tensors").get(0).get("scale_per").asText());
    assertEquals("group of 64", json.get("tensors").get(1).get("scale_per").asText());
    assertTrue(json.get("activation_scale_per").isNull());
  }

  /** With random scales, each of the matrix, or of its row or group. */
  @Test
  void everyTypeIsShownByItsName() throws IOException {
    for (WeightFormat format : WeightFormats.all()) {
      if (format instanceof FloatFormat || format instanceof TernaryFormat) {
        Path path = folder.resolve(format.name() + "-" + format.id() + ".gguf");
        GgufHeader header = new GgufHeader().text("general.architecture", "other");
        header.tensor("w.weight", format, 512, 16);
        byte[] bytes = new byte[(int) format.bytes(16, 512)];
        new Random(1).nextBytes(bytes);
        try (GgufWriter writer = GgufWriter.create(path, header)) {
          writer.begin("w.weight");
          writer.write(MemorySegment.ofArray(bytes));
          writer.commit();
        }
        String shown = Outcome.of("inspect", path.toString()).succeeds().out();
        String scale =
            !(format instanceof TernaryFormat ternary)
                ? ""
                : switch (ternary.scaleKind()) {
                  case ScaleKind.Tensor tensor -> "";
                  case ScaleKind.Row row -> ", a scale a row";
                  case ScaleKind.Group group -> ", a scale a group of " + group.columns();
                };
        String line = "(?s).*  w.weight +%s +512 x 16 +%d bytes at \\d+%s\n.*";
        String pattern = line.formatted(format.name(), bytes.length, scale);
        assertTrue(shown.matches(pattern), format.id() + ": " + shown);
      }
    }
  }

  @Test
  void whatSharesAnActivationScaleIsShown() throws IOException {
    String shown = Outcome.of("inspect").succeeds().out();
    assertTrue(shown.endsWith("Computed with int8 activations, one scale a row\n"), shown);
    JsonNode json =
        new ObjectMapper().readTree(Outcome.of("inspect", "--format", "json").succeeds().out());
    assertEquals("row", json.get("activation_scale_per").asText());
    assertTrue(json.get("tensors").get(1).get("scale_per").isNull());
  }

  @Test
  void aCheckpointSaysHowItsScalesWereRead() throws IOException {
    String path = packedCheckpoint().toString();
    String shown = Outcome.of("inspect", path).succeeds().out();
    assertTrue(shown.startsWith(path + ": Hugging Face checkpoint, 1 file, "), shown);
    assertTrue(shown.contains("multiplied by weight_scale, because linear_class is"), shown);
    assertTrue(shown.contains("  model.embed_tokens.weight "), shown);
    assertTrue(shown.endsWith("Computed with int8 activations, one scale a row\n"), shown);
    JsonNode json =
        new ObjectMapper()
            .readTree(Outcome.of("inspect", "--format", "json", path).succeeds().out());
    assertEquals("bitnet-b1.58", json.get("architecture").asText());
    assertEquals("packed U8", json.get("tensors").get(2).get("type").asText());
  }

  @Test
  void aCheckpointThatCannotBeRunIsShownAsItIsStored() throws IOException {
    Path made = Files.createDirectory(folder.resolve("made"));
    Files.writeString(
        made.resolve("config.json"),
        "{\"model_type\":\"other\",\"sizes\":{\"width\":8,\"list\":[1,2]}}");
    String header = "{\"a.weight\":{\"dtype\":\"U8\",\"shape\":[2,4],\"data_offsets\":[0,8]}}";
    byte[] text = (header + " ".repeat(-header.length() & 7)).getBytes(StandardCharsets.UTF_8);
    Files.write(
        made.resolve("model.safetensors"),
        ByteBuffer.allocate(8 + text.length + 8)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text)
            .array());
    String shown = Outcome.of("inspect", made.toString()).succeeds().out();
    assertTrue(shown.contains("  sizes.list = [1, 2]  [array of 2]\n"), shown);
    assertTrue(shown.matches("(?s).*  a.weight U8 4 x 2 +8 bytes at \\d+\n.*"), shown);
    assertTrue(shown.matches("(?s).*\n  loads here      no: [^\n]*'other'[^\n]*\n.*"), shown);
    JsonNode json =
        new ObjectMapper()
            .readTree(Outcome.of("inspect", "--format", "json", made.toString()).succeeds().out());
    assertTrue(json.get("refusal").asText().contains("'other'"));
    assertFalse(json.get("loads").booleanValue());
    assertEquals("[1,2]", json.get("metadata").get("sizes.list").toString());
    assertEquals(8, json.get("metadata").get("sizes.width").asInt());
  }

  @Test
  void namingTwoModelsIsMisuse() {
    Outcome.of("inspect", "-m", "a.gguf", "b.gguf").isMisuse("Name the model once");
  }

  @Test
  void theLayoutThatIsNamedIsTheOneThatIsRead() throws IOException {
    String shown = Outcome.of("inspect", "--i2s-layout", "arm").succeeds().out();
    assertTrue(shown.contains(" I2_S_ARM "), shown);
    assertTrue(shown.contains("\nI2_S weights are read in the layout 'arm', as was"), shown);
    assertTrue(
        Outcome.of("inspect").succeeds().out().contains("layout 'canonical', which published"));
    Outcome wrong = Outcome.of("inspect", "--i2s-layout", "x86");
    assertTrue(wrong.err().contains("choose one of canonical, arm, rows4."), wrong.err());
    Path other = folder.resolve("other.gguf");
    Outcome.of("convert", "" + Models.SHIPPED, "" + other, "--i2s-layout", "rows4").succeeds();
    assertTrue(Files.mismatch(Models.SHIPPED, other) > 0, "other weights");
    String[] run = {"run", "-n", "8", "--temp", "0", "Once", "--i2s-layout", "canonical"};
    String text = Outcome.of(run).succeeds().out();
    run[run.length - 1] = "arm";
    assertFalse(Outcome.of(run).succeeds().out().equals(text), text);
  }

  @Test
  void tilesComeFromTheConfigurationThatIsNamed() throws IOException {
    Path path = folder.resolve("tl1.gguf");
    WeightFormat format = WeightFormats.named("TL1").orElseThrow();
    GgufHeader header = new GgufHeader().text("general.architecture", "other");
    header.tensor("w.weight", format, 64, 32);
    try (GgufWriter writer = GgufWriter.create(path, header)) {
      writer.begin("w.weight");
      writer.write(MemorySegment.ofArray(new byte[(int) format.bytes(32, 64)]));
      writer.commit();
    }
    Path config = folder.resolve("tuned.ini");
    Files.writeString(config, "[Kernels_0]\nm = 32\nk = 64\nbm = 32\nbk = 64\nbmm = 32\n");
    String shown =
        Outcome.of("inspect", "" + path, "--kernel-config", "" + config).succeeds().out();
    assertTrue(shown.contains("TL1 weights are read in the tiles that " + config), shown);
    assertFalse(Outcome.of("inspect", "" + path).succeeds().out().contains("tiles"));
  }
}
