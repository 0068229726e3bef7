package org.bitnetj.kv;

/**
 * How many bytes the blocks of one or more pools may take together. As thread-safe as the pools.
 */
public final class KvBudget {
  private final long bytes;
  private long taken;

  /**
   * @param bytes 0 or more
   */
  public KvBudget(long bytes) {
    this.bytes = bytes;
  }

  /** All of it. */
  public long bytes() {
    return bytes;
  }

  boolean has(long more) {
    return more <= bytes - taken;
  }

  void take(long more) {
    taken += more;
  }

  void give(long back) {
    taken -= back;
  }
}
