package org.bitnetj.bench.jmh;

import org.bitnetj.bench.Operation;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Secondary results of a benchmark that counts operations per second: GB/s of what is read (packed
 * weights, cached values, activations) or packed, and GMAC/s.
 */
@AuxCounters
@State(Scope.Thread)
public class Rates {
  public double gigabytes;
  public double gigaMacs;

  void count(Operation operation) {
    gigabytes += operation.bytes() * 1e-9;
    gigaMacs += operation.products() * 1e-9;
  }
}
