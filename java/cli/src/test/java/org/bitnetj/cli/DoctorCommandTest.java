package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.bitnetj.bench.Build;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.selection.KernelSelection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DoctorCommandTest {
  @TempDir private Path folder;

  private static JsonNode json(Outcome outcome) throws IOException {
    return new ObjectMapper().readTree(outcome.out());
  }

  @Test
  void aSoundMachineIsInOrderAndOneWithoutNativeKernelsForItsCpuIsNot() {
    Outcome outcome = Outcome.of("doctor");
    switch (NativeLibrary.status()) {
      case NativeLibrary.Loaded loaded -> {
        boolean sound = loaded.supported().stream().anyMatch(tier -> tier != KernelTier.C);
        assertEquals(sound ? 0 : 1, outcome.code(), outcome::toString);
        assertEquals(sound, outcome.out().endsWith("\nEverything is in order.\n"), outcome.out());
        assertEquals(!sound, outcome.out().contains("Problem: Cannot use"), outcome.out());
        assertTrue(outcome.out().contains(loaded.sha256()), outcome.out());
        assertTrue(outcome.out().contains("\n  compiler      " + loaded.compiler() + "\n"));
      }
      case NativeLibrary.Missing missing -> {
        assertEquals(1, outcome.code(), outcome::toString);
        assertTrue(
            outcome
                .out()
                .contains("\nProblem: Cannot use the native kernels: " + missing.reason() + "; "),
            outcome.out());
      }
    }
    assertEquals("", outcome.err());
  }

  private static JsonNode tier(JsonNode report, KernelTier tier) {
    for (JsonNode each : report.get("kernels").get("tiers")) {
      if (each.get("name").asText().equals(tier.label())) {
        return each;
      }
    }
    throw new AssertionError("no " + tier + " in " + report);
  }

  @Test
  void everyTierIsAccountedFor() throws IOException {
    JsonNode report = json(Outcome.of("doctor", "--format", "json"));
    KernelSelection selection = KernelSelection.choose(null);
    for (KernelSelection.Tier tier : selection.tiers()) {
      JsonNode said = tier(report, tier.tier());
      assertEquals(tier.state().name().toLowerCase(Locale.ROOT), said.get("state").asText());
    }
    String folder = report.get("cache").get("folder").asText();
    assertTrue(folder.endsWith(Path.of("bitnet.java", "packed").toString()), folder);
    assertTrue(report.get("cache").get("models").isInt());
    assertTrue(report.get("cache").get("limit_bytes").isNumber());
    assertTrue(tier(report, KernelTier.SCALAR).get("runs").booleanValue());
    assertEquals(selection.tier().label(), report.get("kernels").get("used").asText());
    String reason = report.get("kernels").get("reason").asText();
    assertTrue(reason.startsWith("chosen automatically"), reason);
    String shown = Outcome.of("doctor").out();
    assertTrue(shown.contains("\n  used          " + selection.tier() + ", " + reason), shown);
    assertTrue(shown.matches("(?s).*  scalar +(in use|runs here), passes the self-check\n.*"));
  }

  @Test
  void javaMachineAndModelAreShown() throws IOException {
    JsonNode report = json(Outcome.of("doctor", "--format", "json"));
    assertEquals(System.getProperty("java.home"), report.get("java").get("home").asText());
    assertEquals(System.getProperty("bitnet.version"), report.get("build").get("version").asText());
    assertEquals(Build.here().commit(), report.get("build").get("commit").asText());
    JsonNode machine = report.get("machine");
    assertTrue(
        machine.get("available_bytes").longValue() <= machine.get("memory_bytes").longValue());
    assertEquals(Runtime.getRuntime().availableProcessors(), machine.get("processors").intValue());
    String shown = Outcome.of("doctor").out();
    assertTrue(
        shown.matches("(?s).*\n  memory        [0-9.]+ GiB, [0-9.]+ GiB available\n.*"), shown);
    assertEquals(
        Models.SHIPPED.toRealPath(),
        Path.of(report.get("model").get("file").asText()).toRealPath());
    assertEquals("tiny-bitnet-stories", report.get("model").get("name").asText());
    String writes = report.get("model").get("text").asText();
    assertTrue(writes.startsWith("Once upon a time") && writes.length() > 30, writes);
  }

  @Test
  void aModelThatCannotBeUsedIsAProblem() throws IOException {
    Path none = folder.resolve("none.gguf");
    Outcome missing = Outcome.of("doctor", "-m", none.toString());
    assertEquals(1, missing.code());
    assertTrue(missing.out().contains("\nProblem: Cannot use the model: " + none), missing.out());
    byte[] bytes = Files.readAllBytes(Models.SHIPPED);
    Path cut = folder.resolve("cut.gguf");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    JsonNode report = json(Outcome.of("doctor", "--format", "json", "-m", cut.toString()));
    String last = report.get("problems").get(report.get("problems").size() - 1).asText();
    assertTrue(last.startsWith("Cannot use the model: " + cut), last);
    assertFalse(report.get("model").get("works").booleanValue());
  }

  @Test
  void namesDoNotRuleTheTerminal() {
    Outcome outcome = Outcome.of("doctor", "-m", "no\u001b[2Jne\n.gguf");
    assertEquals(1, outcome.code());
    assertTrue(outcome.out().contains("\n  file          no\\u{1b}[2Jne\\n.gguf\n"), outcome.out());
    assertTrue(
        outcome.out().contains("Cannot use the model: no\\u{1b}[2Jne\\n.gguf: "), outcome.out());
    assertFalse(outcome.out().contains("\u001b"), outcome.out());
  }

  /** With or without a native library. */
  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void slowKernelsThatWereAskedForAreInOrder(String kernels) {
    System.setProperty(KernelSelection.PROPERTY, kernels);
    try {
      Outcome outcome = Outcome.of("doctor").succeeds();
      String used = "\n  used          " + kernels + ", as asked";
      assertTrue(outcome.out().contains(used), outcome.out());
      assertTrue(outcome.out().endsWith("\nEverything is in order.\n"), outcome.out());
    } finally {
      System.clearProperty(KernelSelection.PROPERTY);
    }
  }

  @Test
  void kernelsThatTheSurroundingsAskForInVainAreAProblem() throws IOException {
    System.setProperty(KernelSelection.PROPERTY, "sse9");
    try {
      Outcome outcome = Outcome.of("doctor", "--format", "json");
      assertEquals(1, outcome.code());
      String first = json(outcome).get("problems").get(0).asText();
      assertTrue(
          first.startsWith(
              "There are no kernels named 'sse9' (set by the property bitnet.kernels)"),
          first);
      assertTrue(first.endsWith(KernelTier.labels() + "."), first);
    } finally {
      System.clearProperty(KernelSelection.PROPERTY);
    }
  }
}
