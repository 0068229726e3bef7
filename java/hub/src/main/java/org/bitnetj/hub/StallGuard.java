package org.bitnetj.hub;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * A stream from the network that does not wait for ever: after a time without a byte it closes
 * itself, and the read that waits fails.
 */
final class StallGuard extends FilterInputStream {
  private final Thread guard;
  private volatile long lastNanos = System.nanoTime();
  private volatile boolean stalled;

  StallGuard(InputStream in, Duration patience) {
    super(in);
    guard = Thread.ofVirtual().name("stall guard").start(() -> watch(patience.toNanos()));
  }

  private void watch(long patienceNanos) {
    try {
      for (long left = patienceNanos; left > 0; ) {
        Thread.sleep(Duration.ofNanos(left));
        left = patienceNanos - (System.nanoTime() - lastNanos);
      }
      stalled = true;
      in.close();
    } catch (InterruptedException e) {
      // The stream has ended.
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    try {
      int n = in.read(bytes, offset, length);
      if (stalled) {
        throw new IOException("nothing came");
      }
      lastNanos = System.nanoTime();
      return n;
    } catch (IOException e) {
      throw stalled ? new IOException("nothing came for too long", e) : e;
    }
  }

  @Override
  public void close() throws IOException {
    guard.interrupt();
    in.close();
  }
}
