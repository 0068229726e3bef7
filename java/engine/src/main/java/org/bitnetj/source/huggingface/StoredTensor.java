package org.bitnetj.source.huggingface;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.ModelFileException;

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
}
