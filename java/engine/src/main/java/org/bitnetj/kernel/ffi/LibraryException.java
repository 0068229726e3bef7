package org.bitnetj.kernel.ffi;

/** Why the native library cannot be used: one sentence that says what to do about it. */
final class LibraryException extends Exception {
  private static final long serialVersionUID = 1L;

  LibraryException(String sentence) {
    super(sentence);
  }
}
