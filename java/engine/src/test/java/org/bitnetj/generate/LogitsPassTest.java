package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.engine.Engine;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsPassTest {
  @TempDir Path folder;

  /** The positions that a visitor sees of a text of four tokens, from the second on. */
  private List<Integer> visited(float head) throws Exception {
    Path path = folder.resolve("tiny.gguf");
    new TinyModel().tensor("output.weight", WeightFormats.F32, head, 64, 8).write(path);
    Kernels kernels = new ScalarKernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team)) {
      Transformer transformer = new Transformer(weights, kernels, team, 2, 2);
      try (Engine engine = new Engine(transformer, 1 << 20, 0, List.of())) {
        List<Integer> positions = new ArrayList<>();
        new LogitsPass(engine.open(AttentionLayer.Type.F32, 8))
            .run(new int[] {1, 2, 3, 4}, 1, (position, logits) -> positions.add(position));
        return positions;
      }
    }
  }

  @Test
  void everyPositionFromTheFirstOneWantedIsSeen() throws Exception {
    assertEquals(List.of(1, 2, 3), visited(1));
  }

  @Test
  void aDamagedHeadIsNoSilentNaN() {
    String sentence = assertThrows(NonFiniteException.class, () -> visited(Float.NaN)).getMessage();
    assertEquals(
        "the logit of token 0 after position 1 is NaN: the weights of the output head are damaged;"
            + " fetch the model file again.",
        sentence);
  }
}
