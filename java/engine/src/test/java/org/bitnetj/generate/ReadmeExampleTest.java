package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library example in README.md compiles against the engine alone, and runs. */
class ReadmeExampleTest {
  private static final Path ROOT = Path.of(System.getProperty("bitnet.models")).getParent();
  private static final Pattern EXAMPLE =
      Pattern.compile("<!-- example:library -->\\s*```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern CLASS = Pattern.compile("class (\\w+)");

  @Test
  void theLibraryExampleCompilesAndPrintsText(@TempDir Path folder) throws Exception {
    Path readme = ROOT.resolve("README.md");
    Matcher example = EXAMPLE.matcher(Files.readString(readme));
    assertTrue(example.find(), "README.md has no java block after <!-- example:library -->");
    String code = example.group(1);
    Matcher name = CLASS.matcher(code);
    assertTrue(name.find(), "the example has no class");
    String engine =
        Path.of(LanguageModel.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    compile(name.group(1), code, engine, folder);

    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                engine + java.io.File.pathSeparator + folder,
                name.group(1))
            .directory(ROOT.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the example does not end");
    } finally {
      process.destroyForcibly();
    }
    assertEquals("", Files.readString(err));
    assertEquals(0, process.exitValue());
    String text = Files.readString(out, StandardCharsets.UTF_8);
    assertTrue(text.strip().length() > 40, "the example prints only '" + text + "'");
  }

  private static void compile(String name, String code, String classPath, Path target) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject source =
        new SimpleJavaFileObject(
            URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return code;
          }
        };
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of("-cp", classPath, "-d", target.toString(), "-Xlint:all", "-Werror");
    boolean compiled =
        compiler.getTask(messages, null, null, options, null, List.of(source)).call();
    assertTrue(compiled, messages::toString);
  }
}
