package org.bitnetj.model;

import java.util.OptionalDouble;

/**
 * What steps read of the weights: bytes, and of the feed-forward network which share of its units
 * had to be read where {@link SparseFeedForward} left the others out. Mutable; not thread-safe.
 */
public final class WeightReads {
  private long bytes;
  private long up;
  private long upAll;
  private long down;
  private long downAll;

  /** As if nothing had been read. */
  public void clear() {
    bytes = 0;
    up = 0;
    upAll = 0;
    down = 0;
    downAll = 0;
  }

  /** Adds what others count. */
  public void add(WeightReads others) {
    bytes += others.bytes;
    up += others.up;
    upAll += others.upAll;
    down += others.down;
    downAll += others.downAll;
  }

  /** Adds the share of some rows in what a step of {@code of} rows read. */
  public void addShare(WeightReads step, int rows, int of) {
    bytes += step.bytes * rows / of;
    up += step.up * rows / of;
    upAll += step.upAll * rows / of;
    down += step.down * rows / of;
    downAll += step.downAll * rows / of;
  }

  void addBytes(long read) {
    bytes += read;
  }

  /** Bytes of the matrix {@code up} that were read, of all it has. */
  void addUp(long read, long all) {
    bytes += read;
    up += read;
    upAll += all;
  }

  /** Bytes of the matrix {@code down} that were read, of all it has. */
  void addDown(long read, long all) {
    bytes += read;
    down += read;
    downAll += all;
  }

  /** Bytes of weights that were read. */
  public long bytes() {
    return bytes;
  }

  /**
   * The share of the up matrix's rows that were active, their gate above 0; empty if no step left
   * out the others.
   */
  public OptionalDouble activeRows() {
    return share(up, upAll);
  }

  /** The share of hidden units that were not 0 in int8; empty if no step left out the others. */
  public OptionalDouble nonzeroUnits() {
    return share(down, downAll);
  }

  private static OptionalDouble share(long read, long all) {
    return all > 0 ? OptionalDouble.of((double) read / all) : OptionalDouble.empty();
  }
}
