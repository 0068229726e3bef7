package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive with a Java runtime, unpacked and run in an empty folder without any other Java:
 * {@code mvn -Pimage verify}.
 */
@EnabledIfSystemProperty(named = "bitnet.images", matches = ".+")
class ImageTest {
  /** What Jackson and JLine use only where it is there. */
  private static final Set<String> DISPENSABLE = Set.of("java.desktop", "java.sql", "java.xml");

  @TempDir private Path folder;
  private UnpackedRelease image;

  @BeforeEach
  void unpack() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    Path images = Path.of(System.getProperty("bitnet.images"));
    image = new UnpackedRelease(images, "-with-java", work);
  }

  @Test
  void itRunsInAnEmptyFolderWithoutJava() throws Exception {
    String text = image.run(Map.of(), "run", "-n", "3", "--temp", "0", "Once");
    assertTrue(text.startsWith("Once") && text.length() > 8, text);
    assertTrue(!image.said().contains("cannot use"), image.said());
    List<String> made = Files.readAllLines(image.root().resolve("bitnet.aot.made"));
    assertEquals(image.root().resolve("runtime").toString(), made.getFirst());
    assertEquals(text, image.run(Map.of(), "run", "-n", "3", "--temp", "0", "Once"));
    assertEquals(
        text, image.run(Map.of(), "run", "-n", "3", "--temp", "0", "--kernels", "vector", "Once"));
  }

  @Test
  void itServes() throws Exception {
    Process server = image.start(Map.of(), "serve", "--port", "0", "--parallel", "1");
    try (HttpClient client = HttpClient.newHttpClient()) {
      String body = "{\"prompt\": \"Once upon a time\", \"max_tokens\": 4, \"temperature\": 0}";
      HttpRequest request =
          HttpRequest.newBuilder(address(server).resolve("/v1/completions"))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, answer.statusCode(), answer.body());
      assertTrue(answer.body().contains("\"text\""), answer.body());
    } finally {
      server.destroy();
      assertTrue(server.waitFor(60, TimeUnit.SECONDS));
    }
  }

  /** Where the server says that it listens. */
  private URI address(Process server) throws Exception {
    Instant end = Instant.now().plus(Duration.ofMinutes(2));
    while (server.isAlive() && Instant.now().isBefore(end)) {
      Matcher found = Pattern.compile("http://[0-9.]+:[0-9]+").matcher(image.said());
      if (found.find()) {
        return URI.create(found.group());
      }
      Thread.sleep(100);
    }
    throw new AssertionError("no address: " + image.said());
  }

  @Test
  void itsRuntimeHasTheModulesThatTheJarsUse() throws Exception {
    Path root = image.root();
    List<String> arguments =
        new ArrayList<>(
            List.of("--multi-release", "25", "--ignore-missing-deps", "--list-deps", "-cp"));
    try (Stream<Path> files = Files.walk(root)) {
      List<String> jars =
          files.map(Path::toString).filter(file -> file.endsWith(".jar")).sorted().toList();
      arguments.add(String.join(":", jars));
      arguments.addAll(jars);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    assertEquals(0, jdeps.run(stream, stream, arguments.toArray(String[]::new)), out::toString);
    Set<String> used = new TreeSet<>();
    out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.strip().replaceFirst("/.*", ""))
        .filter(line -> line.matches("(java|jdk)[.][a-z.]+"))
        .forEach(used::add);
    assertTrue(used.contains("java.base"), out::toString);
    used.removeAll(DISPENSABLE);
    String release = Files.readString(root.resolve("runtime/release"));
    Set<String> linked =
        Set.of(release.replaceAll("(?s).*MODULES=\"([^\"]*)\".*", "$1").split(" "));
    used.removeAll(linked);
    assertEquals(Set.of(), used, release);
  }
}
