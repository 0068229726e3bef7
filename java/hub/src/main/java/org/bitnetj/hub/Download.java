package org.bitnetj.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * Fetches one file, however often the connection is cut. What has come lies in a file beside the
 * blob ({@code HASH.bitnet.incomplete}), where a later download goes on; it becomes the blob when
 * the hash of all its bytes on disk is right.
 */
final class Download {
  private static final int BUFFER = 1 << 17;
  private static final long GOOD_PROGRESS = 1 << 20;
  private static final Duration STALL = Duration.ofSeconds(60);

  private final HubClient client;
  private final ModelName model;
  private final String commit;
  private final RemoteFile file;
  private final Path incomplete;
  private final Patience patience;
  private final LongConsumer progress;

  /**
   * @param progress hears how many bytes of the file are on disk
   */
  Download(
      HubClient client,
      ModelName model,
      String commit,
      RemoteFile file,
      Path incomplete,
      Patience patience,
      LongConsumer progress) {
    this.client = client;
    this.model = model;
    this.commit = commit;
    this.file = file;
    this.incomplete = incomplete;
    this.patience = patience;
    this.progress = progress;
  }

  /**
   * Leaves the whole, checked file in {@code incomplete}.
   *
   * @throws HubException if the server's bytes are not the file's, or do not come
   */
  void run() throws IOException {
    boolean continued = have() > 0;
    while (true) {
      patience.keep(
          () -> {
            fetchRest();
            return true;
          });
      String hash = file.hashOf(incomplete);
      if (hash.equals(file.hash())) {
        return;
      }
      Files.delete(incomplete);
      if (!continued) {
        throw new HubException(
            label()
                + ": the bytes that came have the "
                + file.algorithm()
                + " "
                + hash
                + " instead of "
                + file.hash()
                + "; they were deleted. Try again, or from another hub.");
      }
      continued = false; // what an earlier download left may have been wrong
    }
  }

  private String label() {
    return model.id() + "/" + file.name();
  }

  private long have() throws IOException {
    return Files.exists(incomplete) ? Files.size(incomplete) : 0;
  }

  private void fetchRest() throws IOException {
    try (FileChannel out =
        FileChannel.open(incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (out.size() > file.size()) {
        out.truncate(0);
      }
      out.position(out.size());
      progress.accept(out.position());
      if (out.position() < file.size()) {
        HttpResponse<InputStream> response =
            client.fetch(model, commit, file.name(), out.position());
        try (InputStream in = new StallGuard(response.body(), STALL)) {
          position(response, out);
          copy(in, out);
        }
      }
      out.force(true);
    }
  }

  /** Where the bytes of an answer belong; a server may send all of them whatever was asked. */
  private void position(HttpResponse<?> response, FileChannel out) throws IOException {
    long from = out.position();
    if (response.statusCode() == 416) {
      out.truncate(0);
      throw new TransientException(
          label() + ": " + client.host() + " cannot go on.", (Duration) null);
    }
    if (response.statusCode() == 200) {
      out.truncate(0);
    } else if (!HubClient.header(response, "Content-Range")
        .filter(range -> range.matches("bytes " + from + "-\\d+/(\\*|" + file.size() + ")"))
        .isPresent()) {
      throw new HubException(
          label()
              + ": other bytes came than those from byte "
              + from
              + " on, which were asked for.");
    }
    long rest = file.size() - out.position();
    long length = response.headers().firstValueAsLong("Content-Length").orElse(rest);
    if (length != rest) {
      throw new HubException(
          label()
              + ": "
              + length
              + " bytes would come, but "
              + rest
              + " are missing; the servers disagree about the file, try again later.");
    }
  }

  private void copy(InputStream in, FileChannel out) throws IOException {
    byte[] buffer = new byte[BUFFER];
    long renewed = out.position();
    while (true) {
      int n;
      try {
        n = in.read(buffer);
      } catch (IOException e) {
        throw cut(out.position(), e);
      }
      if (n < 0) {
        break;
      }
      if (n > file.size() - out.position()) {
        out.truncate(0);
        throw new HubException(
            label() + ": more bytes came than the " + file.size() + " it has; try again later.");
      }
      write(ByteBuffer.wrap(buffer, 0, n), out);
      progress.accept(out.position());
      if (out.position() - renewed >= GOOD_PROGRESS) {
        patience.renew();
        renewed = out.position();
      }
    }
    if (out.position() < file.size()) {
      throw cut(out.position(), new IOException("the end came too early"));
    }
  }

  private void write(ByteBuffer bytes, FileChannel out) throws HubException {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new HubException("cannot write " + incomplete + ": " + e.getMessage() + ".", e);
    }
  }

  private TransientException cut(long position, IOException cause) {
    return new TransientException(
        label()
            + ": the connection was cut at byte "
            + position
            + " of "
            + file.size()
            + " ("
            + cause.getMessage()
            + ").",
        cause);
  }
}
