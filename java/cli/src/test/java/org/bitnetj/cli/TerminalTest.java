package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a model or a file says does not rule the terminal it is shown on. */
class TerminalTest {
  private static final String HOSTILE =
      "a\u001b[2Jb\rc\u0007\u007f\u0000\n\td\u009b31m\u0080 ä€😀 \u00a0";
  private static final String HARMLESS = "a[2Jbc\n\td31m ä€😀 \u00a0";

  @Test
  void aTerminalGetsNoControlsOfTexts() {
    assertEquals(HARMLESS, shown(true, HOSTILE.getBytes(StandardCharsets.UTF_8)));
    assertEquals(HOSTILE, shown(false, HOSTILE.getBytes(StandardCharsets.UTF_8)));
  }

  /** Also where a character comes in two parts, as from a buffer that is full. */
  @Test
  void aCharacterMayBeSplit() throws IOException {
    byte[] text = HOSTILE.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Output out = new Output(bytes, true);
    for (byte b : text) {
      out.stream().write(b);
    }
    out.flush();
    assertEquals(HARMLESS, bytes.toString(StandardCharsets.UTF_8));
  }

  /** Each model has a second of its own in which nothing is shown. */
  @Test
  void aSentenceTakesTheLineOfLoadingAway() throws InterruptedException {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    LoadingLine loading =
        new LoadingLine(
            new Streams(InputStream.nullInputStream(), new Output(err), errors, stream -> true));
    loading.at(1, 100);
    assertEquals("", err.toString(StandardCharsets.UTF_8));
    Thread.sleep(1050);
    loading.at(2, 100);
    loading.tell("bitnet: warning: the disk is full.");
    String shown = err.toString(StandardCharsets.UTF_8);
    assertTrue(shown.contains("loading: 2 % of the weights are packed"), shown);
    assertTrue(
        shown.endsWith("\r\u001b[Kbitnet: warning: the disk is full." + System.lineSeparator()),
        shown);
    loading.at(100, 100);
    loading.at(1, 100);
    loading.at(50, 100);
    assertEquals(shown, err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void bytesOfOurOwnGoAsTheyAre() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] colour = {27, '[', '1', 'm'};
    new Output(bytes, true).write(colour).flush();
    assertArrayEquals(colour, bytes.toByteArray());
  }

  @Test
  void tokensAreShownWithoutControlsOnATerminalOnly() {
    String[] ids =
        Outcome.of("tokenize", "--no-bos", "a\u001b[2Jb").succeeds().out().strip().split(" ");
    String[] line = new String[ids.length + 1];
    line[0] = "detokenize";
    System.arraycopy(ids, 0, line, 1, ids.length);
    assertEquals("a\u001b[2Jb\n", Outcome.of(line).succeeds().out());
    assertEquals(
        "a[2Jb\n",
        Outcome.run(InputStream.nullInputStream(), s -> s == Streams.Standard.OUT, line)
            .succeeds()
            .out());
  }

  @Test
  void everyMessageIsEscaped() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    Streams streams =
        new Streams(InputStream.nullInputStream(), new Output(err), errors, stream -> true);
    new Failures(streams).handle(new Failures.Failure("x\u001b[2J\u009b\ny"));
    assertEquals("bitnet: x\\u{1b}[2J\\u{9b}\ny\n", err.toString(StandardCharsets.UTF_8));
    err.reset();
    new Failures(streams).handle(new IllegalStateException("x\u001b[2J"));
    String trace = err.toString(StandardCharsets.UTF_8);
    assertEquals(-1, trace.indexOf('\u001b'), trace);
    assertEquals(true, trace.contains("IllegalStateException: x\\u{1b}[2J\n"), trace);
    err.reset();
    streams.tell("bitnet: warning: x\u001b[2J.");
    assertEquals("bitnet: warning: x\\u{1b}[2J.\n", err.toString(StandardCharsets.UTF_8));
    Outcome.of("run", "--no\u001bsuch").isMisuse("--no\\u{1b}such");
    Outcome.of("warp\u001b").isMisuse("'warp\\u{1b}'");
  }

  @Test
  void progressIsOneLineWhateverItQuotes() {
    for (boolean terminal : new boolean[] {true, false}) {
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
      Streams streams =
          new Streams(InputStream.nullInputStream(), new Output(err), errors, stream -> terminal);
      long deadline = System.nanoTime() + 30_000_000_000L;
      try (ProgressLine progress = new ProgressLine(streams)) {
        while (err.size() == 0 && System.nanoTime() < deadline) {
          Thread.onSpinWait();
          progress.update(() -> "x\u001b[2J\u009b\ny");
        }
      }
      String line = "x\\u{1b}[2J\\u{9b}\\ny";
      assertEquals(
          terminal ? "\r\033[?7l" + line + "\033[K\033[?7h\r\033[K" : line + System.lineSeparator(),
          err.toString(StandardCharsets.UTF_8));
    }
  }

  private static String shown(boolean terminal, byte[] text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new Output(bytes, terminal).print(new String(text, StandardCharsets.UTF_8)).flush();
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
