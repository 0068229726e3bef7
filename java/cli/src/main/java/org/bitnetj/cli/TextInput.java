package org.bitnetj.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The text a command works on: an argument, {@code -p}, a file, or standard input. */
final class TextInput {
  /** Names standard input, as an argument and as a file; only {@code -p} makes it a text. */
  static final String STANDARD_INPUT = "-";

  /** U+FEFF in UTF-8. */
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      paramLabel = "[TEXT]",
      hideParamSyntax = true,
      description = "The text, in quotes ('-' is standard input). Default: standard input.")
  private List<String> arguments = List.of();

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "The text, as an option.")
  private @Nullable String option;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Read the text from FILE ('-' is standard input).")
  private @Nullable Path file;

  /** Whether the command line says where the text is. */
  boolean isGiven() {
    return !arguments.isEmpty() || option != null || file != null;
  }

  /** The file that the text is read from, if it is one. */
  Optional<Path> file() {
    return Optional.ofNullable(file).filter(f -> !readsStandardInput());
  }

  /** The text's bytes; a byte order mark before what is read is dropped. */
  byte[] bytes(Streams streams) throws IOException {
    String given = given();
    return given != null
        ? given.getBytes(StandardCharsets.UTF_8)
        : withoutByteOrderMark(read(streams));
  }

  /**
   * The text as the beginning of another: what was read must be UTF-8, and loses the byte order
   * mark before it and the line break that editors and {@code echo} put at its end.
   */
  String prompt(Streams streams) throws IOException {
    String given = given();
    return given != null
        ? given
        : withoutLastLineBreak(decoded(withoutByteOrderMark(read(streams)), where()));
  }

  /** The text to the byte; what was read must be UTF-8. */
  String exact(Streams streams) throws IOException {
    String given = given();
    return given != null ? given : decoded(read(streams), where());
  }

  /** What the command line itself says; null if the text is to be read. */
  private @Nullable String given() {
    if (arguments.size() > 1) {
      throw usage("Put the text in quotes, so that it is one argument: \"" + joined() + "\".");
    }
    int ways = arguments.size() + (option != null ? 1 : 0) + (file != null ? 1 : 0);
    if (ways > 1) {
      throw usage("Give the text once: as an argument, by -p, or by -f.");
    }
    return arguments.isEmpty() || isNamed() ? option : arguments.getFirst();
  }

  /** Whether standard input is named as the argument. */
  private boolean isNamed() {
    return arguments.equals(List.of(STANDARD_INPUT));
  }

  private String joined() {
    return String.join(" ", arguments);
  }

  private byte[] read(Streams streams) throws IOException {
    if (file == null && !isNamed() && streams.isTerminal(Streams.Standard.IN)) {
      throw usage("Give a text, as an argument, by -p, by -f, or on standard input.");
    }
    return readsStandardInput() ? streams.in().readAllBytes() : contents(file);
  }

  /** Windows' editors begin files with the mark, which is no part of the text. */
  static byte[] withoutByteOrderMark(byte[] text) {
    int length = BYTE_ORDER_MARK.length;
    return Arrays.mismatch(text, BYTE_ORDER_MARK) == length || Arrays.equals(text, BYTE_ORDER_MARK)
        ? Arrays.copyOfRange(text, length, text.length)
        : text;
  }

  /** The bytes of a file. */
  static byte[] contents(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new Failures.Failure(file + " is a directory; name a file.");
    }
    return Files.readAllBytes(file);
  }

  private String where() {
    return readsStandardInput() ? "standard input" : file.toString();
  }

  private boolean readsStandardInput() {
    return file == null || file.toString().equals(STANDARD_INPUT);
  }

  /**
   * Bytes that must be UTF-8.
   *
   * @param where they come from, for the message
   */
  static String decoded(byte[] bytes, String where) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      throw new Failures.Failure(
          where
              + " is not UTF-8 text (byte "
              + in.position()
              + "); convert it, for example by iconv -f latin1 -t utf-8.");
    }
    return out.flip().toString();
  }

  private static String withoutLastLineBreak(String text) {
    return text.endsWith("\r\n")
        ? text.substring(0, text.length() - 2)
        : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
