package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitnetj.bench.Build;
import org.bitnetj.bench.Machine;
import org.bitnetj.cache.PackedModels;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.hub.Hub;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kernel.vector.VectorTier;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code bitnet doctor}: what this machine has, what is used of it, and what is wrong. */
@Command(
    name = "doctor",
    description = "Checks Java, the CPU, the kernels and a model, and says what is wrong.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet doctor",
      "  bitnet doctor -m model.gguf",
      "  bitnet doctor --format json",
      "",
      "Every kernel tier that runs here is checked against the definition of the arithmetic, and"
          + " the model is loaded and asked for a few words. The exit code is 0 if everything is in"
          + " order and 1 if there is a problem: a tier that fails its check or whose instructions"
          + " fault although the CPU claims them, a model that cannot be used, or no kernels for"
          + " this CPU's instructions, so that all is far slower. Kernels that were asked for by"
          + " name (bitnet.kernels, BITNET_KERNELS) are in order if they run, with or without a"
          + " native library."
    })
final class DoctorCommand implements Callable<Integer> {
  private static final String UNKNOWN = "unknown: this system does not say";

  /** What the model is to continue. */
  private static final String PROMPT = "Once upon a time";

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;
  @Mixin private ReadingOptions reading;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "${COMPLETION-CANDIDATES}; docs/json.md says what the fields of json are. Default:"
              + " ${DEFAULT-VALUE}.")
  private ReportFormat format = ReportFormat.text;

  @Mixin private OutputOption output;

  @Mixin private HelpOption help;

  /** By their titles, in the order they are shown. */
  private final Map<String, Section> sections = new LinkedHashMap<>();

  private final List<String> problems = new ArrayList<>();

  /** Facts for programs, and the lines that show them to people. */
  private static final class Section {
    final Map<String, @Nullable Object> facts = new LinkedHashMap<>();
    final Map<String, String> lines = new LinkedHashMap<>();

    /** A fact that is shown as it is. */
    void add(String name, Object value) {
      add(name, value, value.toString());
    }

    /** A fact that is shown in other words. */
    void add(String name, @Nullable Object value, String shown) {
      fact(name, value);
      lines.put(name.replaceFirst("_bytes$", "").replace('_', ' '), shown);
    }

    /** A fact that another line shows. */
    void fact(String name, @Nullable Object value) {
      facts.put(name, value);
    }
  }

  @Override
  public Integer call() throws IOException {
    LoadOptions options = reading.in(LoadOptions.defaults()).withWarnings(warning -> {});
    Optional<Path> found = find();
    Path[] inputs = found.stream().toArray(Path[]::new);
    try (Result result = output.open(bitnet.streams(), reading.layouts(), inputs)) {
      examineMachine();
      examineKernels();
      examineCache();
      examineModel(found, options);
      if (format == ReportFormat.json) {
        result.out().print(JsonText.of(json()));
      } else {
        writeText(result.out());
      }
      result.commit();
    }
    return problems.isEmpty() ? 0 : 1;
  }

  /** The model's file or folder; empty if it cannot be had, which is a problem like any other. */
  private Optional<Path> find() {
    try {
      return Optional.of(model.path(bitnet.streams()));
    } catch (IOException | RuntimeException e) {
      refuseModel(e);
      return Optional.empty();
    }
  }

  private void examineMachine() {
    Build build = Build.here();
    Section built = section("build");
    built.add("version", build.version());
    built.add("commit", build.commit());
    built.add("compiler", build.compiler());
    Section java = section("java");
    java.add("version", System.getProperty("java.vm.version"));
    java.add("vendor", System.getProperty("java.vendor"));
    java.add("home", System.getProperty("java.home"));
    Section machine = section("machine");
    Machine here = Machine.here();
    machine.add("system", here.system());
    machine.add("cpu", here.cpu());
    machine.add("processors", here.processors(), here.processors() + " for this process");
    Optional<List<String>> instructions = Host.instructions();
    machine.add(
        "instructions",
        instructions.orElse(null),
        instructions.map(each -> String.join(" ", each)).orElse(UNKNOWN));
    long memory = Host.memory();
    long available = Host.availableMemory();
    machine.add(
        "memory_bytes",
        memory,
        Host.gibibytes(memory) + ", " + Host.gibibytes(available) + " available");
    machine.fact("available_bytes", available);
    Optional<String> hugePages = Host.hugePages();
    machine.add(
        "huge_pages",
        hugePages.orElse(null),
        hugePages
            .map(
                chosen ->
                    chosen.equals("madvise")
                        ? "on request (madvise), which this program makes"
                        : chosen)
            .orElse(UNKNOWN));
  }

  private void examineKernels() {
    KernelSelection selection = selection();
    Section library = section("library");
    library.fact("loaded", selection.library() instanceof NativeLibrary.Loaded);
    switch (selection.library()) {
      case NativeLibrary.Loaded loaded -> {
        library.add("file", loaded.path().toString());
        library.add("sha256", loaded.sha256());
        String compiler = loaded.compiler();
        library.add(
            "compiler",
            compiler.isEmpty() ? null : compiler,
            compiler.isEmpty() ? "unknown" : compiler);
        library.add("abi", NativeLibrary.abiVersion());
      }
      case NativeLibrary.Missing missing -> {
        library.lines.put("file", "none");
        library.add("reason", missing.reason());
      }
    }
    selection.shortfall().ifPresent(cost -> problems.add(sentence(cost)));
    Section kernels = section("kernels");
    kernels.add("used", selection.tier().label(), selection.tier() + ", " + selection.reason());
    kernels.fact("reason", selection.reason());
    List<Map<String, @Nullable Object>> tiers = new ArrayList<>();
    kernels.fact("tiers", tiers);
    for (KernelSelection.Tier tier : selection.tiers()) {
      Optional<String> failure =
          switch (tier.state()) {
            case USED, RUNS, FAILED, UNUSABLE, FAULTING -> selfCheck(tier);
            case DISABLED, REFUSED, UNSUPPORTED, ABSENT, UNRESOLVED -> Optional.empty();
          };
      failure.ifPresent(problems::add);
      tiers.add(facts(tier, failure));
      kernels.lines.put(tier.tier().label(), shown(tier, failure));
    }
  }

  private static Map<String, @Nullable Object> facts(
      KernelSelection.Tier tier, Optional<String> failure) {
    boolean runs =
        tier.state() == KernelSelection.State.USED || tier.state() == KernelSelection.State.RUNS;
    Map<String, @Nullable Object> facts = new LinkedHashMap<>();
    facts.put("name", tier.tier().label());
    facts.put("state", tier.state().name().toLowerCase(Locale.ROOT));
    facts.put("runs", runs && failure.isEmpty());
    facts.put("needs", tier.tier().needs());
    facts.put("failure", failure.orElse(null));
    return facts;
  }

  private static String shown(KernelSelection.Tier tier, Optional<String> failure) {
    return tier.state()
        + switch (tier.state()) {
          case USED, RUNS ->
              failure.isEmpty() ? ", passes the self-check" : ", fails the self-check";
          case FAILED, UNUSABLE -> "";
          case FAULTING, DISABLED, REFUSED, UNSUPPORTED, ABSENT ->
              " (needs " + tier.tier().needs() + ")";
          case UNRESOLVED -> " (needs java " + VectorTier.FLAG + ")";
        };
  }

  /** The folder of packed models. */
  private void examineCache() {
    Section section = section("cache");
    try {
      Optional<PackedModels> found = PackedModels.ofUser();
      if (found.isEmpty()) {
        section.add("folder", null, "none: there is no home folder");
        return;
      }
      PackedModels cache = found.get();
      List<PackedModels.Entry> all = cache.entries();
      long bytes = all.stream().mapToLong(PackedModels.Entry::bytes).sum();
      long limit = cache.limit();
      section.add("folder", cache.folder().toString());
      section.add("models", all.size(), all.size() + ", " + Hub.size(bytes));
      section.fact("bytes", bytes);
      section.add("limit_bytes", limit, limit == 0 ? "0: none are packed" : Hub.size(limit));
    } catch (IOException e) {
      section.lines.put("limit", "unknown");
      problems.add("Cannot use the cache of packed models: " + Failures.sentence(e));
    }
  }

  /** What would be used; if the user's wish cannot be had, what would be without it. */
  private KernelSelection selection() {
    try {
      return KernelSelection.choose(null);
    } catch (KernelTierException e) {
      problems.add(sentence(String.valueOf(e.getMessage())));
      return KernelSelection.choose(KernelSelection.AUTO);
    }
  }

  /** Empty if the tier computes what it should. */
  private static Optional<String> selfCheck(KernelSelection.Tier tier) {
    try {
      KernelSelection.choose(tier.tier().label());
      return Optional.empty();
    } catch (KernelTierException e) {
      return Optional.of(sentence(String.valueOf(e.getMessage())));
    }
  }

  private void examineModel(Optional<Path> found, LoadOptions options) {
    Section section = section("model");
    section.fact("works", false);
    found.map(Path::toString).or(model::given).ifPresent(file -> section.add("file", file));
    if (found.isPresent()) {
      try (LanguageModel loaded = LanguageModel.load(found.get(), options);
          Session session = loaded.openSession()) {
        section.add("name", loaded.info().name());
        GenerationResult result =
            session.generate(
                PROMPT,
                GenerationOptions.greedy().withMaxTokens(16).withIgnoreEnd(true),
                GenerationListener.NONE);
        String text = PROMPT + result.text();
        section.fact("works", true);
        section.add("text", text, "\"" + text + "\"");
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        refuseModel(e);
      }
    }
    section.lines.putIfAbsent("text", "none");
  }

  private void refuseModel(Throwable e) {
    String sentence = Failures.sentence(e);
    if (sentence == null) {
      throw new IllegalStateException("the model could not be examined", e);
    }
    problems.add("Cannot use the model: " + sentence);
  }

  private static String sentence(String message) {
    return message.substring(0, 1).toUpperCase(Locale.ROOT) + message.substring(1) + ".";
  }

  private Section section(String title) {
    Section section = new Section();
    sections.put(title, section);
    return section;
  }

  private Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put(JsonText.SCHEMA, "bitnet-doctor");
    json.put(JsonText.SCHEMA_VERSION, 1);
    json.put("ok", problems.isEmpty());
    json.put("problems", problems);
    sections.forEach((title, section) -> json.put(title, section.facts));
    return json;
  }

  private void writeText(Output out) {
    sections.forEach(
        (title, section) -> {
          out.println(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1));
          section.lines.forEach((name, value) -> out.println(line(name, value)));
        });
    out.println("");
    if (problems.isEmpty()) {
      out.println("Everything is in order.");
    }
    problems.forEach(
        problem -> out.println("Problem: " + Printable.of(problem, Integer.MAX_VALUE)));
  }

  /** One line, whatever a model's text or a file's name holds. */
  private static String line(String name, String value) {
    return String.format(Locale.ROOT, "  %-13s %s", name, Printable.of(value, Integer.MAX_VALUE));
  }
}
