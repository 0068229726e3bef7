package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.KnownModel;
import org.bitnetj.hub.ModelName;
import org.bitnetj.hub.PullProgress;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * A model of the hub as a user names it.
 *
 * @param known the short name that was used, if it was one
 */
record NamedModel(ModelName name, Optional<KnownModel> known) {
  /** For messages that say what could be named. */
  static final String FORM =
      "a model of the Hugging Face hub is named owner/name[@revision][:file], or by a short name"
          + " that 'bitnet list --known' shows";

  /** For the completion of shells. */
  static final class ShortNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return KnownModel.all().stream().map(KnownModel::shortName).iterator();
    }
  }

  /** The same where a model may also be a file. */
  static final class ShortNamesAndFiles implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(
              KnownModel.all().stream().map(KnownModel::shortName),
              Stream.of(CompletionCommand.FILES))
          .iterator();
    }
  }

  /** What {@code text} names; empty if it can only be meant as a file. */
  static Optional<NamedModel> parse(String text) {
    Optional<KnownModel> known = KnownModel.find(text);
    return known
        .map(KnownModel::model)
        .or(() -> ModelName.parse(text).filter(name -> !isFile(name)))
        .map(name -> new NamedModel(name, known));
  }

  /** As parse, for arguments that can be nothing else. */
  static List<NamedModel> all(List<String> texts, CommandSpec spec) {
    return texts.stream().map(text -> parse(text).orElseThrow(() -> misuse(text, spec))).toList();
  }

  private static ParameterException misuse(String text, CommandSpec spec) {
    return new ParameterException(
        spec.commandLine(), "'" + text + "' names no model: " + FORM + ".");
  }

  /** {@code models/x.gguf} is a file that was mistyped, no repository. */
  private static boolean isFile(ModelName name) {
    String repository = name.repository().toLowerCase(Locale.ROOT);
    return repository.endsWith(".gguf") || repository.endsWith(".safetensors");
  }

  /** The path of the model in the cache, if it is there. */
  Optional<Path> find(Hub hub) throws IOException {
    return known.isPresent() ? hub.find(known.get()) : hub.find(name);
  }

  /** Fetches what is new of it. */
  Path pull(Hub hub, Streams streams) throws IOException {
    String beginning = "bitnet: fetching " + name + " into " + hub.cache() + ".";
    try (PullProgressLine progress = new PullProgressLine(streams, beginning)) {
      return pull(hub, progress);
    }
  }

  private Path pull(Hub hub, PullProgress progress) throws IOException {
    return known.isPresent() ? hub.pull(known.get(), progress) : hub.pull(name, progress);
  }
}
