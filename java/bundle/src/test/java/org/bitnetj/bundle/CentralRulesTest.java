package org.bitnetj.bundle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CentralRulesTest {
  private static final String POM =
      """
      <project>
        <groupId>org.example</groupId>
        <artifactId>one</artifactId>
        <version>1.0</version>
        <name>One</name>
        <description>Does one thing.</description>
        <url>https://example.org</url>
        <licenses><license><name>MIT</name><url>https://example.org/mit</url></license></licenses>
        <developers><developer><name>Somebody</name></developer></developers>
        <scm>
          <connection>scm:git:a</connection>
          <developerConnection>scm:git:b</developerConnection>
          <url>https://example.org/git</url>
        </scm>
        <dependencies>
          <dependency>
            <groupId>org.other</groupId><artifactId>two</artifactId><version>2.0</version>
          </dependency>
        </dependencies>
      </project>
      """;

  @TempDir private Path repository;
  private Path folder;

  @BeforeEach
  void publish() throws Exception {
    folder = Files.createDirectories(repository.resolve("org/example/one/1.0"));
    pom(POM);
    jar("one-1.0.jar", "One.class", "META-INF/LICENSE");
    jar("one-1.0-sources.jar", "One.java", "META-INF/LICENSE");
    jar("one-1.0-javadoc.jar", "index.html", "META-INF/LICENSE");
  }

  @Test
  void whatFollowsTheRulesPasses() throws Exception {
    assertEquals(List.of(), broken());
  }

  @Test
  void theBundleNamesThePlatformsOfItsNativeLibraries() throws Exception {
    assertEquals(Set.of(), BundleCommand.platforms(repository));
    jar(
        "one-1.0.jar",
        "One.class",
        "META-INF/LICENSE",
        "META-INF/native/linux-x86_64/libone.so",
        "META-INF/native/windows-x86_64/one.dll");
    assertEquals(
        List.of("linux-x86_64", "windows-x86_64"),
        List.copyOf(BundleCommand.platforms(repository)));
  }

  @ParameterizedTest
  @CsvSource({
    "name,name",
    "description,description",
    "url,url",
    "licenses,licenses license name",
    "developers,developers developer name",
    "scm,scm connection"
  })
  void aPomMustSayWhatItIsOf(String element, String missing) throws Exception {
    pom(POM.replaceFirst("(?s)<" + element + ">(?!.*<project>).*?</" + element + ">\\n", ""));
    assertEquals(in("one-1.0.pom has no " + missing), broken().getFirst());
  }

  @Test
  void theProjectMustHaveAnAddress() throws Exception {
    pom(POM.replace("<url>https://example.org</url>", "<url>https://a.invalid</url>"));
    assertEquals(List.of(in("one-1.0.pom has no real url: name it by -Dhome.url")), broken());
  }

  @ParameterizedTest
  @ValueSource(strings = {".jar", "-sources.jar", "-javadoc.jar", ".pom.md5", ".jar.sha1"})
  void everyFileMustBeThere(String ending) throws Exception {
    Files.delete(folder.resolve("one-1.0" + ending));
    assertEquals(List.of(in("one-1.0" + ending + " is missing")), broken());
  }

  @Test
  void aPomAloneNeedsNoJars() throws Exception {
    pom(POM.replace("<name>", "<packaging>pom</packaging><name>"));
    for (String ending : List.of(".jar", "-sources.jar", "-javadoc.jar")) {
      for (String sum : List.of("", ".md5", ".sha1")) {
        Files.delete(folder.resolve("one-1.0" + ending + sum));
      }
    }
    assertEquals(List.of(), broken());
  }

  @Test
  void onlyASnapshotMayDependOnSnapshots() throws Exception {
    String snapshot = POM.replace("2.0", "2.0-SNAPSHOT");
    pom(snapshot);
    assertEquals(
        List.of(in("one-1.0.pom depends on a snapshot, org.other:two:2.0-SNAPSHOT")), broken());

    Path other = repository.resolve("org/example/one/1.0-SNAPSHOT");
    Files.move(folder, other);
    folder = other;
    pom(snapshot.replace("<version>1.0<", "<version>1.0-SNAPSHOT<"));
    assertEquals(List.of(), broken());
  }

  @Test
  void dependenciesHaveVersionsAndArePublished() throws Exception {
    pom(POM.replace("org.other", "org.example"));
    assertEquals(
        List.of(in("one-1.0.pom depends on org.example:two, which is not published")), broken());
    pom(POM.replace("<version>2.0</version>", ""));
    assertEquals(List.of(in("one-1.0.pom names no version of org.other:two")), broken());
  }

  @Test
  void aPomIsWhereItSays() throws Exception {
    pom(POM.replace("<version>1.0<", "<version>1.1<"));
    assertEquals(List.of(in("one-1.0.pom is not in org/example/one/1.1")), broken());
  }

  @Test
  void jarsHaveTheLicenceAndWhatTheyAreFor() throws Exception {
    jar("one-1.0.jar", "One.class");
    jar("one-1.0-sources.jar", "META-INF/LICENSE");
    assertEquals(
        List.of(in("one-1.0.jar has no META-INF/LICENSE"), in("one-1.0-sources.jar has no .java")),
        broken());
  }

  @Test
  void checksumsAreRight() throws Exception {
    Files.writeString(folder.resolve("one-1.0.jar.md5"), "0123");
    assertEquals(List.of(in("one-1.0.jar.md5 is not the checksum of one-1.0.jar")), broken());
  }

  @Test
  void eitherAllOrNothingIsSigned() throws Exception {
    Path signature = folder.resolve("one-1.0.jar.asc");
    Files.writeString(signature, "-----BEGIN PGP SIGNATURE-----\n");
    assertEquals(
        List.of(in("one-1.0.jar.asc is there, though nothing was to be signed")), broken());
    List<String> others = new CentralRules(repository, true).broken();
    assertEquals(3, others.size(), others.toString());
    assertFalse(others.contains(in("one-1.0.jar.asc is missing")));

    Files.writeString(signature, "no");
    assertEquals(
        4, new CentralRules(repository, true).broken().size(), "a file that is no signature");
  }

  @Test
  void anEmptyRepositoryIsNoBundle() throws Exception {
    Path nothing = repository.resolve("nothing");
    assertEquals(List.of(nothing + ": there is no POM"), new CentralRules(nothing, false).broken());
  }

  @Test
  void bundlesOfEqualFilesAreEqual(@TempDir Path other) throws Exception {
    Files.writeString(repository.resolve("maven-metadata.xml"), "of a repository alone");
    assertEquals(12, BundleCommand.pack(repository, other.resolve("a.zip")));
    BundleCommand.pack(repository, other.resolve("b.zip"));
    assertArrayEquals(
        Files.readAllBytes(other.resolve("a.zip")), Files.readAllBytes(other.resolve("b.zip")));
    try (ZipFile zip = new ZipFile(other.resolve("a.zip").toFile())) {
      assertEquals(
          "org/example/one/1.0/one-1.0-javadoc.jar", zip.entries().nextElement().getName());
    }
  }

  private List<String> broken() throws IOException {
    return new CentralRules(repository, false).broken();
  }

  private String in(String file) {
    return repository.relativize(folder).resolve(file).toString();
  }

  private void pom(String text) throws Exception {
    Path file = Files.writeString(folder.resolve("one-1.0.pom"), text);
    sums(file);
  }

  private void jar(String name, String... entries) throws Exception {
    Path file = folder.resolve(name);
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (String entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
      }
    }
    sums(file);
  }

  private static void sums(Path file) throws Exception {
    byte[] content = Files.readAllBytes(file);
    for (String kind : List.of("MD5", "SHA-1")) {
      Files.writeString(
          file.resolveSibling(file.getFileName() + "." + kind.replace("-", "").toLowerCase()),
          HexFormat.of().formatHex(MessageDigest.getInstance(kind).digest(content)));
    }
  }
}
