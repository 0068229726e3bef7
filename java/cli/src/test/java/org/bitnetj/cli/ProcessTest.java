package org.bitnetj.cli;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.memory.MachineMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own can show: pipes, signals, devices. */
@DisabledOnOs(OS.WINDOWS)
class ProcessTest {
  /** C2 takes half the time of so short a run. */
  private static final String C1_ALONE = "-XX:TieredStopAtLevel=1";

  @TempDir private Path folder;

  private ProcessBuilder bitnet(String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (!List.of("synth", "convert").contains(args[0])) { // others compute little in Java
      command.add(C1_ALONE);
    }
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("org.bitnetj.cli.BitnetCommand");
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectError(errors().toFile())
        .redirectInput(new File("/dev/null"));
  }

  private Path errors() {
    return folder.resolve("stderr");
  }

  private String said() throws IOException {
    return Outcome.withoutKernelWarning(Files.readString(errors()));
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");
    return process.exitValue();
  }

  @Test
  void vectorsThatAreTooNarrowAreRefusedInASentence() throws Exception {
    ProcessBuilder builder = bitnet("run", "--kernels", "vector", "-n", "1", "Once");
    builder.command().addAll(1, List.of("--add-modules", "jdk.incubator.vector"));
    builder.command().add(1, "-XX:MaxVectorSize=8");
    Process process = builder.start();
    assertEquals(1, exitCode(process));
    String said = said();
    assertTrue(
        said.endsWith(
            "bitnet: cannot use kernels 'vector': this JVM's vectors have 64 bits and must"
                + " have 128 at least (see its option MaxVectorSize).\n"),
        said);
  }

  /** A library is looked for once in a process. */
  private JsonNode examined(String kernels, int code) throws Exception {
    ProcessBuilder builder = bitnet("doctor", "--format", "json", "-m", Models.SHIPPED.toString());
    builder.command().remove(C1_ALONE); // without C2 kernels in Java take long
    builder.command().addAll(1, List.of("--add-modules", "jdk.incubator.vector"));
    builder.environment().put(NativeLibrary.PATH_VARIABLE, folder.resolve("none").toString());
    builder.environment().put(KernelSelection.VARIABLE, kernels);
    Process process = builder.start();
    JsonNode report = new ObjectMapper().readTree(process.getInputStream());
    assertEquals(code, exitCode(process), report::toPrettyString);
    return report;
  }

  @Test
  void aMissingLibraryIsAProblemWhereItsKernelsWereWantedAndAFactElsewhere() throws Exception {
    String missing =
        NativeLibrary.PATH_VARIABLE + " names " + folder.resolve("none") + ", which is not a file";
    JsonNode asked = examined("vector", 0);
    assertTrue(asked.get("problems").isEmpty(), asked::toPrettyString);
    assertEquals("vector", asked.get("kernels").get("used").textValue());
    assertTrue(asked.get("kernels").get("reason").textValue().startsWith("as asked"));
    assertFalse(asked.get("library").get("loaded").booleanValue());
    assertEquals(missing, asked.get("library").get("reason").textValue());
    JsonNode automatic = examined("auto", 1);
    assertEquals(missing, automatic.get("library").get("reason").textValue());
    assertEquals(1, automatic.get("problems").size(), automatic::toPrettyString);
    String problem = automatic.get("problems").get(0).textValue();
    assertTrue(problem.startsWith("Cannot use the native kernels: " + missing + "; "), problem);
  }

  /** The library of this build, but with trials of the tiers that meet an illegal instruction. */
  @Test
  void instructionsThatTheCpuClaimsAndDoesNotHaveEndNoJvmButAreAProblem() throws Exception {
    Path library =
        Path.of("../engine/target/native-build", System.mapLibraryName("bitnet_faulting"));
    assumeTrue(Files.exists(library), "built without C tests");
    ProcessBuilder builder = bitnet("doctor", "--format", "json", "-m", Models.SHIPPED.toString());
    builder.environment().put(NativeLibrary.PATH_VARIABLE, library.toAbsolutePath().toString());
    Process process = builder.start();
    JsonNode report = new ObjectMapper().readTree(process.getInputStream());
    assertEquals(1, exitCode(process), report::toPrettyString);
    String used = report.get("kernels").get("used").textValue();
    assertTrue(used.equals("c") || used.equals("neon"), used);
    for (KernelTier tier : ((NativeLibrary.Loaded) NativeLibrary.status()).supported()) {
      boolean faults = tier != KernelTier.C && tier != KernelTier.NEON;
      String state = "";
      for (JsonNode each : report.get("kernels").get("tiers")) {
        if (each.get("name").textValue().equals(tier.label())) {
          state = each.get("state").textValue();
        }
      }
      assertEquals(faults, state.equals("faulting"), state);
      assertEquals(
          faults,
          report
              .get("problems")
              .toString()
              .contains("Cannot use kernels '" + tier + "': this CPU claims the instructions"),
          report::toPrettyString);
    }
    assertEquals("", said());
  }

  /** On a machine that has room for what is packed, but not for all that a step reads. */
  @Test
  void aModelLargerThanTheMemoryRunsFromDiskIfItsUserInsists() throws Exception {
    String model = Models.SHIPPED.toString();
    for (List<String> command :
        List.of(
            List.of("run", "-n", "1", "--no-cache", "-m", model, "Once"),
            List.of("bench", "-p", "0", "-n", "1", "-r", "1", "-m", model))) {
      Process refused = onSmallMachine(command.toArray(String[]::new));
      assertEquals("", new String(refused.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertEquals(1, exitCode(refused));
      String sentence = said();
      assertTrue(
          sentence.startsWith("bitnet: " + model + ": the weights take 3 MiB of memory, but"),
          sentence);
      assertTrue(
          sentence.contains("or let them be read from disk for every token (--from-disk).\n"));
      List<String> insisting = new ArrayList<>(command);
      insisting.add(1, "--from-disk");
      Process process = onSmallMachine(insisting.toArray(String[]::new));
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, exitCode(process), said());
      assertTrue(out.startsWith(command.getFirst().equals("run") ? "Once" : "|"), out);
    }
  }

  @Test
  void aModelThatIsLargerThanTheMemoryIsMarkedWhenItIsMade() throws Exception {
    Path file = folder.resolve("model.gguf");
    List<String> command =
        List.of("synth", "--shape", "125M", "--vocab", Models.SHIPPED.toString(), "-o");
    List<String> small = new ArrayList<>(command);
    small.add(file.toString());
    assertEquals(0, exitCode(onSmallMachine(small.toArray(String[]::new))), this::unchecked);
    String said = said();
    assertTrue(
        said.startsWith(
            "bitnet: note: the model has "
                + (Files.size(file) >> 20)
                + " MiB, and this process may use 2 MiB of memory here, swap included: it runs"
                + " only"),
        said);
    small.set(small.size() - 1, folder.resolve("another.gguf").toString());
    assertEquals(0, exitCode(bitnet(small.toArray(String[]::new)).start()), this::unchecked);
    assertFalse(said().contains("note: "), this::unchecked);
  }

  /** As of a service that was started without input: a file of the JVM has its number. */
  @Test
  void aClosedStandardInputIsNoText() throws Exception {
    for (List<String> command :
        List.of(List.of("run"), List.of("tokenize"), List.of("embed"), List.of("chat"))) {
      List<String> args = new ArrayList<>(command);
      if (command.contains("chat")) {
        Path template = Files.writeString(folder.resolve("template"), "{{ messages }}");
        args.addAll(List.of("--chat-template", template.toString()));
      }
      for (String closed : List.of("exec \"$@\" <&-", "exec \"$@\" 0>/dev/null")) {
        ProcessBuilder builder = bitnet(args.toArray(String[]::new));
        builder.command().addAll(0, List.of("sh", "-c", closed, "sh"));
        Process process = builder.start();
        assertEquals("", new String(process.getInputStream().readAllBytes()), args::toString);
        assertEquals(1, exitCode(process), this::unchecked);
        assertTrue(
            said()
                .endsWith(
                    "bitnet: standard input is closed; give the text another way, or let input"
                        + " come from a file or pipe.\n"),
            this::unchecked);
      }
    }
    ProcessBuilder builder = bitnet("run", "-n", "1", "Once");
    builder.command().addAll(0, List.of("sh", "-c", "exec \"$@\" <&-", "sh"));
    assertEquals(0, exitCode(builder.start()), this::unchecked);
  }

  private Process onSmallMachine(String... args) throws IOException {
    ProcessBuilder builder = bitnet(args);
    builder.command().add(1, "-D" + MachineMemory.LIMIT_PROPERTY + "=2500000");
    return builder.start();
  }

  @Test
  void aClosedPipeEndsTheTextQuietly() throws Exception {
    for (String output : hasFullDevice() ? List.of("-", "/dev/stdout") : List.of("-")) {
      Process process =
          bitnet("run", "-n", "-1", "--ignore-eos", "-o", output, "Once upon a time").start();
      try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
        char[] some = new char[8];
        assertEquals(8, reader.read(some));
      }
      assertEquals(0, exitCode(process), this::unchecked);
      assertEquals("", said());
    }
  }

  /** No module of the Java kernels is given, so that those cannot be had. */
  @Test
  void unusableKernelsFailInspectInsteadOfRefusingTheModel() throws Exception {
    ProcessBuilder builder = bitnet("inspect");
    builder.environment().put(KernelSelection.VARIABLE, "vector");
    Process process = builder.start();
    assertEquals("", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    assertEquals(1, exitCode(process));
    assertTrue(said().startsWith("bitnet: cannot use kernels 'vector'"), this::unchecked);
  }

  @Test
  void aSignalEndsTheTextInGoodOrder() throws Exception {
    Process process =
        bitnet(
                "run",
                "--stats",
                "-n",
                "-1",
                "--ignore-eos",
                "--kernels",
                "scalar",
                "-t",
                "1",
                "Once")
            .start();
    StringBuilder text = new StringBuilder();
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      for (int i = 0; i < 8; i++) {
        text.append((char) reader.read());
      }
      process.toHandle().destroy(); // SIGTERM; a build in the background may have SIGINT ignored
      for (int c = reader.read(); c >= 0; c = reader.read()) {
        text.append((char) c);
      }
    }
    assertEquals(128 + 15, exitCode(process));
    assertTrue(
        text.toString().startsWith("Once") && text.toString().endsWith("\n"), text::toString);
    String errors = said();
    assertTrue(errors.startsWith("bitnet: prefill 2 tokens, "), errors);
    assertTrue(errors.contains("; interrupted; scalar kernels, 1 thread,"), errors);
    assertEquals(1, errors.lines().count(), errors);
  }

  static boolean hasScript() {
    return Files.isExecutable(Path.of("/usr/bin/script"));
  }

  /** What a person sees who types {@code keys} at a terminal. */
  private String typed(String keys, String... args) throws Exception {
    ProcessBuilder builder = bitnet(args);
    String command = builder.command().stream().map(a -> "'" + a + "'").collect(joining(" "));
    builder.command(List.of("/usr/bin/script", "-qec", command, "/dev/null"));
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("TERM", "dumb");
    builder.redirectInput(ProcessBuilder.Redirect.PIPE);
    Process process = builder.start();
    process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
    String seen = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.getOutputStream().close();
    assertEquals(0, exitCode(process), seen);
    return seen.replace("\r", "");
  }

  @Test
  @EnabledIf("hasScript")
  void runWithoutATextAtATerminalContinuesWhatIsTyped() throws Exception {
    String text = Outcome.of("run", "--temp", "0", "-n", "12", "--no-echo", "Once").out();
    String seen = typed("Once\r/set predict 3\r/stats\r/quit\r", "run", "--temp", "0", "-n", "12");
    assertTrue(seen.contains("continues each text that you type. /help lists commands"), seen);
    assertTrue(seen.contains(text), seen);
    assertTrue(seen.contains("bitnet: 12 tokens, "), seen);
    assertTrue(seen.contains("predict 3\n"), seen);
    assertTrue(seen.contains("bitnet: prefill 2 tokens"), seen);
  }

  @Test
  @EnabledIf("hasScript")
  void runWithoutATextAtATerminalChatsWithAModelThatCan() throws Exception {
    Path model = Models.writeChatModel(folder.resolve("chat.gguf"));
    String answer =
        Outcome.fed("Hello\n", "chat", "-m", model.toString(), "--temp", "0", "-n", "12").out();
    String seen = typed("Hello\r/quit\r", "run", "-m", model.toString(), "--temp", "0", "-n", "12");
    assertTrue(seen.contains("(chat format: "), seen);
    assertTrue(seen.contains(answer), seen);
  }

  static boolean hasFullDevice() {
    return Files.exists(Path.of("/dev/full"));
  }

  @Test
  @EnabledIf("hasFullDevice")
  void aFullDiskIsAnErrorWhileATextIsWritten() throws Exception {
    Process process =
        bitnet("run", "-n", "8", "Once").redirectOutput(new File("/dev/full")).start();
    assertEquals(1, exitCode(process));
    assertEquals("bitnet: cannot write to standard output: No space left on device.\n", said());
  }

  @Test
  @EnabledIf("hasFullDevice")
  void aFullDiskIsAnErrorForLogits() throws Exception {
    Process process = bitnet("logits", "-p", "Once", "-o", "/dev/full").start();
    assertEquals(1, exitCode(process));
    assertEquals("bitnet: cannot write /dev/full: No space left on device.\n", said());
  }

  @Test
  @EnabledIf("hasFullDevice")
  void logitsGoIntoAPipe() throws Exception {
    Path file = folder.resolve("logits.npy");
    Outcome.of("logits", "-p", "Once", "-o", file.toString()).succeeds();
    Process process = bitnet("logits", "-p", "Once", "-o", "/dev/stdout").start();
    byte[] written = process.getInputStream().readAllBytes();
    assertEquals(0, exitCode(process), this::unchecked);
    assertEquals("", said());
    assertArrayEquals(Files.readAllBytes(file), written);
  }

  private String unchecked() {
    try {
      return said();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @EnabledIf("hasFullDevice")
  void aDeviceIsClosedAfterAFailure() throws IOException {
    Path full = Path.of("/dev/full");
    try (ResultFile file = ResultFile.create(full)) {
      assertEquals(1, openFiles(full));
      assertThrows(Failures.Failure.class, () -> file.write(ByteBuffer.allocate(1)));
    }
    assertEquals(0, openFiles(full));
  }

  private static long openFiles(Path file) throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors
          .filter(
              fd -> {
                try {
                  return Files.readSymbolicLink(fd).equals(file);
                } catch (IOException e) {
                  return false; // the one of the listing itself
                }
              })
          .count();
    }
  }

  @Test
  void aSignalDuringSynthLeavesNothingBehind() throws IOException, InterruptedException {
    Path file = folder.resolve("big.gguf");
    Process process = bitnet("synth", "--shape", "1.5B", "-o", file.toString()).start();
    awaitPart(process);
    process.toHandle().destroy();
    assertEquals(128 + 15, exitCode(process));
    assertFalse(Files.exists(file));
    assertEquals(0, parts());
  }

  @Test
  void aFullDiskLeavesNothingOfAFile() throws Exception {
    String ids = IntStream.range(0, 512).mapToObj(Integer::toString).collect(joining(","));
    Path logits = folder.resolve("logits.gguf");
    assertCutOff(logits, "", "logits", "--ids", ids, "--all", "-o", logits.toString());
    Path model = folder.resolve("model.gguf");
    assertCutOff(
        model, "; no part of it is left", "synth", "--shape", "125M", "-o", model.toString());
  }

  /** Where a file may have 8192 blocks, the shell's smallest being 512 bytes. */
  private void assertCutOff(Path file, String end, String... args) throws Exception {
    ProcessBuilder builder = bitnet(args);
    builder.command().addAll(0, List.of("sh", "-c", "ulimit -f 8192; exec \"$@\"", "sh"));
    assertEquals(1, exitCode(builder.start()), this::unchecked);
    String sentence = "bitnet: cannot write " + file + ": File too large" + end + ".\n";
    assertTrue(said().endsWith(sentence), this::unchecked); // a slow disk also shows progress
    assertEquals(0, parts());
  }

  @Test
  void aSecondSynthOfAFileIsRefusedAndWhatAKilledOneLeftIsSwept() throws Exception {
    Path file = folder.resolve("big.gguf");
    Process first = bitnet("synth", "--shape", "1.5B", "-o", file.toString()).start();
    try {
      awaitPart(first);
      Outcome second = Outcome.of("synth", "--shape", "1.5B", "-o", file.toString());
      assertEquals(1, second.code());
      second.says("bitnet: cannot write " + file + ": it is being written already, to ");
    } finally {
      first.destroyForcibly();
    }
    assertEquals(128 + 9, exitCode(first));
    assertEquals(1, parts());
    Outcome.of("logits", "-p", "Once", "-o", folder.resolve("small.npy").toString()).succeeds();
    assertEquals(0, parts());
  }

  /** Until something is in it: from then on the process removes it when it ends. */
  private void awaitPart(Process process) throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (!isBegun() && process.isAlive()) {
      assertTrue(System.nanoTime() - start < 60e9, "nothing is written");
      Thread.sleep(10);
    }
  }

  private boolean isBegun() throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .filter(f -> f.getFileName().toString().contains("gguf"))
          .anyMatch(f -> f.toFile().length() > 0);
    }
  }

  private long parts() throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(f -> f.getFileName().toString().contains("gguf")).count();
    }
  }

  /** The model has many times the bytes of this heap. */
  @Test
  void aConversionTakesLittleMemory() throws Exception {
    Path big = folder.resolve("big.gguf");
    Path made = folder.resolve("made.gguf");
    ProcessBuilder synth = bitnet("synth", "--shape", "350M", "-o", big.toString());
    assertEquals(0, exitCode(synth.start()), said());
    ProcessBuilder convert =
        bitnet("convert", big.toString(), made.toString(), "--weights", "tq1_0", "--head", "q8_0");
    convert.command().add(1, "-Xmx32m");
    convert.command().add(1, "-XX:MaxDirectMemorySize=32m");
    assertTrue(Files.size(big) > 4 * (32 << 20), () -> big + " is too small for this test");
    assertEquals(0, exitCode(convert.start()), said());
    assertTrue(Files.size(made) > 32 << 20);
  }

  /** A limit of the system on files, as a disk that is full while it is written. */
  @Test
  void aConversionThatTheDiskEndsLeavesNothing() throws Exception {
    Path made = folder.resolve("made.gguf");
    ProcessBuilder convert =
        bitnet("convert", Models.SHIPPED.toString(), made.toString(), "--weights", "tq2_0");
    String command = convert.command().stream().map(a -> "'" + a + "'").collect(joining(" "));
    convert.command(List.of("sh", "-c", "ulimit -f 2000; exec " + command));
    assertEquals(1, exitCode(convert.start()));
    assertTrue(
        said().contains("cannot write " + made + ": File too large; no part of it is left."),
        said());
    assertEquals(List.of("stderr"), List.of(folder.toFile().list()));
  }
}
