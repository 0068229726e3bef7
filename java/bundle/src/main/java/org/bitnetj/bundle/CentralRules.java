package org.bitnetj.bundle;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What Maven Central asks of artefacts (<a
 * href="https://central.sonatype.org/publish/requirements/">requirements</a>), and this project
 * besides: a licence in every jar, and no dependency on what is not published.
 */
final class CentralRules {
  private static final List<String> CHECKSUMS = List.of("md5", "sha1");

  private final Path repository;
  private final boolean signed;
  private final List<String> broken = new ArrayList<>();
  private final Set<String> published = new HashSet<>();

  /**
   * @param repository a folder in the layout of a Maven repository
   * @param signed whether there must be signatures; else there must be none
   */
  CentralRules(Path repository, boolean signed) {
    this.repository = repository;
    this.signed = signed;
  }

  /**
   * Which rules are broken: a sentence for each case, none if all is well.
   *
   * @throws IOException if a file cannot be read
   */
  List<String> broken() throws IOException {
    broken.clear();
    published.clear();
    List<PublishedPom> poms = new ArrayList<>();
    for (Path file : artefacts()) {
      if (file.toString().endsWith(".pom")) {
        PublishedPom pom = PublishedPom.read(file);
        poms.add(pom);
        published.add(pom.key());
      }
    }
    if (poms.isEmpty()) {
      broken.add(repository + ": there is no POM");
    }
    for (PublishedPom pom : poms) {
      checkPom(pom);
      if (!pom.packaging().equals("pom")) {
        checkJars(pom);
      }
    }
    for (Path file : artefacts()) {
      checkSums(file);
      checkSignature(file);
    }
    return List.copyOf(broken);
  }

  /** All files but checksums, signatures and the lists of versions that a repository keeps. */
  private Set<Path> artefacts() throws IOException {
    return files(repository).stream()
        .filter(file -> !name(file).matches(".*\\.(asc|md5|sha1|sha256|sha512)"))
        .collect(TreeSet::new, Set::add, Set::addAll);
  }

  /** The files that a bundle has, in the order of their names. */
  static Set<Path> files(Path repository) throws IOException {
    if (!Files.isDirectory(repository)) {
      return Set.of();
    }
    try (Stream<Path> found = Files.walk(repository)) {
      return found
          .filter(Files::isRegularFile)
          .filter(file -> !name(file).startsWith("maven-metadata"))
          .filter(file -> !name(file).matches(".*\\.asc\\.(md5|sha1|sha256|sha512)"))
          .collect(TreeSet::new, Set::add, Set::addAll);
    }
  }

  private void checkPom(PublishedPom pom) {
    for (String path : PublishedPom.NEEDED) {
      if (pom.text(path).isEmpty()) {
        say(pom.file(), "has no " + path.replace('/', ' '));
      }
    }
    String place = pom.groupId().replace('.', '/') + "/" + pom.artifactId() + "/" + pom.version();
    String folder = repository.relativize(pom.file().getParent()).toString().replace('\\', '/');
    if (!folder.equals(place)) {
      say(pom.file(), "is not in " + place);
    }
    if (pom.text("url").endsWith(".invalid")) {
      say(pom.file(), "has no real url: name it by -Dhome.url");
    }
    boolean snapshot = pom.version().endsWith("-SNAPSHOT");
    if (snapshot && signed) { // unsigned ones are for trying
      say(pom.file(), "is a snapshot, which Maven Central refuses: name a version by -Drevision");
    }
    for (PublishedPom.Dependency dependency : pom.dependencies()) {
      if (!snapshot && dependency.version().endsWith("-SNAPSHOT")) {
        say(pom.file(), "depends on a snapshot, " + dependency.key() + ":" + dependency.version());
      }
      if (dependency.version().isEmpty()) {
        say(pom.file(), "names no version of " + dependency.key());
      }
      if (dependency.groupId().equals(pom.groupId()) && !published.contains(dependency.key())) {
        say(pom.file(), "depends on " + dependency.key() + ", which is not published");
      }
    }
  }

  private void checkJars(PublishedPom pom) throws IOException {
    String name = name(pom.file());
    String stem = name.substring(0, name.length() - ".pom".length());
    checkJar(pom.file().resolveSibling(stem + ".jar"), ".class");
    checkJar(pom.file().resolveSibling(stem + "-sources.jar"), ".java");
    checkJar(pom.file().resolveSibling(stem + "-javadoc.jar"), "/index.html");
  }

  private void checkJar(Path jar, String ending) throws IOException {
    if (!Files.exists(jar)) {
      say(jar, "is missing");
      return;
    }
    try (FileSystem entries = FileSystems.newFileSystem(jar)) {
      Path root = entries.getPath("/");
      if (!Files.exists(root.resolve("META-INF/LICENSE"))) {
        say(jar, "has no META-INF/LICENSE");
      }
      try (Stream<Path> found = Files.walk(root)) {
        if (found.noneMatch(entry -> entry.toString().endsWith(ending))) {
          say(jar, "has no " + ending);
        }
      }
    }
  }

  private void checkSums(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    for (String kind : CHECKSUMS) {
      Path sum = file.resolveSibling(name(file) + "." + kind);
      if (!Files.exists(sum)) {
        say(sum, "is missing");
      } else if (!Files.readString(sum).strip().equals(digest(kind, content))) {
        say(sum, "is not the checksum of " + name(file));
      }
    }
  }

  private void checkSignature(Path file) throws IOException {
    Path signature = file.resolveSibling(name(file) + ".asc");
    if (!Files.exists(signature)) {
      if (signed) {
        say(signature, "is missing");
      }
    } else if (!signed) {
      say(signature, "is there, though nothing was to be signed");
    } else if (!Files.readString(signature, StandardCharsets.ISO_8859_1)
        .startsWith("-----BEGIN PGP SIGNATURE-----")) {
      say(signature, "is no signature");
    }
  }

  private static String digest(String kind, byte[] content) {
    try {
      String algorithm = kind.equals("sha1") ? "SHA-1" : "MD5";
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has MD5 and SHA-1", e);
    }
  }

  private void say(Path file, String what) {
    broken.add(repository.relativize(file) + " " + what);
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }
}
