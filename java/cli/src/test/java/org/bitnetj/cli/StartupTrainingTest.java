package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StartupTrainingTest {
  @Test
  void itsCommandsSucceed() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]), new Output(out, false), errors, stream -> false);
    assertEquals(0, StartupTraining.run(streams), err::toString);
    String text = out.toString(StandardCharsets.UTF_8);
    assertTrue(text.startsWith("Once upon a time"), text);
    assertEquals(3, text.lines().filter(line -> line.startsWith("Once upon a time")).count());
  }
}
