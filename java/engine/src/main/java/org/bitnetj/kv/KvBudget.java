package org.bitnetj.kv;

import java.util.ArrayList;
import java.util.List;

/**
 * How many bytes the blocks of one or more pools may take together, and how many of these may hold
 * texts that no sequence uses. As thread-safe as the pools.
 */
public final class KvBudget {
  private final long bytes;
  private final long idleBytes;
  private final List<BlockPool> pools = new ArrayList<>();
  private long taken;
  private long idle; // of these

  /** A budget for texts in use alone. */
  public KvBudget(long bytes) {
    this(bytes, 0);
  }

  /**
   * @param bytes 0 or more
   * @param idleBytes of these at most for texts that no sequence uses
   */
  public KvBudget(long bytes, long idleBytes) {
    this.bytes = bytes;
    this.idleBytes = idleBytes;
  }

  /** All of it. */
  public long bytes() {
    return bytes;
  }

  void add(BlockPool pool) {
    pools.add(pool);
  }

  /** Whether so many bytes may be taken, once idle blocks are given up for them. */
  boolean makeRoom(long more) {
    if (more > bytes - (taken - idle)) {
      return false;
    }
    for (int i = 0; i < pools.size(); i++) {
      while (more > bytes - taken && pools.get(i).forgetOldest()) {
        continue;
      }
    }
    return more <= bytes - taken;
  }

  void take(long more) {
    taken += more;
  }

  void give(long back) {
    taken -= back;
  }

  /** Whether one more block that is taken may hold an idle text. */
  boolean keepsIdle(long more) {
    return more <= idleBytes - idle;
  }

  /** Notes that a block which is taken has become idle, or is no longer, with a negative number. */
  void addIdle(long more) {
    idle += more;
  }
}
