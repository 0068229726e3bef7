package org.bitnetj.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitnetj.cache.PackedModels;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet rm}: removes models from the cache. */
@Command(
    name = "rm",
    description = "Removes models from the cache of the Hugging Face hub.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet rm 2b4t",
      "  bitnet rm owner/name:file.gguf",
      "  bitnet rm owner/name",
      "",
      "With a file or a revision, only that goes, and of its bytes those that no other file or"
          + " revision shares. Without, everything of the repository goes, whoever fetched it."
          + " What was packed of it ('bitnet cache') goes too. Nothing is asked."
    })
final class RmCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      description = "A model as 'bitnet list' shows it, a repository, or a short name.")
  private List<String> names;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    List<NamedModel> models = NamedModel.all(names, spec);
    Hub hub = Hub.open(HubOptions.ofPublicHub());
    for (NamedModel model : models) {
      long freed = hub.remove(model.name());
      Optional<PackedModels> packed = PackedModels.ofUser();
      if (packed.isPresent()) {
        freed += packed.get().removeOrphans(hub.cache());
      }
      bitnet.streams().tell("bitnet: removed " + model.name() + ", " + Hub.size(freed) + " freed.");
    }
    return 0;
  }
}
