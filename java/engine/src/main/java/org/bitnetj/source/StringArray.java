package org.bitnetj.source;

/**
 * An array of strings that stays in the file until asked for: vocabularies hold hundreds of
 * thousands of entries, most of them read once as bytes. Immutable and safe to share; valid until
 * its file is closed.
 */
public interface StringArray {
  /**
   * Takes the entries one after the other.
   *
   * @param <E> how it may fail
   */
  @FunctionalInterface
  interface Reader<E extends Exception> {
    /** The bytes of entry {@code index} are {@code bytes[from, to)}, until this returns. */
    void read(int index, byte[] bytes, int from, int to) throws E;
  }

  int size();

  /** Bytes of the longest entry, 0 if there is none. */
  int longest();

  /** The bytes of entry {@code index} as stored; they need not be valid UTF-8. */
  byte[] bytes(int index);

  /** All entries in their order, which is faster than each by its index. */
  default <E extends Exception> void forEach(Reader<E> reader) throws E {
    for (int index = 0; index < size(); index++) {
      byte[] bytes = bytes(index);
      reader.read(index, bytes, 0, bytes.length);
    }
  }

  /** Entry {@code index} decoded as UTF-8, malformed bytes replaced by U+FFFD. */
  String get(int index);
}
