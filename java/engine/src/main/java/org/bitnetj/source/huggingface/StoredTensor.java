package org.bitnetj.source.huggingface;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.source.Tensor;

/**
 * An entry of a safetensors file, its size checked against its shape.
 *
 * @param file which holds it
 * @param name safe to show
 * @param type of its elements
 * @param shape sizes, slowest first, each at least 1; empty for a scalar
 * @param offset from the start of the file
 * @param data exactly its bytes
 */
record StoredTensor(
    Path file, String name, ElementType type, List<Long> shape, long offset, MemorySegment data) {

  ModelFileException failure(String clause) {
    return new ModelFileException(file + ": tensor '" + name + "' " + clause + ".");
  }

  /**
   * It in the engine's words, whatever its place.
   *
   * @throws ModelFileException if it is packed, which only weights of linear layers can be
   */
  Tensor tensor() throws ModelFileException {
    WeightFormat format =
        type.format()
            .orElseThrow(
                () ->
                    failure(
                        "is of type "
                            + type
                            + ", which only packed weights of linear layers can be"));
    return new Tensor(file, name, format, dims(), offset, data);
  }

  /** Sizes, fastest first; of a scalar 1. */
  List<Long> dims() {
    return shape.isEmpty() ? List.of(1L) : List.copyOf(shape.reversed());
  }
}
