package org.bitnetj.server;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection: what it sends and takes has time limits, and while it waits for an answer
 * somebody notices when it goes away. Requests are read by one thread at a time; {@link
 * #endIfLate}, {@link #watch} and the writer may be used by any.
 */
final class Connection implements ConnectionContext {
  private static final ScopedValue<Connection> CURRENT = ScopedValue.newInstance();

  /** Somebody who must be done at a time; interrupting a thread closes the socket it waits for. */
  private record Limited(Thread thread, long end) {}

  private final ConnectionContext context;
  private final long transferNanos;
  private final DataReader reader = DataReader.create(this::read);
  private final DataWriter writer;

  /** What was read ahead to notice the end; belongs to the next {@link #read}. */
  private @Nullable FutureTask<byte @Nullable []> ahead;

  private @Nullable Runnable gone;
  private @Nullable Limited reading;
  private @Nullable Limited writing;
  private @Nullable ServerConnection protocol;
  private boolean ended;

  Connection(ConnectionContext context, Duration transferTime) {
    this.context = context;
    this.transferNanos = transferTime.toNanos();
    this.writer = new TimedWriter(context.dataWriter());
  }

  /** That of the request which this thread answers. */
  static Connection current() {
    return CURRENT.get();
  }

  /** Says that what was to be read now is there, or that nothing is to be read. */
  synchronized void received() {
    reading = null;
  }

  /** Gives the client a new time limit for what is to be read now. */
  synchronized void receiving() {
    reading = new Limited(Thread.currentThread(), System.nanoTime() + transferNanos);
  }

  /**
   * Nothing more is read, and no request more is answered: the connection is closed when what is
   * answered now has been sent. For the thread that answers.
   */
  void end() {
    ServerConnection handled;
    synchronized (this) {
      ended = true;
      handled = protocol;
    }
    if (handled != null) {
      handled.close(false); // it may have read further requests
    }
  }

  /** Whether it is closed after this answer. */
  synchronized boolean isEnded() {
    return ended;
  }

  /**
   * Runs something once when the client closes the connection, or its sending side of it. What it
   * sends instead is kept for the next request; then its end is not noticed before that.
   */
  void watch(Runnable gone) {
    synchronized (this) {
      this.gone = gone;
      if (ahead != null) {
        return;
      }
      ahead = new FutureTask<>(this::readAhead);
      Thread.ofVirtual().name("bitnet-watch").start(ahead);
    }
  }

  /** The answer has been sent. */
  synchronized void unwatch() {
    gone = null;
  }

  private byte @Nullable [] readAhead() {
    byte[] bytes = null;
    try {
      do {
        bytes = serverSocket().get();
      } while (bytes != null && bytes.length == 0); // TLS has taken leave
      return bytes;
    } finally {
      if (bytes == null) {
        Runnable teller;
        synchronized (this) {
          teller = gone;
          gone = null;
        }
        if (teller != null) {
          teller.run();
        }
      }
    }
  }

  /** The next bytes that the client sends; null if it sends no more. */
  private byte @Nullable [] read() {
    FutureTask<byte @Nullable []> begun;
    synchronized (this) {
      if (ended) {
        return null;
      }
      begun = ahead;
      ahead = null;
    }
    byte[] bytes = begun == null ? readNow() : await(begun);
    synchronized (this) {
      if (reading == null) { // the first of a request's head
        reading = new Limited(Thread.currentThread(), System.nanoTime() + transferNanos);
      }
    }
    return bytes;
  }

  private byte @Nullable [] readNow() {
    try {
      return serverSocket().get();
    } catch (UncheckedIOException e) {
      throw new ServerConnectionException("the client's bytes cannot be read", e);
    }
  }

  private byte @Nullable [] await(FutureTask<byte @Nullable []> begun) {
    try {
      return begun.get();
    } catch (ExecutionException e) {
      throw new ServerConnectionException("the client's bytes cannot be read", e);
    } catch (InterruptedException e) { // as a read would: the connection ends
      Thread.currentThread().interrupt();
      synchronized (this) {
        ended = true; // to read on would be to wait for who reads ahead, interrupted or not
      }
      throw new ServerConnectionException("the connection is closed", e);
    }
  }

  /** Ends the connection if its client has had the time that it may take. */
  synchronized void endIfLate(long now) {
    if (isLate(reading, now)) {
      reading = null;
    }
    if (isLate(writing, now)) {
      writing = null;
    }
  }

  private static boolean isLate(@Nullable Limited limited, long now) {
    if (limited == null || now - limited.end < 0) {
      return false;
    }
    limited.thread.interrupt();
    return true;
  }

  /** The protocol on this connection, which is among the {@code open} ones until it ends. */
  synchronized ServerConnection handled(ServerConnection protocol, Set<Connection> open) {
    this.protocol = protocol;
    return new Handled(protocol, open);
  }

  private final class Handled implements ServerConnection, InterruptableTask<Void> {
    private final ServerConnection protocol;
    private final Set<Connection> open;

    Handled(ServerConnection protocol, Set<Connection> open) {
      this.protocol = protocol;
      this.open = open;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      open.add(Connection.this);
      try {
        ScopedValue.where(CURRENT, Connection.this)
            .call(
                () -> {
                  protocol.handle(limit);
                  return null;
                });
      } finally {
        open.remove(Connection.this);
      }
    }

    @Override
    public Duration idleTime() {
      return protocol.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      protocol.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
      return protocol instanceof InterruptableTask<?> task && task.canInterrupt();
    }
  }

  /** Each piece must be taken in time. */
  private final class TimedWriter implements DataWriter {
    private final DataWriter to;

    TimedWriter(DataWriter to) {
      this.to = to;
    }

    private void timed(Runnable write) {
      synchronized (Connection.this) {
        writing = new Limited(Thread.currentThread(), System.nanoTime() + transferNanos);
      }
      try {
        write.run();
      } finally {
        synchronized (Connection.this) {
          writing = null;
        }
      }
    }

    @Override
    public void write(BufferData... buffers) {
      timed(() -> to.write(buffers));
    }

    @Override
    public void write(BufferData buffer) {
      timed(() -> to.write(buffer));
    }

    @Override
    public void writeNow(BufferData... buffers) {
      timed(() -> to.writeNow(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
      timed(() -> to.writeNow(buffer));
    }

    @Override
    public void flush() {
      timed(to::flush);
    }

    @Override
    public void close() {
      to.close();
    }
  }

  @Override
  public DataReader dataReader() {
    return reader;
  }

  @Override
  public DataWriter dataWriter() {
    return writer;
  }

  @Override
  public ListenerContext listenerContext() {
    return context.listenerContext();
  }

  @Override
  public ExecutorService executor() {
    return context.executor();
  }

  @Override
  public Router router() {
    return context.router();
  }

  @Override
  public Optional<ProxyProtocolData> proxyProtocolData() {
    return context.proxyProtocolData();
  }

  @Override
  public HelidonSocket serverSocket() {
    return context.serverSocket();
  }

  @Override
  public PeerInfo remotePeer() {
    return context.remotePeer();
  }

  @Override
  public PeerInfo localPeer() {
    return context.localPeer();
  }

  @Override
  public boolean isSecure() {
    return context.isSecure();
  }

  @Override
  public String socketId() {
    return context.socketId();
  }

  @Override
  public String childSocketId() {
    return context.childSocketId();
  }
}
