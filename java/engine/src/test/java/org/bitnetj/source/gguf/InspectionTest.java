package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Inspection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {
  @TempDir Path folder;

  @Test
  void listsMetadataTensorsAndTotals() throws IOException {
    GgufBytes bytes =
        new GgufBytes()
            .key("text", "a\nb")
            .key("n", 10, GgufBytes.u64(-1))
            .key("eps", 1e-5f)
            .key("flag", false)
            .key("tokens", "x", "y")
            .tensor("norm", WeightFormats.F32.id(), new byte[16], 4)
            .tensor("w", WeightFormats.TQ2_0.id(), new byte[132], 256, 2)
            .tensor("norm2", WeightFormats.F32.id(), new byte[16], 4);
    Inspection seen;
    try (GgufFile file =
        GgufFile.open(Files.write(folder.resolve("m.gguf"), bytes.toByteArray()))) {
      seen = file.inspection();
    }
    assertEquals(
        List.of(
            new Inspection.Entry("text", "string", "a\nb", "\"a\\nb\""),
            new Inspection.Entry(
                "n", "u64", new BigInteger("18446744073709551615"), "18446744073709551615"),
            new Inspection.Entry("eps", "f32", 1e-5f, "1.0E-5"),
            new Inspection.Entry("flag", "bool", false, "false")),
        seen.metadata().subList(0, 4));
    assertEquals(List.of("x", "y"), seen.metadata().get(4).value());
    assertEquals("array of 2 string", seen.metadata().get(4).type());
    assertEquals(
        List.of(new Inspection.Total("F32", 2, 8, 32), new Inspection.Total("TQ2_0", 1, 512, 132)),
        seen.totals());
    assertEquals(List.of(256L, 2L), seen.tensors().get(1).dims());
    assertEquals(bytes.toByteArray().length, seen.size());
  }
}
