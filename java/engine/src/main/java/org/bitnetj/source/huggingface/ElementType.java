package org.bitnetj.source.huggingface;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;

/** The types of safetensors that the engine computes with or lists. */
enum ElementType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  /** Four ternary digits in each. */
  U8(1);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Of an element. */
  int bytes() {
    return bytes;
  }

  /** The same type in GGUF; empty for {@link #U8}, which GGUF does not have. */
  Optional<WeightFormat> format() {
    return WeightFormats.named(name());
  }

  static Optional<ElementType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /** All names, for messages. */
  static String names() {
    return Arrays.stream(values()).map(ElementType::name).collect(Collectors.joining(", "));
  }
}
