package org.bitnetj.source;

/**
 * An array of strings that stays in the file until asked for: vocabularies hold hundreds of
 * thousands of entries, most of them read once as bytes. Immutable and safe to share; valid until
 * its file is closed.
 */
public interface StringArray {
  int size();

  /** Bytes of the longest entry, 0 if there is none. */
  int longest();

  /** The bytes of entry {@code index} as stored; they need not be valid UTF-8. */
  byte[] bytes(int index);

  /** Entry {@code index} decoded as UTF-8, malformed bytes replaced by U+FFFD. */
  String get(int index);
}
