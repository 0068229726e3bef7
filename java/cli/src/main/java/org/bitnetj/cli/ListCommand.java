package org.bitnetj.cli;

import java.io.IOException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bitnetj.hub.CachedModel;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubOptions;
import org.bitnetj.hub.KnownModel;
import org.bitnetj.source.container.ModelContainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bitnet list}: which models are in the cache. */
@Command(
    name = "list",
    description = "Lists the models in the cache of the Hugging Face hub, whoever fetched them.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet list",
      "  bitnet list --known",
      "",
      "A line has the name for -m, the size and when it was fetched. Models of families that"
          + " bitnet.java does not know are left out."
    })
final class ListCommand implements Callable<Integer> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  @ParentCommand private BitnetCommand bitnet;

  @Option(names = "--known", description = "List the short names instead, and what they mean.")
  private boolean known;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    Output out = bitnet.streams().out();
    if (known) {
      for (KnownModel model : KnownModel.all()) {
        String size = model.bytes().isPresent() ? Hub.size(model.bytes().getAsLong()) : "";
        out.println(
            String.format(Locale.ROOT, "%-12s  %7s  %s", model.shortName(), size, model.model()));
      }
      return 0;
    }
    Hub hub = Hub.open(HubOptions.ofPublicHub());
    List<CachedModel> all = hub.list(said -> bitnet.streams().tell("bitnet: note: " + said));
    List<CachedModel> models =
        all.stream().filter(model -> ModelContainer.recognizes(model.path())).toList();
    int width = models.stream().mapToInt(m -> m.name().toString().length()).max().orElse(0);
    for (CachedModel model : models) {
      out.println(
          String.format(
              Locale.ROOT,
              "%-" + width + "s  %9s  %s",
              model.name(),
              Hub.size(model.bytes()),
              TIME.format(model.modified())));
    }
    if (models.isEmpty()) {
      bitnet.streams().tell("bitnet: there are no models in " + hub.cache() + ".");
    }
    return 0;
  }
}
