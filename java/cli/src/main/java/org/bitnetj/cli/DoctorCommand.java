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

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;
  @Mixin private ReadingOptions reading;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "${COMPLETION-CANDIDATES}; docs/json.md says what the fields of json are. Default:"
              + " ${DEFAULT-VALUE}.")
  private ReportFormat format = ReportFormat.TEXT;

  @Mixin private OutputOption output;

  @Mixin private HelpOption help;

  /** Title, then name and value, in the order they are shown. */
  private final Map<String, Map<String, String>> sections = new LinkedHashMap<>();

  /** The same for programs. */
  private final Map<String, @Nullable Object> facts = new LinkedHashMap<>();

  private final List<String> problems = new ArrayList<>();

  private interface Found {
    Path path() throws IOException;
  }

  @Override
  public Integer call() throws IOException {
    LoadOptions options = reading.in(LoadOptions.defaults()).withWarnings(warning -> {});
    Found found = find();
    try (Result result = open(found)) {
      examineMachine();
      examineKernels();
      examineCache();
      examineModel(found, options);
      if (format == ReportFormat.JSON) {
        result.out().print(JsonText.of(json()));
      } else {
        writeText(result.out());
      }
      result.commit();
    }
    return problems.isEmpty() ? 0 : 1;
  }

  /** The model's file or folder, or why there is none, which is a problem like any other. */
  private Found find() {
    try {
      Path path = model.path(bitnet.streams());
      return () -> path;
    } catch (IOException | RuntimeException e) {
      return () -> {
        throw e;
      };
    }
  }

  private Result open(Found model) {
    Path[] inputs;
    try {
      inputs = new Path[] {model.path()};
    } catch (IOException | RuntimeException e) {
      inputs = new Path[0]; // as the report will say
    }
    return output.open(bitnet.streams(), reading.layouts(), inputs);
  }

  private void examineMachine() {
    Map<String, String> java = section("java");
    Build build = Build.here();
    java.put("bitnet.java", build.version());
    java.put("commit", build.commit());
    java.put("version", System.getProperty("java.vm.version"));
    java.put("vendor", System.getProperty("java.vendor"));
    java.put("home", System.getProperty("java.home"));
    Map<String, @Nullable Object> about = facts("build");
    about.put("version", build.version());
    about.put("commit", build.commit());
    about.put("compiler", build.compiler());
    Map<String, @Nullable Object> runtime = facts("java");
    runtime.put("version", System.getProperty("java.vm.version"));
    runtime.put("vendor", System.getProperty("java.vendor"));
    runtime.put("home", System.getProperty("java.home"));
    Map<String, String> machine = section("machine");
    Machine here = Machine.here();
    machine.put("system", here.system());
    machine.put("cpu", here.cpu() + ", " + here.processors() + " processors for this process");
    Optional<List<String>> instructions = Host.instructions();
    machine.put("instructions", instructions.map(i -> String.join(" ", i)).orElse(UNKNOWN));
    long memory = Host.memory();
    long available = Host.availableMemory();
    machine.put("memory", Host.gibibytes(memory) + ", " + Host.gibibytes(available) + " available");
    Optional<String> hugePages = Host.hugePages();
    machine.put(
        "huge pages",
        hugePages
            .map(
                chosen ->
                    chosen.equals("madvise")
                        ? "on request (madvise), which this program makes"
                        : chosen)
            .orElse(UNKNOWN));
    Map<String, @Nullable Object> host = facts("machine");
    host.put("system", here.system());
    host.put("cpu", here.cpu());
    host.put("processors", here.processors());
    host.put("instructions", instructions.orElse(null));
    host.put("memory_bytes", memory);
    host.put("available_bytes", available);
    host.put("huge_pages", hugePages.orElse(null));
  }

  private void examineKernels() {
    KernelSelection selection = selection();
    Map<String, String> library = section("library");
    Map<String, @Nullable Object> file = facts("library");
    file.put("loaded", selection.library() instanceof NativeLibrary.Loaded);
    switch (selection.library()) {
      case NativeLibrary.Loaded loaded -> {
        library.put("file", loaded.path().toString());
        library.put("sha-256", loaded.sha256());
        library.put("compiler", loaded.compiler().isEmpty() ? "unknown" : loaded.compiler());
        library.put("abi", Integer.toString(NativeLibrary.abiVersion()));
        file.put("file", loaded.path().toString());
        file.put("sha256", loaded.sha256());
        file.put("compiler", loaded.compiler().isEmpty() ? null : loaded.compiler());
        file.put("abi", NativeLibrary.abiVersion());
      }
      case NativeLibrary.Missing missing -> {
        library.put("file", "none");
        library.put("reason", missing.reason());
        file.put("reason", missing.reason());
      }
    }
    selection.shortfall().ifPresent(cost -> problems.add(sentence(cost)));
    Map<String, String> kernels = section("kernels");
    kernels.put("used", selection.tier() + ", " + selection.reason());
    Map<String, @Nullable Object> chosen = facts("kernels");
    chosen.put("used", selection.tier().label());
    chosen.put("reason", selection.reason());
    List<Map<String, @Nullable Object>> tiers = new ArrayList<>();
    chosen.put("tiers", tiers);
    for (KernelSelection.Tier tier : selection.tiers()) {
      String state = tier.state().toString();
      @Nullable String failure =
          switch (tier.state()) {
            case USED, RUNS, FAILED, UNUSABLE, FAULTING -> selfCheck(tier);
            case DISABLED, REFUSED, UNSUPPORTED, ABSENT, UNRESOLVED -> null;
          };
      kernels.put(
          tier.tier().label(),
          switch (tier.state()) {
            case USED, RUNS ->
                state + (failure == null ? ", passes the self-check" : ", fails the self-check");
            case FAILED, UNUSABLE -> state;
            case FAULTING, DISABLED, REFUSED, UNSUPPORTED, ABSENT ->
                state + " (needs " + tier.tier().needs() + ")";
            case UNRESOLVED -> state + " (needs java " + VectorTier.FLAG + ")";
          });
      boolean runs =
          tier.state() == KernelSelection.State.USED || tier.state() == KernelSelection.State.RUNS;
      Map<String, @Nullable Object> record = new LinkedHashMap<>();
      record.put("name", tier.tier().label());
      record.put("state", tier.state().name().toLowerCase(Locale.ROOT));
      record.put("runs", runs && failure == null);
      record.put("needs", tier.tier().needs());
      record.put("failure", failure);
      tiers.add(record);
      if (failure != null) {
        problems.add(failure);
      }
    }
  }

  /** The folder of packed models. */
  private void examineCache() {
    Map<String, String> section = section("cache");
    Map<String, @Nullable Object> values = facts("cache");
    try {
      Optional<PackedModels> found = PackedModels.ofUser();
      if (found.isEmpty()) {
        values.put("folder", null);
        section.put("folder", "none: there is no home folder");
        return;
      }
      PackedModels cache = found.get();
      section.put("folder", cache.folder().toString());
      List<PackedModels.Entry> all = cache.entries();
      long bytes = all.stream().mapToLong(PackedModels.Entry::bytes).sum();
      String size = Hub.size(bytes);
      section.put("packed", all.size() + (all.size() == 1 ? " model, " : " models, ") + size);
      long limit = cache.limit();
      section.put("limit", limit == 0 ? "0: none are packed" : Hub.size(limit));
      values.put("folder", cache.folder().toString());
      values.put("models", all.size());
      values.put("bytes", bytes);
      values.put("limit_bytes", limit);
    } catch (IOException e) {
      section.put("limit", "unknown");
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

  /** Null if the tier computes what it should. */
  private static @Nullable String selfCheck(KernelSelection.Tier tier) {
    try {
      KernelSelection.choose(tier.tier().label());
      return null;
    } catch (KernelTierException e) {
      return sentence(String.valueOf(e.getMessage()));
    }
  }

  private void examineModel(Found found, LoadOptions options) {
    Map<String, String> section = section("model");
    Map<String, @Nullable Object> values = facts("model");
    values.put("works", false);
    try {
      model
          .given()
          .ifPresent( // should it not be there
              given -> {
                section.put("file", given);
                values.put("file", given);
              });
      Path path = found.path();
      section.put("file", path.toString());
      try (LanguageModel loaded = LanguageModel.load(path, options);
          Session session = loaded.openSession()) {
        section.put("name", loaded.info().name());
        GenerationResult result =
            session.generate(
                "Once upon a time",
                GenerationOptions.greedy().withMaxTokens(16).withIgnoreEnd(true),
                GenerationListener.NONE);
        section.put("writes", "\"Once upon a time" + result.text() + "\"");
        values.put("file", path.toString());
        values.put("name", loaded.info().name());
        values.put("works", true);
        values.put("text", "Once upon a time" + result.text());
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      String sentence = Failures.sentence(e);
      if (sentence == null) {
        throw new IllegalStateException("the model could not be examined", e);
      }
      section.put("writes", "nothing");
      problems.add("Cannot use the model: " + sentence);
    }
  }

  private static String sentence(String message) {
    return message.substring(0, 1).toUpperCase(Locale.ROOT) + message.substring(1) + ".";
  }

  private Map<String, @Nullable Object> facts(String title) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    facts.put(title, values);
    return values;
  }

  private Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put(JsonText.SCHEMA, "bitnet-doctor");
    json.put(JsonText.SCHEMA_VERSION, 1);
    json.put("ok", problems.isEmpty());
    json.put("problems", problems);
    json.putAll(facts);
    return json;
  }

  private Map<String, String> section(String title) {
    Map<String, String> entries = new LinkedHashMap<>();
    sections.put(title, entries);
    return entries;
  }

  private void writeText(Output out) {
    sections.forEach(
        (title, entries) -> {
          out.println(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1));
          entries.forEach((name, value) -> out.println(line(name, value)));
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
