package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Whether a result may replace the file that has its name. */
final class ForceOption {
  /** As llama.cpp's gguf-split names parts. */
  private static final Pattern PART = Pattern.compile("(.*)-\\d{5}-of-(\\d{5})\\.gguf");

  @Option(names = "--force", description = "Replace the file if it exists.")
  private boolean force;

  /**
   * Starts the file after {@link #check}, which then holds for all processes that ask here.
   *
   * @throws Failures.Failure if the check fails or nothing can be written there
   */
  ResultFile create(Path output, Path... inputs) {
    ResultFile file = ResultFile.create(output);
    try {
      check(output, inputs);
      return file;
    } catch (Failures.Failure e) {
      file.close();
      throw e;
    }
  }

  /**
   * Refuses to replace a file, unless it was asked for, and to replace an input, by whatever name,
   * even then. A model is read from all files of its folder, or all parts it was split into.
   *
   * @throws Failures.Failure if it refuses
   */
  void check(Path output, Path... inputs) {
    if (!Files.isRegularFile(output)) {
      return;
    }
    for (Path input : inputs) {
      if (isSame(output, input)) {
        throw new Failures.Failure(
            "cannot write " + output + ": this command reads that file; name another one.");
      }
      if (belongsTo(input, output)) {
        throw new Failures.Failure(
            "cannot write "
                + output
                + ": it is one of the files of "
                + input
                + ", which this command reads; name another one.");
      }
    }
    if (!force) {
      throw new Failures.Failure(output + " exists; --force replaces it.");
    }
  }

  private static boolean isSame(Path output, Path input) {
    try {
      return Files.isSameFile(output, input);
    } catch (IOException e) {
      return false; // the input cannot be read, as its reader will say
    }
  }

  private static boolean belongsTo(Path input, Path output) {
    Path folder = Files.isDirectory(input) ? input : input.toAbsolutePath().getParent();
    String name = String.valueOf(input.getFileName());
    Matcher part = PART.matcher(name);
    boolean whole = folder == input || name.endsWith(".safetensors");
    if (folder == null || !whole && !part.matches()) {
      return false;
    }
    try (Stream<Path> beside = Files.list(folder)) {
      return whole && isWithin(folder, output)
          || beside
              .filter(file -> whole || isPartOfTheSame(part, file))
              .anyMatch(file -> isSame(output, file));
    } catch (IOException e) {
      return false; // as above
    }
  }

  private static boolean isWithin(Path folder, Path file) throws IOException {
    Path place = file.toAbsolutePath().getParent();
    return place != null && place.toRealPath().startsWith(folder.toRealPath());
  }

  private static boolean isPartOfTheSame(Matcher part, Path file) {
    Matcher other = PART.matcher(file.getFileName().toString());
    return other.matches()
        && other.group(1).equals(part.group(1))
        && other.group(2).equals(part.group(2));
  }
}
