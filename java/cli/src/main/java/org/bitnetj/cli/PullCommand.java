package org.bitnetj.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.bitnetj.hub.Hub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet pull}: fetches models by name. */
@Command(
    name = "pull",
    description = "Fetches models from the Hugging Face hub, or what is new of them.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet pull 2b4t",
      "  bitnet pull microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf",
      "  bitnet pull owner/name@v1.0",
      "",
      "Standard output gets the path of each model. A pull that was cut goes on where it was; each"
          + " file is checked by its hash before it appears. Of a repository with GGUF files the"
          + " only one is fetched, or the only one with ternary weights by its name, else the one"
          + " you name; of others, the checkpoint.",
      "",
      "The cache is the one of the hub's own tools, so that what they fetched is found:"
          + " ~/.cache/huggingface/hub, or where HF_HOME or HF_HUB_CACHE says. HF_TOKEN (or the"
          + " file that 'hf auth login' writes) opens models that are not for everyone;"
          + " HF_HUB_OFFLINE=1 forbids the network. A proxy is named by Java's own options, as in"
          + " BITNET_JAVA_OPTS=\"-Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT\"."
    })
final class PullCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      completionCandidates = NamedModel.ShortNames.class,
      description = "owner/name[@revision][:file], or a short name ('bitnet list --known').")
  private List<String> names;

  @Mixin private HubOption hub;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    List<NamedModel> models = NamedModel.all(names, spec);
    Hub opened = hub.open();
    for (NamedModel model : models) {
      bitnet.streams().out().println(model.pull(opened, bitnet.streams()).toString()).flush();
    }
    return 0;
  }
}
