package org.bitnetj.bundle;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Checks a repository of what is to be published, and packs it as Maven Central takes it. */
public final class BundleCommand {
  /** The first that a zip file can say, so that equal files make equal bundles. */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private static final Pattern LIBRARY = Pattern.compile("META-INF/native/([^/]+)/[^/]+");

  private BundleCommand() {}

  /**
   * Exits with 1 and writes no bundle if a rule is broken.
   *
   * @param arguments the folder of the repository, the bundle to write, and "signed" or "unsigned"
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 3 || !List.of("signed", "unsigned").contains(arguments[2])) {
      System.err.println("usage: BundleCommand REPOSITORY BUNDLE.zip signed|unsigned");
      System.exit(2);
    }
    Path repository = Path.of(arguments[0]);
    boolean signed = arguments[2].equals("signed");
    List<String> broken = new CentralRules(repository, signed).broken();
    if (!broken.isEmpty()) {
      System.err.println("Maven Central would refuse this:");
      broken.forEach(System.err::println);
      System.exit(1);
    }
    Path bundle = Path.of(arguments[1]);
    int files = pack(repository, bundle);
    System.out.println("Checked by Maven Central's rules: " + files + " files in " + bundle);
    Set<String> platforms = platforms(repository);
    System.out.println(
        platforms.isEmpty()
            ? "Without native libraries."
            : "With native libraries for " + String.join(", ", platforms) + ".");
    if (!signed) {
      System.out.println("Not signed, which Maven Central demands: name a key by -Dgpg.keyname.");
    }
  }

  /** The platforms that some jar has a native library for, by their names in META-INF/native. */
  static Set<String> platforms(Path repository) throws IOException {
    Set<String> platforms = new TreeSet<>();
    for (Path file : CentralRules.files(repository)) {
      if (file.toString().endsWith(".jar")) {
        try (ZipFile jar = new ZipFile(file.toFile())) {
          jar.stream()
              .map(entry -> LIBRARY.matcher(entry.getName()))
              .filter(Matcher::matches)
              .forEach(library -> platforms.add(library.group(1)));
        }
      }
    }
    return platforms;
  }

  /** Returns how many files were packed. */
  static int pack(Path repository, Path bundle) throws IOException {
    Set<Path> files = CentralRules.files(repository);
    try (OutputStream out = Files.newOutputStream(bundle);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Path file : files) {
        ZipEntry entry = new ZipEntry(repository.relativize(file).toString().replace('\\', '/'));
        entry.setTimeLocal(TIME);
        zip.putNextEntry(entry);
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
    return files.size();
  }
}
