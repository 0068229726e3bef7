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

  @Test
  void everyTierIsAccountedFor() throws IOException {
    JsonNode report = json(Outcome.of("doctor", "--json"));
    KernelSelection selection = KernelSelection.choose(null);
    for (KernelSelection.Tier tier : selection.tiers()) {
      String said = report.get("kernels").get(tier.tier().label()).asText();
      assertTrue(said.startsWith(tier.state().toString()), said);
    }
    String folder = report.get("cache").get("folder").asText();
    assertTrue(folder.endsWith(Path.of("bitnet.java", "packed").toString()), folder);
    assertTrue(report.get("cache").get("packed").asText().contains(" model"));
    assertTrue(report.get("cache").has("limit"));
    String scalar = report.get("kernels").get("scalar").asText();
    assertTrue(scalar.endsWith(", passes the self-check"), scalar);
    String used = report.get("kernels").get("used").asText();
    assertEquals(selection.tier() + ", " + selection.reason(), used);
    assertTrue(used.startsWith(selection.tier() + ", chosen automatically"), used);
  }

  @Test
  void javaMachineAndModelAreShown() throws IOException {
    JsonNode report = json(Outcome.of("doctor", "--json"));
    assertEquals(System.getProperty("java.home"), report.get("java").get("home").asText());
    assertEquals(
        System.getProperty("bitnet.version"), report.get("java").get("bitnet.java").asText());
    assertEquals(Build.here().commit(), report.get("java").get("commit").asText());
    String memory = report.get("machine").get("memory").asText();
    assertTrue(memory.matches("[0-9.]+ GiB, [0-9.]+ GiB available"), memory);
    assertEquals(
        Models.SHIPPED.toRealPath(),
        Path.of(report.get("model").get("file").asText()).toRealPath());
    assertEquals("tiny-bitnet-stories", report.get("model").get("name").asText());
    String writes = report.get("model").get("writes").asText();
    assertTrue(writes.startsWith("\"Once upon a time") && writes.length() > 30, writes);
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
    JsonNode report = json(Outcome.of("doctor", "--json", "-m", cut.toString()));
    String last = report.get("problems").get(report.get("problems").size() - 1).asText();
    assertTrue(last.startsWith("Cannot use the model: " + cut), last);
    assertEquals("nothing", report.get("model").get("writes").asText());
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
      Outcome outcome = Outcome.of("doctor", "--json");
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
