package org.bitnetj.model;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/**
 * How the phases of a step are divided into chunks: kernels that compute nothing and note what they
 * are asked for, by one thread.
 */
final class Division {
  /** The shares of a trained model's active rows and of its units that are not 0, measured. */
  private static final double ACTIVE = 0.23;

  private static final double NONZERO = 0.12;

  /** Up to that many, a product is bound by the bytes of its weights. */
  private static final int FEW_ROWS = 4;

  /**
   * Calls that follow each other for one purpose.
   *
   * @param chunks bytes that each of them reads of weights, keys and values; rows for "rows"
   */
  record Phase(String name, List<Long> chunks) {
    /** What the busiest of {@code threads} has to do if free ones take the next chunk. */
    long busiest(int threads) {
      long[] load = new long[threads];
      for (long chunk : chunks) {
        int least = 0;
        for (int i = 1; i < threads; i++) {
          least = load[i] < load[least] ? i : least;
        }
        load[least] += chunk;
      }
      long most = 0;
      for (long each : load) {
        most = Math.max(most, each);
      }
      return most;
    }

    long total() {
      return chunks.stream().mapToLong(Long::longValue).sum();
    }
  }

  private final List<Phase> phases = new ArrayList<>();
  private boolean goesOn; // the last call was the end of a weight whose chunk goes on in the next

  Kernels kernels() {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, args) -> {
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, args);
              }
              if (args != null && args.length > 2) {
                int last = args.length - (args[args.length - 1] instanceof Integer ? 1 : 2);
                int begin = (int) args[last - 1];
                int end = (int) args[last];
                note(method.getName(), args, begin, end);
                if (method.getName().equals("normalize")) {
                  ((FloatRows) args[2]).set(begin, 0, 1); // there are no bounds of all zeros
                }
              }
              Class<?> type = method.getReturnType();
              return type == boolean.class ? (Object) true : type == long.class ? 0L : null;
            });
  }

  private void note(String method, Object[] args, int begin, int end) {
    long items = end - begin;
    switch (method) {
      case "ternaryProduct" -> {
        TernaryMatrix w = (TernaryMatrix) args[0];
        boolean joined = goesOn && begin == 0;
        add((int) args[3] > FEW_ROWS ? "GEMM" : "GEMV", items * w.panelBytes(), joined);
        goesOn = end == w.panelCount();
        return;
      }
      case "vectorsProduct" -> {
        TernaryVectors w = (TernaryVectors) args[0];
        boolean joined = goesOn && begin == 0;
        add((int) args[3] > FEW_ROWS ? "GEMM" : "GEMV", readBytes(w, begin, end), joined);
        goesOn = end == PanelLayout.panels(w.rows());
        return;
      }
      case "gatedProduct" ->
          add(
              phases.getLast().name(),
              (long) (ACTIVE * items * ((TernaryVectors) args[0]).stride()),
              true);
      case "sparseProduct" -> {
        long column = items * TernaryVectors.LINE_BYTES;
        add("columns", (long) (NONZERO * ((TernaryVectors) args[0]).count() * column), false);
      }
      case "attend" -> {
        AttentionLayer layer = (AttentionLayer) args[0];
        Batch batch = (Batch) args[1];
        long bytes = 0;
        for (int i = begin; i < end; i++) {
          bytes += (batch.position(i / layer.kvHeads()) + 1) * positionBytes(layer);
        }
        add("attention", bytes, false);
      }
      case "attendParts" -> {
        AttentionLayer layer = (AttentionLayer) args[0];
        add("attention", items * AttentionLayer.CHUNK * positionBytes(layer), false);
      }
      case "mergeParts" -> {
        AttentionParts parts = (AttentionParts) args[2];
        long each = parts.count() / ((Batch) args[1]).size() * parts.headStride() * Float.BYTES;
        add("merge", items * each, false);
      }
      case "headProduct" -> add("head", items * ((FloatMatrix) args[0]).rowBytes(), false);
      case "boundLogits" -> add("bounds", items * coarseBytes((LowBitMatrix) args[0]), false);
      case "refineBounds" -> add("refinement", items * coarseBytes((LowBitMatrix) args[0]), false);
      case "embed", "add", "normalize", "quantize", "gate", "rotate", "store" ->
          add("rows", items, false);
      default -> throw new AssertionError(method);
    }
    goesOn = false;
  }

  /** Of columns, whole lines, however few of their panels are wanted. */
  private static long readBytes(TernaryVectors w, int begin, int end) {
    if (w.order() == TernaryVectors.Order.ROW_MAJOR) {
      return (long) (end - begin) * PanelLayout.ROWS * w.stride();
    }
    int panels = TernaryVectors.LINE_PANELS;
    long lines = Math.ceilDiv(end, panels) - begin / panels;
    return lines * w.columns() * TernaryVectors.LINE_BYTES;
  }

  private static long positionBytes(AttentionLayer layer) {
    return 2L * layer.headDim() * layer.type().bytes();
  }

  private static long coarseBytes(LowBitMatrix lowBit) {
    return lowBit.coarseBytes() / lowBit.panelCount();
  }

  private void add(String phase, long amount, boolean joined) {
    if (phases.isEmpty() || !phases.getLast().name().equals(phase)) {
      phases.add(new Phase(phase, new ArrayList<>()));
    }
    List<Long> chunks = phases.getLast().chunks();
    if (joined && !chunks.isEmpty()) {
      chunks.set(chunks.size() - 1, chunks.getLast() + amount);
    } else {
      chunks.add(amount);
    }
  }

  /** What was noted since the last call. */
  List<Phase> take() {
    List<Phase> taken = List.copyOf(phases);
    phases.clear();
    return taken;
  }
}
