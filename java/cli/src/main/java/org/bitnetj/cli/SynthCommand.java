package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.VocabularyFile;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.synth.Likeness;
import org.bitnetj.synth.ModelShape;
import org.bitnetj.synth.SyntheticModel;
import org.bitnetj.synth.SyntheticVocabulary;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet synth}: random models of real shapes. */
@Command(
    name = "synth",
    description = "Writes a random ternary model of a given shape, to measure speed and memory.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet synth --shape 2B4T -o 2b4t.gguf",
      "  bitnet synth --shape 7B --seed 7 --zeros 0.4 -o 7b.gguf",
      "  bitnet synth --shape 2B4T --active-rows 0.2 --peak 10 -o trained.gguf",
      "  bitnet synth --shape 2B4T --vocab model.gguf -o 2b4t-words.gguf",
      "  bitnet synth --shape 1B --arch qwen3 --weights pq2_0 --group-scales \\",
      "    --head q6_k -o 1b.gguf",
      "  bitnet synth --shape 100B --weights panels1.6 -o 100b.gguf",
      "",
      "The same options give the same bytes on every machine. The file appears when it is complete;"
          + " one that exists is replaced only with --force."
    })
final class SynthCommand implements Callable<Integer> {
  private static final String DUMMY = "dummy";

  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;

  @Option(
      names = "--shape",
      required = true,
      paramLabel = "SHAPE",
      completionCandidates = ShapeNames.class,
      description = "The sizes: ${COMPLETION-CANDIDATES}.")
  private String shape;

  @Option(
      names = "--arch",
      paramLabel = "ARCH",
      completionCandidates = ArchitectureNames.class,
      description = "${COMPLETION-CANDIDATES}. Default: that of the shape.")
  private @Nullable String architecture;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Picks the weights. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--zeros",
      paramLabel = "SHARE",
      description = "Share of zero weights, 0 to 0.9. Default: one third.")
  private double zeros = SyntheticModel.DEFAULT_ZERO_SHARE;

  @Option(
      names = "--active-rows",
      paramLabel = "SHARE",
      description =
          "Share of gates of the feed-forward networks that are above 0, 0.01 to 0.5; trained"
              + " models have 0.1 to 0.4. Default: half of them, as chance has it.")
  private double activeRows = Likeness.NONE.activeRows();

  @Option(
      names = "--peak",
      paramLabel = "N",
      description =
          "How many standard deviations the best logit is above the mean, from 5, so that few"
              + " others come near it, as in trained models. Default: as chance has it, about 4.")
  private double peak = Likeness.NONE.peak();

  @Option(
      names = "--vocab",
      paramLabel = "MODEL",
      completionCandidates = NamedModel.ShortNamesAndFiles.class,
      defaultValue = DUMMY,
      description =
          "A model whose vocabulary is copied, a GGUF file or a name as for -m of 'bitnet run'; or"
              + " '"
              + DUMMY
              + "': bytes as tokens, and fillers up to the shape's size. Default: "
              + DUMMY
              + ".")
  private String vocabulary;

  @Option(
      names = "--weights",
      paramLabel = "TYPE",
      defaultValue = "i2_s",
      completionCandidates = StoredTypes.OfWeights.class,
      description =
          "How ternary weights are stored: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}. In"
              + " panels1.6, the engine's own layout of 1.6 bits a weight, they are used where they"
              + " are mapped, and none is skipped.")
  private String weights;

  @Option(
      names = "--group-scales",
      description =
          "Each group of columns has a scale of its own, as in models of which only the weights"
              + " are ternary. Default: one scale a matrix.")
  private boolean groupScales;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      defaultValue = "f16",
      completionCandidates = StoredTypes.OfHeads.class,
      description =
          "How embedding and head are stored: ${COMPLETION-CANDIDATES}. Default:"
              + " ${DEFAULT-VALUE}.")
  private String head;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE",
      description = "The GGUF file to write.")
  private Path output;

  @Mixin private HubOption hub;
  @Mixin private ForceOption force;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    SyntheticModel model = model();
    if (model.vocabulary() instanceof SyntheticVocabulary.CopiedFrom from) {
      force.check(output, LayoutOptions.none(), from.file());
      requireLoadable(from.file());
    } else {
      force.check(output, LayoutOptions.none());
    }
    long start = System.nanoTime();
    long[] size = new long[1];
    try (ProgressLine progress = new ProgressLine(bitnet.streams())) {
      model.write(
          output,
          (written, total) -> {
            if (size[0] != total) {
              noteMemory(total);
            }
            size[0] = total;
            progress.written(written, total, start);
          });
    }
    bitnet
        .streams()
        .tell(
            String.format(
                Locale.ROOT,
                "%s: %s of architecture %s, seed %d, %d bytes in %.1f s",
                output,
                model.shape().name(),
                model.architecture(),
                seed,
                size[0],
                (System.nanoTime() - start) * 1e-9));
    return 0;
  }

  /** Tells whoever makes a model for this machine at once, not after the last gigabyte. */
  private void noteMemory(long bytes) {
    OptionalLong room = MachineMemory.bytes();
    if (room.isPresent() && bytes > room.getAsLong()) {
      bitnet
          .streams()
          .tell(
              "bitnet: note: the model has "
                  + (bytes >> 20)
                  + " MiB, and this process may use "
                  + (room.getAsLong() >> 20)
                  + " MiB of memory here, swap included: it runs only if its weights are read from"
                  + " disk for every token (--from-disk), if at all.");
    }
  }

  private SyntheticModel model() throws IOException {
    try {
      ModelShape sizes = ModelShape.named(shape);
      Optional<PanelLayout> panels =
          Optional.of(PanelLayout.FIVE_DIGITS)
              .filter(layout -> layout.label().equalsIgnoreCase(weights));
      SyntheticModel model =
          new SyntheticModel(
              sizes,
              architecture != null ? architecture.toLowerCase(Locale.ROOT) : sizes.architecture(),
              seed,
              zeros,
              vocabulary.equals(DUMMY)
                  ? new SyntheticVocabulary.Dummy()
                  : new SyntheticVocabulary.CopiedFrom(hub.path(vocabulary, bitnet.streams())),
              panels.isPresent() ? SyntheticModel.TERNARY : encoder(),
              groupScales,
              WeightFormats.labelled(head, WeightFormats.floats()),
              panels,
              new Likeness(activeRows, peak));
      if (!isLoadable(model.architecture())) {
        throw new IllegalArgumentException(
            "The engine does not load architecture '"
                + model.architecture()
                + "'"
                + (architecture == null ? ", which is that of shape " + sizes.name() : "")
                + "; choose by --arch one of "
                + String.join(", ", new ArchitectureNames())
                + ".");
      }
      return model;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private TernaryEncoder encoder() {
    return WeightFormats.encoders().stream()
        .filter(encoder -> WeightFormats.label(encoder).equalsIgnoreCase(weights))
        .findFirst()
        .orElseThrow(() -> WeightFormats.unknownLabel(weights, new StoredTypes.OfWeights()));
  }

  private static boolean isLoadable(String architecture) {
    return Architecture.ofLabel(architecture).isPresent();
  }

  /** Refuses a vocabulary with which no model loads, before gigabytes are written. */
  private static void requireLoadable(Path vocabulary) throws ModelFileException {
    try (VocabularyFile file = ModelContainer.openVocabulary(vocabulary)) {
      Tokenizer.of(file.vocabulary());
    }
  }

  private static final class ShapeNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ModelShape.all().stream().map(ModelShape::name).iterator();
    }
  }

  private static final class ArchitectureNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return SyntheticModel.ARCHITECTURES.stream().filter(SynthCommand::isLoadable).iterator();
    }
  }
}
