package org.bitnetj.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.types.UTF8String;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The rows of a partition in their order, each with its results behind it. Many are computed at a
 * time, each by a thread of its own, so that one that takes long holds up none of those after it.
 * For the task's thread alone.
 */
final class RowsUnderWay extends AbstractIterator<InternalRow> {
  /** Rows that are read ahead of the output, for each that an executor computes at a time. */
  private static final int READ_AHEAD = 4;

  /** No further row is read once rows under way exceed this many bytes. */
  private static final long READ_AHEAD_BYTES = 16L << 20;

  /** How often a task that waits looks whether it was killed. */
  private static final long LOOK_MILLIS = 100;

  private final Iterator<InternalRow> rows;
  private final UnsafeProjection arguments;
  private final List<RowWork> work;
  private final List<RowWork.OfRow> begun;
  private final UnsafeProjection joined;
  private final OperatorMetrics metrics;
  private final TaskContext task;
  private final int maxUnderWay;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Deque<UnderWay> underWay = new ArrayDeque<>();

  private long bytesUnderWay;

  private record UnderWay(InternalRow row, long bytes, List<Future<RowResult>> results) {}

  RowsUnderWay(
      Iterator<InternalRow> rows,
      UnsafeProjection arguments,
      List<RowWork> work,
      List<RowWork.OfRow> begun,
      UnsafeProjection joined,
      OperatorMetrics metrics,
      TaskContext task) {
    this.rows = rows;
    this.arguments = arguments;
    this.work = work;
    this.begun = begun;
    this.joined = joined;
    this.metrics = metrics;
    this.task = task;
    this.maxUnderWay =
        READ_AHEAD * work.stream().mapToInt(one -> one.model().rowsTogether()).max().orElseThrow();
  }

  @Override
  public boolean hasNext() {
    return !underWay.isEmpty() || rows.hasNext();
  }

  @Override
  public InternalRow next() {
    while (mayRead() && rows.hasNext()) {
      begin(rows.next());
    }
    UnderWay first = underWay.removeFirst();
    bytesUnderWay -= first.bytes;
    Object[] values = new Object[work.size()];
    for (int i = 0; i < values.length; i++) {
      RowResult result = await(first.results.get(i));
      metrics.add(result);
      BitNetMetrics asked = work.get(i).metrics();
      if (asked != null) {
        asked.add(result);
      }
      values[i] = result.value();
    }
    metrics.rows().add(1);
    return joined.apply(new JoinedRow(first.row, new GenericInternalRow(values)));
  }

  private boolean mayRead() {
    return underWay.isEmpty() || underWay.size() < maxUnderWay && bytesUnderWay < READ_AHEAD_BYTES;
  }

  /** The row is copied: Spark uses its memory for the next one. */
  private void begin(InternalRow row) {
    UnsafeRow texts = arguments.apply(row);
    List<Future<RowResult>> results = new ArrayList<>(begun.size());
    for (int i = 0; i < begun.size(); i++) {
      UTF8String text = texts.getUTF8String(i);
      RowWork.OfRow one = begun.get(i);
      String prompt = text == null ? null : text.toString();
      results.add(threads.submit(() -> prompt == null ? RowResult.NONE : one.result(prompt)));
    }
    long bytes = texts.getSizeInBytes();
    if (row instanceof UnsafeRow whole) {
      bytes += whole.getSizeInBytes();
    }
    bytesUnderWay += bytes;
    underWay.addLast(new UnderWay(row.copy(), bytes, results));
  }

  private RowResult await(Future<RowResult> result) {
    while (true) {
      task.killTaskIfInterrupted();
      try {
        return result.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        continue;
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case RuntimeException failure -> throw failure;
          case Error failure -> throw failure;
          default -> throw new IllegalStateException(e.getCause());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        task.killTaskIfInterrupted();
        throw new IllegalStateException("The task was interrupted.", e);
      }
    }
  }

  /** Cancels what is still computed, and waits until nothing uses the models any longer. */
  void close() {
    threads.shutdownNow();
    threads.close();
  }
}
