package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** JVMs that let the engine call native code, or do not. */
class NativeAccessTest {
  private static final String FLAG = "--enable-native-access=ALL-UNNAMED";
  private static final String DENY = "--illegal-native-access=deny";

  @TempDir private Path folder;

  /** Loads a model twice and prints the tier and a text each time. */
  static final class TwoTexts {
    private TwoTexts() {}

    public static void main(String[] args) throws IOException {
      for (int i = 0; i < 2; i++) {
        System.out.println(text(Path.of(args[0])));
      }
    }

    static String text(Path file) throws IOException {
      LoadOptions oneThread = LoadOptions.defaults().withThreads(1);
      try (LanguageModel model = LanguageModel.load(file, oneThread);
          Session session = model.openSession()) {
        GenerationOptions options = GenerationOptions.greedy().withMaxTokens(4);
        return model.kernels()
            + ": "
            + session.generate("Once upon a time", options, GenerationListener.NONE).text();
      }
    }
  }

  private record Outcome(int code, String out, String err) {}

  private Outcome java(String... options) throws Exception {
    List<String> line = new ArrayList<>(List.of(options));
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), TwoTexts.class.getName()));
    return run(line);
  }

  private Outcome run(List<String> line) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(line);
    command.add(Golden.MODEL.toString());
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the process does not end");
    } finally {
      process.destroyForcibly();
    }
    return new Outcome(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private static String twice(String tier) throws IOException {
    String line = tier + TwoTexts.text(Golden.MODEL).replaceFirst("^[^:]*", "") + "\n";
    return line + line;
  }

  @Test
  void withoutItTheSameTextComesFromJavaAndALoggerSaysOnceWhyAndWhatToDo() throws Exception {
    Outcome outcome = java(DENY);
    assertEquals(0, outcome.code(), outcome::toString);
    assertEquals(twice("scalar"), outcome.out());
    String warning =
        "cannot use the native kernels: Java does not let the engine call native code; start java"
            + " with "
            + FLAG
            + "; the same answers come from plain Java";
    assertTrue(outcome.err().contains("WARNING: " + warning), outcome::toString);
    assertEquals(
        1, outcome.err().split(warning, -1).length - 1, outcome::toString); // of two models
  }

  /** A jar with all classes and resources, as shading makes it: without a module's description. */
  private Path shaded() throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.put(Attributes.Name.MAIN_CLASS, TwoTexts.class.getName());
    main.putValue("Enable-Native-Access", "ALL-UNNAMED");
    Path jar = folder.resolve("program.jar");
    Set<String> names = new HashSet<>(); // the first of a name stays
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
        Path root = Path.of(entry);
        if (!Files.isDirectory(root)) {
          continue; // JUnit's and others' jars
        }
        try (Stream<Path> files = Files.walk(root)) {
          for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
            String name = root.relativize(file).toString().replace(File.separatorChar, '/');
            boolean kept = !name.equals("module-info.class") && !name.equals(JarFile.MANIFEST_NAME);
            if (kept && names.add(name)) {
              out.putNextEntry(new JarEntry(name));
              Files.copy(file, out);
            }
          }
        }
      }
    }
    return jar;
  }

  @Test
  void shadedIntoTheJarOfAProgramTheEngineFindsItsLibrary() throws Exception {
    String tier;
    try (LanguageModel model = LanguageModel.load(Golden.MODEL)) {
      tier = model.kernels();
    }
    Outcome outcome = run(List.of("-jar", shaded().toString()));
    assertEquals(new Outcome(0, twice(tier), ""), outcome);
  }

  @Test
  void scalarKernelsThatWereAskedForNeedNoneAndNoWarning() throws Exception {
    assertEquals(new Outcome(0, twice("scalar"), ""), java(DENY, "-Dbitnet.kernels=scalar"));
  }

  @Test
  void vectorKernelsNeedNone() throws Exception {
    Outcome outcome =
        java(DENY, "-Dbitnet.kernels=vector", "--add-modules", "jdk.incubator.vector");
    assertEquals(0, outcome.code(), outcome::toString);
    assertEquals(twice("vector"), outcome.out());
  }

  @Test
  void nativeKernelsThatWereAskedForAreRefusedInASentenceThatNamesTheFlag() throws Exception {
    Outcome outcome = java(DENY, "-Dbitnet.kernels=c");
    assertEquals(1, outcome.code(), outcome::toString);
    assertTrue(
        outcome
            .err()
            .contains(
                "KernelTierException: cannot use kernels 'c' (set by the property bitnet.kernels):"
                    + " Java does not let the engine call native code; start java with "
                    + FLAG),
        outcome::toString);
  }

  @Test
  void withTheFlagNativeKernelsAreUsedAndNothingIsSaid() throws Exception {
    assumeTrue(NativeLibrary.status() instanceof NativeLibrary.Loaded, "no native library");
    assertEquals(new Outcome(0, twice("c"), ""), java(DENY, FLAG, "-Dbitnet.kernels=c"));
  }
}
