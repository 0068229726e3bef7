package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.bitnetj.kernel.ffi.NativeLibrary;

/** What a command line did, run inside this process. */
record Outcome(int code, byte[] bytes, String err) {

  /** Runs it with nothing on standard input. */
  static Outcome of(String... args) {
    return fed("", args);
  }

  /** Runs it with {@code input} on standard input. */
  static Outcome fed(String input, String... args) {
    return fed(input.getBytes(StandardCharsets.UTF_8), args);
  }

  static Outcome fed(byte[] input, String... args) {
    return run(new ByteArrayInputStream(input), stream -> false, args);
  }

  static Outcome run(InputStream in, Streams.Terminals terminals, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    Output output = new Output(out, terminals.include(Streams.Standard.OUT));
    int code = BitnetCommand.execute(new Streams(in, output, errors, terminals), args);
    String said = withoutKernelWarning(err.toString(StandardCharsets.UTF_8));
    return new Outcome(code, out.toByteArray(), said);
  }

  /** What was said besides the line that every start of a build without native kernels has. */
  static String withoutKernelWarning(String err) {
    return NativeLibrary.status() instanceof NativeLibrary.Missing
        ? err.replaceAll("bitnet: warning: cannot use the native kernels: .*\n", "")
        : err;
  }

  /** Standard output as text. */
  String out() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  Outcome succeeds() {
    assertEquals(0, code, this::toString);
    return this;
  }

  /** A run-time failure that says {@code sentence} and nothing else. */
  Outcome fails(String sentence) {
    assertEquals("bitnet: " + sentence + "\n", err);
    assertEquals(1, code, this::toString);
    return this;
  }

  /** A usage error whose message contains {@code words} and that names the way to the help. */
  Outcome isMisuse(String words) {
    assertEquals(2, code, this::toString);
    assertTrue(err.contains(words), () -> "no '" + words + "' in " + this);
    assertTrue(err.contains("--help'."), this::toString);
    assertEquals(0, bytes.length, this::toString);
    return this;
  }

  Outcome says(String words) {
    assertTrue(err.contains(words), () -> "no '" + words + "' in " + this);
    return this;
  }

  @Override
  public String toString() {
    return "exit code " + code + "\nstdout: " + out() + "\nstderr: " + err;
  }
}
