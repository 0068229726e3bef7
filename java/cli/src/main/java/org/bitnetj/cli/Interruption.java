package org.bitnetj.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bitnetj.generate.Session;

/**
 * Lets a text end in good order when the process is told to end (Ctrl-C, SIGTERM): while this is
 * open, the JVM's shutdown cancels the session and waits a little until {@link #close} says that
 * everything has been written. The exit code is then the JVM's own, 128 plus the signal.
 */
final class Interruption implements AutoCloseable {
  private static final long GRACE_MILLIS = 3000;
  private static final long STEP_MILLIS = 50;

  private final Session session;
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::cancel, "end the text");

  Interruption(Session session) {
    this.session = session;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the process is ending; other hooks may have run then. */
  boolean hasCome() {
    Thread probe = new Thread(() -> {}, "probe");
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private void cancel() {
    try {
      // Again and again: the session may not have begun when the signal came.
      for (long waited = 0; waited < GRACE_MILLIS; waited += STEP_MILLIS) {
        session.cancel();
        if (done.await(STEP_MILLIS, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook has been told.
    }
  }
}
