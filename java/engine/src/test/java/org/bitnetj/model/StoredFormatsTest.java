package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.StoredWeights;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped model computes the same whatever format its ternary matrices are stored in. */
class StoredFormatsTest {
  /** The format it ships in, with one scale for a matrix. */
  private static final TernaryFormat SHIPPED = TinyModel.TERNARY;

  /** The matrix that tests change. */
  private String changed = "blk.5.attn_output.weight";

  @TempDir Path folder;

  /** Changes digits and scales of a matrix before they are stored. */
  private interface Change extends BiConsumer<byte[][], float[][]> {
    Change NONE = (digits, scales) -> {};
  }

  /** Formats with scales by rows or groups. */
  private static final List<TernaryFormat> SCALED =
      WeightFormats.ternary().stream()
          .filter(format -> format.scaleKind() != ScaleKind.TENSOR)
          .toList();

  /** The model in that format, scales rounded to float16, all digits such that it can hold them. */
  private Path model(TernaryFormat format, Change change) throws ModelFileException {
    return model(format, change, Float.NaN);
  }

  /** The same with a factor beside the changed matrix; NaN: none. */
  private Path model(TernaryFormat format, Change change, float factor) throws ModelFileException {
    return model(format, format, change, factor);
  }

  /** The shipped format with the digits that another one can hold. */
  private Path shippedLike(TernaryFormat digits, Change change) throws ModelFileException {
    return model(SHIPPED, digits, change, Float.NaN);
  }

  private Path model(TernaryFormat format, TernaryFormat held, Change change, float factor)
      throws ModelFileException {
    Path path = folder.resolve(format.name() + "-" + format.id() + ".gguf");
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      GgufHeader header = new GgufHeader();
      file.metadata().keys().forEach(key -> header.copy(file, key));
      for (Tensor tensor : file.tensors()) {
        header.tensor(
            tensor.name(),
            tensor.format() instanceof TernaryFormat ? format : tensor.format(),
            tensor.dims().stream().mapToLong(Long::longValue).toArray());
      }
      if (!Float.isNaN(factor)) {
        header.tensor(changed.replace(".weight", ".scale"), WeightFormats.F32, 1);
      }
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          writer.write(
              tensor.format() == SHIPPED ? converted(tensor, format, held, change) : tensor.data());
        }
        if (!Float.isNaN(factor)) {
          writer.begin(changed.replace(".weight", ".scale"));
          writer.write(Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, factor));
        }
        writer.commit();
      }
    }
    return path;
  }

  private MemorySegment converted(
      Tensor tensor, TernaryFormat to, TernaryFormat held, Change change) {
    int columns = (int) tensor.columns();
    byte[][] digits = new byte[(int) tensor.rows()][columns];
    float[][] scales = new float[digits.length][to.scaleKind().count(columns)];
    float[] scale = new float[1];
    SHIPPED.scales(tensor.data(), columns, 0, scale);
    for (int row = 0; row < digits.length; row++) {
      SHIPPED.digits(tensor.data(), columns, row, digits[row]);
      Arrays.fill(scales[row], Float.float16ToFloat(Float.floatToFloat16(scale[0])));
    }
    StoredWeights.fit(held, digits);
    if (tensor.name().equals(changed)) {
      change.accept(digits, scales);
    }
    return StoredWeights.encode(to, digits, scales);
  }

  /** The bits of the logits after a few tokens. */
  private static int[] logits(Path path, Kernels kernels) throws ModelFileException {
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(1, 17);
      text.compute(300); // alone, and so without weights that are multiplied by 0
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  @Test
  void everyFormatGivesTheSameLogits() throws ModelFileException {
    for (TernaryFormat format : WeightFormats.ternary()) {
      int[] expected = logits(shippedLike(format, Change.NONE), Tiers.best());
      Path path = model(format, Change.NONE);
      for (Kernels kernels : Tiers.available()) {
        assertArrayEquals(expected, logits(path, kernels), format.name() + ", " + kernels.tier());
      }
    }
  }

  /** The scale of a group that holds no weight but 0 says nothing. */
  @Test
  void groupsOfZerosMayHaveAnyScale() throws ModelFileException {
    Change zeros = (digits, scales) -> Arrays.fill(digits[5], (byte) 1);
    Change other =
        (digits, scales) -> {
          zeros.accept(digits, scales);
          Arrays.fill(scales[5], 0f);
        };
    int[] expected = logits(model(SHIPPED, zeros), Tiers.best());
    int[] unchanged = logits(model(SHIPPED, Change.NONE), Tiers.best());
    assertFalse(Arrays.equals(unchanged, expected));
    for (TernaryFormat format : SCALED) {
      if (StoredWeights.canHoldZeros(format)) {
        assertArrayEquals(expected, logits(model(format, other), Tiers.best()), format.name());
      }
    }
  }

  @Test
  void aDigitOf3IsPlusTwoInTypesThatHaveItAndDamageInOthers() throws ModelFileException {
    Change three = (digits, scales) -> digits[7][11] = 3;
    int[] unchanged = logits(model(SHIPPED, Change.NONE), Tiers.best());
    for (TernaryFormat format : WeightFormats.ternary()) {
      if (!StoredWeights.canHold3(format)) {
        continue;
      }
      Path path = model(format, three);
      if (format.largestDigit() == 3) {
        int[] expected = logits(path, Tiers.best());
        assertFalse(Arrays.equals(unchanged, expected), format.name());
        for (Kernels kernels : Tiers.available()) {
          String where = format.name() + ", " + kernels.tier();
          assertArrayEquals(expected, logits(path, kernels), where);
        }
      } else {
        assertRefused(path, "not ternary digits");
      }
    }
  }

  /** One row or group of one is enough: its matrix is then multiplied by their scales. */
  @Test
  void scalesThatDifferGiveTheSameLogitsOnEveryTier() throws ModelFileException {
    for (TernaryFormat format : SCALED) {
      int[] unchanged = logits(model(format, Change.NONE), Tiers.best());
      Path path = model(format, (digits, scales) -> scales[9][0] *= 2);
      int[] expected = logits(path, new ScalarKernels());
      assertFalse(Arrays.equals(unchanged, expected), format.name());
      for (Kernels kernels : Tiers.available()) {
        if (kernels.tier() != KernelTier.SCALAR) {
          String where = format.name() + ", " + kernels.tier();
          assertArrayEquals(expected, logits(path, kernels), where);
        }
      }
    }
  }

  /** Rows and columns have one scale: a layer whose up or down has more stays dense, alone. */
  @Test
  void layersWithScalesByGroupsStayDense() throws ModelFileException {
    for (String matrix : new String[] {"blk.1.ffn_up.weight", "blk.1.ffn_down.weight"}) {
      changed = matrix;
      Path path = model(WeightFormats.TQ2_0, (digits, scales) -> scales[9][0] *= 2);
      int[] expected = logits(path, new ScalarKernels());
      for (Kernels kernels : Tiers.available()) {
        if (kernels.tier() != KernelTier.SCALAR) {
          String where = matrix + ", " + kernels.tier();
          assertArrayEquals(expected, logits(path, kernels), where);
        }
      }
      try (GgufFile file = GgufFile.open(path);
          ThreadTeam team = new ThreadTeam(2);
          Weights weights = Weights.load(file, new ScalarKernels(), team)) {
        for (int l = 0; l < weights.spec().layers(); l++) {
          assertEquals(l != 1, weights.layer(l).canSkip(), matrix + ", layer " + l);
        }
        assertTrue(weights.isSparse());
      }
    }
  }

  @Test
  void scalesNextToAMatrixAreRefusedWhereItsOwnDifferByGroups() throws ModelFileException {
    Change different = (digits, scales) -> scales[9][0] *= 2;
    for (TernaryFormat format : SCALED) {
      if (format.scaleKind() != ScaleKind.ROW) {
        assertRefused(model(format, different, 3f), "cannot be multiplied by the factor 3.0");
        logits(model(format, different, 1f), Tiers.best());
      }
    }
  }

  @Test
  void scalesNextToAMatrixMultiplyThoseOfItsRows() throws ModelFileException {
    Change different = (digits, scales) -> scales[9][0] *= 2;
    Change larger =
        (digits, scales) -> {
          different.accept(digits, scales);
          for (float[] row : scales) {
            row[0] *= 4;
          }
        };
    for (TernaryFormat format : SCALED) {
      if (format.scaleKind() == ScaleKind.ROW) {
        int[] expected = logits(model(format, larger), Tiers.best());
        int[] actual = logits(model(format, different, 4f), Tiers.best());
        assertArrayEquals(expected, actual, format.name());
      }
    }
  }

  @Test
  void scalesThatAreNotFiniteAreRefused() throws ModelFileException {
    for (TernaryFormat format : SCALED) {
      String part = format.scaleKind() == ScaleKind.ROW ? "row 9" : "group 0 of row 9";
      assertRefused(
          model(format, (digits, scales) -> scales[9][0] = Float.NaN),
          "the scale of " + part + " is NaN");
    }
  }

  private void assertRefused(Path path, String clause) {
    String sentence =
        assertThrows(ModelFileException.class, () -> logits(path, Tiers.best())).getMessage();
    assertTrue(sentence.startsWith(path + ": tensor '" + changed + "'"), sentence);
    assertTrue(sentence.contains(clause), sentence);
  }
}
