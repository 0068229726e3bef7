package org.bitnetj.cli;

import java.io.IOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitnetj.cache.PackedModels;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.hub.Hub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bitnet cache}: models that were packed for a fast start. */
@Command(
    name = "cache",
    description = "Lists the models that were packed for a fast start, or removes them.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet cache",
      "  bitnet cache --clear",
      "",
      "Commands that load a GGUF file of 32 MB or more pack its weights once, into a file that they"
          + " map from then on; --no-cache packs in memory instead. The files take at most 20 GB or"
          + " a tenth of the disk, whichever is less, or as many gigabytes as BITNET_CACHE_LIMIT"
          + " says; 0: none are written. Those that were used least recently go first. A line has"
          + " the name that the source had, the size and when it was last used."
    })
final class CacheCommand implements Callable<Integer> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  @ParentCommand private BitnetCommand bitnet;

  @Option(names = "--clear", description = "Remove all of them.")
  private boolean clear;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    return run(find(), clear, bitnet.streams());
  }

  private static PackedModels find() throws ModelFileException {
    Optional<PackedModels> cache = PackedModels.ofUser();
    return cache.orElseThrow(
        () -> new ModelFileException("there is no home folder, and so no cache of packed models."));
  }

  static int run(PackedModels cache, boolean clear, Streams streams) throws IOException {
    if (clear) {
      String freed = Hub.size(cache.clear());
      streams.tell("bitnet: removed all packed models, " + freed + " freed.");
      return 0;
    }
    cache.sweep();
    List<PackedModels.Entry> all = cache.entries();
    int width = all.stream().mapToInt(entry -> entry.name().length()).max().orElse(0);
    for (PackedModels.Entry entry : all) {
      streams
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%-" + width + "s  %9s  %s",
                  entry.name(),
                  Hub.size(entry.bytes()),
                  TIME.format(entry.used())));
    }
    String sum = Hub.size(all.stream().mapToLong(PackedModels.Entry::bytes).sum());
    streams.tell(
        all.isEmpty()
            ? "bitnet: there are no packed models in " + cache.folder() + "."
            : "bitnet: " + sum + " in " + cache.folder() + ".");
    return 0;
  }
}
