package org.bitnetj.tokenizer;

import java.util.Arrays;

/** A binary heap of longs that gives the smallest first. Not thread-safe. */
final class LongHeap {
  private long[] heap = {};
  private int size;

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  /** Adds an entry at the end; {@link #build} must come before the next {@link #pop}. */
  void append(long entry) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size + size / 2 + 16);
    }
    heap[size++] = entry;
  }

  /** Orders what was appended, in linear time. */
  void build() {
    for (int i = size / 2 - 1; i >= 0; i--) {
      siftDown(i, heap[i]);
    }
  }

  void push(long entry) {
    append(entry);
    int at = size - 1;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  /** Removes the smallest entry of a heap that is not empty. */
  long pop() {
    long top = heap[0];
    long last = heap[--size];
    if (size > 0) {
      siftDown(0, last);
    }
    return top;
  }

  private void siftDown(int from, long entry) {
    int at = from;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }
}
