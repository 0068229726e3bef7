package org.bitnetj.error;

/** No block of the KV cache is free; the message says how many are in use and what helps. */
public final class KvCacheFullException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * An exception with a message for people.
   *
   * @param message how many blocks are in use, and what helps
   */
  public KvCacheFullException(String message) {
    super(message);
  }
}
