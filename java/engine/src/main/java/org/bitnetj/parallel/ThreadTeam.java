package org.bitnetj.parallel;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads that divides the phases of a step among its members: the thread that
 * calls {@link #run} and {@code threads - 1} daemon workers. A phase is cut into chunks; a thread
 * that is free claims the next one, and the phase ends when every <em>chunk</em> is done. So a
 * worker that the operating system has suspended delays a phase only while it holds a chunk, not
 * even then if the task is {@link Repeatable}, and a phase makes progress even if no worker arrives
 * at all.
 *
 * <p>Between phases workers spin for a short time, then park, so a team that is not used costs
 * nothing. Everything the caller wrote before {@code run} is visible to the tasks, and everything
 * the tasks wrote is visible to the caller after it. A run allocates nothing.
 *
 * <p>One thread at a time may use a team; a second one gets an exception.
 */
public final class ThreadTeam implements AutoCloseable {

  /** Work on a range of items. */
  @FunctionalInterface
  public interface Task {
    /** Does items {@code [begin, end)}; called by several threads at once for disjoint ranges. */
    void run(int begin, int end);
  }

  /** Not all threads of a team could be started; the message is a sentence. */
  public static final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartException(String sentence, Throwable cause) {
      super(sentence, cause);
    }
  }

  /** How long a thread with nothing to do spins before it parks. */
  private static final long SPIN_NANOS = 50_000;

  /** How long a caller parks at most before it checks again. */
  private static final long LONGEST_PARK_NANOS = 1_000_000;

  /** Checks of the condition between checks of the clock. */
  private static final int SPINS_PER_CLOCK = 16;

  private static final Task NOTHING = (begin, end) -> {};

  // The shared counters, each in 128 bytes of its own: two cache lines, which CPUs fetch in pairs.
  private static final int CLAIMS = 16;
  private static final int DONE = 32;
  private static final int CELLS = 48;
  private static final long ONE_CLAIM = 1L << 32;
  private static final int REPEATABLE = 1 << 31;

  /**
   * CLAIMS is {@code next << 32 | total}: the next chunk to claim and how many the phase has, plus
   * REPEATABLE for a phase of a {@link Repeatable}. One atomic addition of ONE_CLAIM claims a chunk
   * if the value it returns has next < total, else nothing. DONE counts the chunks that have been
   * finished.
   *
   * <p>Why one word is enough, whatever happens between two steps of a thread, if the phase is not
   * repeatable (for those see {@link RepeatablePhase}):
   *
   * <ol>
   *   <li>The caller starts a phase only after DONE has reached the total of the one before. So
   *       from a successful claim until its holder has added to DONE, the phase cannot change, and
   *       {@link #task} and {@link #chunks}, which are read only in between, are those of the
   *       claimed chunk: they were written before the word that the claim returned.
   *   <li>A thread that was put aside after it had seen work of an old phase does not act on what
   *       it saw: its addition returns the word of now, and claims a chunk of the phase of now or
   *       nothing.
   *   <li>A failed claim overshoots next by one; harmless, since each thread fails once a phase,
   *       and the next phase overwrites the word. An addition that is lost by that had failed,
   *       because all chunks of the phase before were already done.
   * </ol>
   */
  private final AtomicLongArray cells = new AtomicLongArray(CELLS + 16);

  private final Worker[] workers;
  private final long spinNanos;
  private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

  private Task task = NOTHING;
  private final Chunks chunks;
  private final RepeatablePhase repeatable;

  private volatile @Nullable Throwable failure;
  private volatile @Nullable Thread waiting;
  private volatile boolean closed;

  /**
   * @param threads how many threads compute, the caller included, at least 1
   * @throws StartException if the system refuses a thread; those that were started have ended
   */
  public ThreadTeam(int threads) {
    this(threads, SPIN_NANOS);
  }

  ThreadTeam(int threads, long spinNanos) {
    this(threads, spinNanos, Thread::start);
  }

  /**
   * @param starter starts a thread, or throws
   */
  ThreadTeam(int threads, long spinNanos, Consumer<Thread> starter) {
    if (threads < 1) {
      throw new IllegalArgumentException("a team needs at least 1 thread, not " + threads);
    }
    this.spinNanos = spinNanos;
    this.chunks = new Chunks(threads);
    this.repeatable = new RepeatablePhase(threads, chunks, new TaskFailures());
    this.workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
    }
    for (int i = 0; i < workers.length; i++) {
      try {
        starter.accept(workers[i]);
      } catch (Throwable t) { // an OutOfMemoryError where the system has no thread left
        close();
        throw new StartException(
            "Only "
                + (i + 1)
                + " of "
                + threads
                + " threads could be started ("
                + t.getMessage()
                + "): ask for fewer threads, or raise the system's limit of threads.",
            t);
      }
    }
  }

  /**
   * The number of processors this process may use. Where two hardware threads share a core, one
   * thread for each physical core is usually faster; Java cannot tell, so users can.
   */
  public static int defaultThreads() {
    return Runtime.getRuntime().availableProcessors();
  }

  /** Threads that compute, the caller included. */
  public int threads() {
    return workers.length + 1;
  }

  /**
   * Runs {@code task} over all of {@code [0, items)} and returns when all is done. Each call of the
   * task gets a range that begins at a multiple of {@code grain} and has {@code grain} items, the
   * last one maybe fewer; when one thread is enough ({@code items <= grain}, or a team of one) the
   * caller does everything in a single range.
   *
   * <p>If a task throws, chunks not yet begun are skipped, and what was thrown first is thrown here
   * with the others suppressed in it. The team stays usable. An interrupt does not end a run; it
   * stays set.
   *
   * @throws IllegalStateException if the team is closed or in use, by another thread or by the task
   *     that makes this call
   */
  public void run(Task task, int items, int grain) {
    enter();
    try {
      chunks.cut(items, grain);
      start(task);
    } finally {
      user.set(null);
    }
  }

  /**
   * Like {@link #run}, for work that is faster in long ranges, such as reading memory: guided
   * scheduling (Polychronopoulos and Kuck, 1987). Again and again every thread may take an equal
   * part of half of what is left, until that would be less than half of {@code most} items; the
   * rest is divided into even chunks of about {@code most} at most, which keep all threads busy to
   * the end.
   *
   * @param least items in one of the even chunks, if there are as many
   * @param most items in one of the even chunks, but for rounding
   * @param multiple what the long chunks are a multiple of, and the even ones if that costs little
   * @throws IllegalStateException as {@link #run} does
   */
  public void runGuided(Task task, int items, int least, int most, int multiple) {
    enter();
    try {
      chunks.cutGuided(items, least, most, multiple);
      start(task);
    } finally {
      user.set(null);
    }
  }

  /**
   * Like {@link #run}, for work that is faster by {@code large} items than by {@code small} ones:
   * while there is a large chunk for every thread and a small one for the end, each may take a
   * large one, which begins at a multiple of {@code large}; the rest is divided into small ones.
   *
   * @param large items of a large chunk, at least 1
   * @param small items of a small one, at least 1
   * @throws IllegalStateException as {@link #run} does
   */
  public void runInTwoSizes(Task task, int items, int large, int small) {
    enter();
    try {
      chunks.cutInTwoSizes(items, large, small);
      start(task);
    } finally {
      user.set(null);
    }
  }

  private void enter() {
    Thread me = Thread.currentThread();
    Thread other = user.compareAndExchange(null, me);
    if (other != null) {
      boolean nested = other == me || me instanceof Worker worker && worker.team() == this;
      throw new IllegalStateException(
          nested
              ? "a task cannot use the thread team that is running it"
              : "this thread team is in use by " + other.getName());
    }
  }

  private void start(Task task) {
    if (closed) {
      throw new IllegalStateException("this thread team is closed");
    }
    int total = chunks.count();
    if (total == 1 || total > 0 && workers.length == 0) {
      task.run(0, chunks.items());
    } else if (total > 0) {
      share(task, total);
    }
  }

  private void share(Task task, int total) {
    Repeatable.Attempt[] attempts =
        task instanceof Repeatable r && total <= repeatable.mostChunks() ? r.attempts() : null;
    this.task = task;
    cells.set(DONE, 0);
    if (attempts != null) {
      repeatable.begin(attempts, total);
    }
    cells.set(CLAIMS, attempts != null ? Integer.toUnsignedLong(total | REPEATABLE) : total);
    // No wake-up is lost: a worker sets asleep, then reads CLAIMS, then parks; here CLAIMS is set,
    // then asleep read; all four are volatile, so they have one order. If asleep is read as set,
    // unpark ends the park or makes it return at once; else it was set after this read, hence after
    // CLAIMS, and the worker sees the work and does not park.
    for (int i = 0; i < Math.min(total - 1, workers.length); i++) {
      if (workers[i].asleep) {
        LockSupport.unpark(workers[i]);
      }
    }
    try {
      work(0);
      awaitDone(total, attempts != null);
    } catch (Throwable t) { // of the virtual machine: what tasks throw is in failure
      closed = true; // others may still work on this phase, so there cannot be a next one
      throw t;
    }
    if (attempts != null) {
      repeatable.end();
    }
    this.task = NOTHING;
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      switch (thrown) {
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        default -> throw new IllegalStateException("a task failed: " + thrown, thrown);
      }
    }
  }

  /** Claims and does chunks until none is left; in the caller as in the workers. */
  private void work(int thread) {
    int finished = 0;
    while (true) {
      long word = cells.getAndAdd(CLAIMS, ONE_CLAIM);
      int next = (int) (word >>> 32);
      int total = total(word);
      if (next >= total) {
        // With a chunk finished but not yet counted, this is still that chunk's phase and total.
        if (finished > 0) {
          count(finished, total);
        }
        return;
      }
      if ((int) word < 0) { // REPEATABLE is its sign
        attempt(thread, next);
        continue;
      }
      if (failure == null) {
        try {
          task.run(chunks.begin(next), chunks.begin(next + 1));
        } catch (Throwable t) {
          fail(t);
        }
      }
      finished++;
    }
  }

  private static int total(long word) {
    return (int) word & ~REPEATABLE;
  }

  /** Counts chunks as done. */
  private void count(int finished, int total) {
    if (cells.addAndGet(DONE, finished) == total) {
      Thread caller = waiting;
      if (caller != null) {
        LockSupport.unpark(caller);
      }
    }
  }

  private void attempt(int thread, int index) {
    int total = repeatable.attempt(thread, index);
    if (total > 0) {
      count(1, total);
    }
  }

  private final class TaskFailures implements RepeatablePhase.Failures {
    @Override
    public boolean any() {
      return failure != null;
    }

    @Override
    public void add(Throwable t) {
      fail(t);
    }
  }

  private synchronized void fail(Throwable t) {
    Throwable first = failure;
    if (first == null) {
      failure = t;
    } else if (first != t) {
      first.addSuppressed(t);
    }
  }

  private void awaitDone(int total, boolean isRepeatable) {
    long start = 0;
    for (int spins = 1; cells.get(DONE) != total; spins++) {
      Thread.onSpinWait();
      if (spins % SPINS_PER_CLOCK == 0) {
        long now = System.nanoTime();
        start = spins == SPINS_PER_CLOCK ? now : start;
        if (now - start >= spinNanos) {
          for (int i = 0; isRepeatable && i < total && cells.get(DONE) != total; i++) {
            attempt(0, i);
          }
          // As for the workers: waiting is set, then DONE read; the last finisher adds to DONE,
          // then reads waiting. An unpark that comes late only makes some later park return early.
          // The park ends by itself too, for under QEMU, where a volatile store may pass a later
          // volatile load, each side may miss what the other wrote.
          waiting = Thread.currentThread();
          while (cells.get(DONE) != total) {
            LockSupport.parkNanos(this, LONGEST_PARK_NANOS);
          }
          waiting = null;
          return;
        }
      }
    }
  }

  /**
   * Returns when no thread computes a chunk of a {@link Repeatable} that is over: what it reads may
   * be freed then. Between runs, by the thread that makes them.
   */
  public void settle() {
    repeatable.settle();
  }

  /**
   * Ends the workers and waits for them. Idempotent.
   *
   * @throws IllegalStateException if the team is in use
   */
  @Override
  public void close() {
    enter();
    try {
      closed = true;
      for (Worker worker : workers) {
        LockSupport.unpark(worker);
      }
      boolean interrupted = false;
      for (Worker worker : workers) {
        while (worker.isAlive()) {
          try {
            worker.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    } finally {
      user.set(null);
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean asleep;

    Worker(int number) {
      super("bitnet-worker-" + number);
      this.number = number;
      setDaemon(true);
    }

    ThreadTeam team() {
      return ThreadTeam.this;
    }

    @Override
    public void run() {
      while (awaitWork()) {
        work(number);
      }
    }

    private boolean hasWork() {
      long word = cells.get(CLAIMS);
      return (int) (word >>> 32) < total(word);
    }

    /** Returns true when there may be a chunk to claim, false when the team is closed. */
    private boolean awaitWork() {
      long start = 0;
      int spins = 0;
      while (!hasWork()) {
        if (closed) {
          return false;
        }
        Thread.onSpinWait();
        if (++spins % SPINS_PER_CLOCK == 0) {
          long now = System.nanoTime();
          start = spins == SPINS_PER_CLOCK ? now : start;
          if (now - start >= spinNanos) {
            asleep = true;
            if (!hasWork() && !closed) {
              LockSupport.park(ThreadTeam.this);
              Thread.interrupted(); // else the next park would not wait
            }
            asleep = false;
            spins = 0;
          }
        }
      }
      return true;
    }
  }
}
