package org.bitnetj.synth;

import java.nio.file.Path;

/** Where a synthetic model's tokens come from. */
public sealed interface SyntheticVocabulary {

  /**
   * A byte-level BPE of the shape's size: GPT-2's 256 byte tokens, two spaces as the one merge,
   * fillers that no text contains, and the ends of text.
   */
  record Dummy() implements SyntheticVocabulary {}

  /** All {@code tokenizer.*} keys of another GGUF file; its size replaces the shape's. */
  record CopiedFrom(Path file) implements SyntheticVocabulary {}
}
