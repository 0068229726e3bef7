package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.container.ModelContainer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Whether a result may replace the file that has its name. */
final class ForceOption {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(names = "--force", description = "Replace the file if it exists.")
  private boolean force;

  /**
   * Starts the file after {@link #check}, which then holds for all processes that ask here.
   *
   * @throws Failures.Failure if the check fails or nothing can be written there
   */
  ResultFile create(Path output, LayoutOptions layouts, Path... inputs) {
    requireFile(output);
    ResultFile file = ResultFile.create(output);
    try {
      check(output, layouts, inputs);
      return file;
    } catch (Failures.Failure e) {
      file.close();
      throw e;
    }
  }

  /**
   * Refuses to replace a file, unless it was asked for, and to replace an input, by whatever name,
   * even then. A model is read from all files of its folder, or all parts it was split into, and
   * from what the layouts name.
   *
   * @throws Failures.Failure if it refuses
   */
  void check(Path output, LayoutOptions layouts, Path... inputs) {
    requireFile(output);
    if (!Files.isRegularFile(output)) {
      return;
    }
    for (Path input : inputs) {
      if (isSame(output, input)) {
        throw new Failures.Failure(
            "cannot write " + output + ": this command reads that file; name another one.");
      }
      if (ModelContainer.reads(input, layouts, output)) {
        throw new Failures.Failure(
            "cannot write "
                + output
                + ": it is one of the files that "
                + input
                + " is read from; name another one.");
      }
    }
    if (!force) {
      throw new Failures.Failure(output + " exists; --force replaces it.");
    }
  }

  private void requireFile(Path output) {
    if (output.toString().equals("-")) {
      throw new ParameterException(
          spec.commandLine(),
          "This cannot go to standard output; name a file (one whose name is '-' is ./-).");
    }
  }

  private static boolean isSame(Path output, Path input) {
    try {
      return Files.isSameFile(output, input);
    } catch (IOException e) {
      return false; // the input cannot be read, as its reader will say
    }
  }
}
