package org.bitnetj.cli;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.bitnetj.chat.ThinkingSplitter;
import org.bitnetj.generate.GenerationListener;
import org.jspecify.annotations.Nullable;

/**
 * Prints a reply as it comes: the answer, and before it what the model thinks, dimmed on a
 * terminal, unless that is hidden. To be closed when the reply has ended. For one thread.
 */
final class Reply implements GenerationListener, AutoCloseable {
  private static final byte[] DIM = "\u001b[2m".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] PLAIN = "\u001b[0m".getBytes(StandardCharsets.US_ASCII);

  private final Output out;
  private final @Nullable WordWrap wrap;
  private final boolean hidden;
  private final boolean dims;
  private final ThinkingSplitter splitter;
  private boolean thinking;

  /**
   * @param inside whether the reply begins within thinking
   * @param hidden whether thinking is left out
   */
  Reply(Streams streams, boolean inside, boolean hidden) {
    this(streams, inside, hidden, OptionalInt::empty);
  }

  /**
   * The same whose lines break between words.
   *
   * @param columns of a line, which may change meanwhile; empty to leave lines as they are
   */
  Reply(Streams streams, boolean inside, boolean hidden, Supplier<OptionalInt> columns) {
    this.wrap = WordWrap.where(columns, streams.out()::print);
    this.out = streams.out();
    this.hidden = hidden;
    this.dims = streams.obeysCodes(Streams.Standard.OUT) && !Streams.refusesColours();
    this.splitter = new ThinkingSplitter(inside, this::think, this::answer);
  }

  @Override
  public void onText(String piece) {
    splitter.accept(piece);
    out.flush();
  }

  private void think(String text) {
    if (hidden) {
      return;
    }
    if (!thinking) {
      thinking = true;
      dim(DIM);
      print(ThinkingSplitter.START + "\n");
    }
    print(text);
  }

  private void answer(String text) {
    if (thinking) {
      thinking = false;
      print("\n" + ThinkingSplitter.END + "\n\n");
      dim(PLAIN);
    }
    print(text);
  }

  private void print(String text) {
    if (wrap == null) {
      out.print(text);
    } else {
      wrap.accept(text);
    }
  }

  private void dim(byte[] how) {
    if (wrap != null) {
      wrap.flush();
    }
    if (dims) {
      out.write(how);
    }
  }

  /** Prints what was held back. */
  @Override
  public void close() {
    splitter.finish();
    if (wrap != null) {
      wrap.flush();
    }
    if (thinking) {
      dim(PLAIN);
    }
    out.flush();
  }
}
