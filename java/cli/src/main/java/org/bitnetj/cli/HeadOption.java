package org.bitnetj.cli;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import org.bitnetj.option.HeadMode;
import picocli.CommandLine.Option;

/** How the output head is read while a text is generated. Changes no text. */
final class HeadOption {
  @Option(
      names = "--head",
      paramLabel = "HEAD",
      completionCandidates = Modes.class,
      description =
          "screened: read the output head by a low-bit copy, made when loading, which takes memory"
              + " but rules out most of it; full: read all of it; auto: screened where the head is"
              + " large and memory ample. All give the same text. Default: auto.")
  private HeadMode head = HeadMode.AUTO;

  HeadMode mode() {
    return head;
  }

  private static final class Modes implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(HeadMode.values())
          .map(mode -> mode.name().toLowerCase(Locale.ROOT))
          .iterator();
    }
  }
}
