package org.bitnetj.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** An example in README.md or docs/, which is compiled and run with the class path of a test. */
public final class ReadmeExample {
  private static final Path ROOT = Path.of(System.getProperty("bitnet.models")).getParent();
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "<!-- example:(?<name>\\S+) -->\\s*```java\\n(?<code>.*?)```", Pattern.DOTALL);

  private ReadmeExample() {}

  /**
   * What an example prints when it is run in the project's root.
   *
   * @param name in the comment before the example
   * @param type of the example, which has the main method
   * @param folder for what is made on the way
   * @param arguments of the main method
   */
  public static String run(String name, String type, Path folder, String... arguments)
      throws Exception {
    String path = System.getProperty("java.class.path");
    Path source =
        Files.writeString(folder.resolve(type.replaceFirst(".*\\.", "") + ".java"), code(name));
    Path classes = folder.resolve("classes");
    assertEquals("", compile(path, classes, source));
    Path out = folder.resolve("out");
    Path errors = folder.resolve("errors");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // C2 takes half the time of so short a run
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes + File.pathSeparator + path,
                type));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .directory(ROOT.toFile())
            .redirectOutput(out.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the example does not end");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), Files.readString(errors));
    return Files.readString(out);
  }

  /**
   * The names of a page's examples, in order.
   *
   * @param page its path from the project's root; every java block of it is an example
   */
  public static List<String> names(String page) throws IOException {
    String text = Files.readString(ROOT.resolve(page));
    List<String> names =
        EXAMPLE.matcher(text).results().map(example -> example.group("name")).toList();
    assertEquals(text.split("```java\n", -1).length - 1, names.size(), "a block has no name");
    return names;
  }

  private static String code(String name) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> pages = Files.list(ROOT.resolve("docs"))) {
      Stream<Path> docs = pages.filter(page -> page.toString().endsWith(".md"));
      for (Path page : Stream.concat(Stream.of(ROOT.resolve("README.md")), docs).toList()) {
        EXAMPLE
            .matcher(Files.readString(page))
            .results()
            .filter(example -> example.group("name").equals(name))
            .forEach(example -> found.add(example.group("code")));
      }
    }
    assertEquals(1, found.size(), () -> "java blocks after example:" + name);
    return found.getFirst();
  }

  /** What the compiler says; nothing if it is content. */
  private static String compile(String path, Path classes, Path source) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of("-cp", path, "-d", classes.toString(), "-proc:none", "-Xlint:all,-path,-classfile");
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      compiler
          .getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
          .call();
    }
    return messages.toString();
  }
}
