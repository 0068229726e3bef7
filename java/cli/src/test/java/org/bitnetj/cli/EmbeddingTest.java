package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The library example in README.md compiles against the engine alone and runs, on the class path
 * and on the module path. The engine is its jar once that is packaged, which {@code mvn verify}
 * does before it tests this module.
 */
class EmbeddingTest {
  private static final Path ROOT = Path.of(System.getProperty("bitnet.models")).getParent();
  private static final Pattern EXAMPLE =
      Pattern.compile("<!-- example:library -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;
  private String example;
  private String engine;

  @BeforeEach
  void findExampleAndEngine() throws Exception {
    Matcher found = EXAMPLE.matcher(Files.readString(ROOT.resolve("README.md")));
    assertTrue(found.find(), "README.md has no java block after <!-- example:library -->");
    example = found.group(1);
    assertTrue(example.contains("class Story "), example);
    engine =
        Path.of(LanguageModel.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
  }

  @Test
  void theExampleRunsOnTheClassPath() throws Exception {
    Path source = Files.writeString(folder.resolve("Story.java"), example);
    assertEquals("", messages(List.of("-cp", engine), source));
    runs("--enable-native-access=ALL-UNNAMED", "-cp", engine + File.pathSeparator + out(), "Story");
  }

  @Test
  void theExampleRunsOnTheModulePath() throws Exception {
    assertEquals("", messages(List.of("-p", engine), module(), inPackage(example)));
    String path = engine + File.pathSeparator + out();
    String access = "--enable-native-access=org.bitnetj.engine";
    runs(access, "-p", path, "-m", "story/story.Story");

    String vector = "-Dbitnet.kernels=vector";
    String modules = "--add-modules=jdk.incubator.vector";
    String said = run(List.of(access, vector, modules, "-p", path, "-m", "story/story.Story"));
    assertEquals("WARNING: Using incubator modules: jdk.incubator.vector", said.strip());
  }

  @Test
  void amongModulesOnlyTheFaceIsVisible() throws Exception {
    String inside = "class Story { org.bitnetj.model.Transformer inside; }";
    String messages = messages(List.of("-p", engine), module(), inPackage(inside));
    assertTrue(messages.contains("org.bitnetj.model is not visible"), messages);
  }

  private Path module() throws IOException {
    return Files.writeString(
        folder.resolve("module-info.java"), "module story { requires org.bitnetj.engine; }");
  }

  private Path inPackage(String code) throws IOException {
    return Files.writeString(folder.resolve("Story.java"), "package story;\n" + code);
  }

  private Path out() {
    return folder.resolve("classes");
  }

  /** What the compiler says about these sources; nothing if it is content. */
  private String messages(List<String> path, Path... sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options = new ArrayList<>(path);
    options.addAll(List.of("-d", out().toString(), "-Xlint:all", "-Werror"));
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(messages, files, null, options, null, files.getJavaFileObjects(sources))
              .call();
      assertEquals(compiled, messages.toString().isEmpty());
    }
    return messages.toString();
  }

  private void runs(String... arguments) throws Exception {
    assertEquals("", run(List.of(arguments)));
  }

  /** Runs it in a JVM of its own, with no flags but these; what it says on the error stream. */
  private String run(List<String> arguments) throws Exception {
    List<String> command = new ArrayList<>(arguments);
    command.addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Path said = folder.resolve("out");
    Path errors = folder.resolve("err");
    Process process =
        new ProcessBuilder(command)
            .directory(ROOT.toFile())
            .redirectOutput(said.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the example does not end");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), Files.readString(errors));
    String text = Files.readString(said, StandardCharsets.UTF_8);
    assertFalse(text.strip().length() < 40, () -> "the example prints only '" + text + "'");
    return Files.readString(errors);
  }
}
