package org.bitnetj.source;

import java.nio.file.Path;

/**
 * What has the tables of a tokenizer. Immutable and safe to share; the tables are valid until it is
 * closed.
 */
public interface VocabularyFile extends AutoCloseable {
  /** What was opened, for messages. */
  Path path();

  /** The tables of its tokenizer. */
  VocabularySource vocabulary();

  @Override
  void close();
}
