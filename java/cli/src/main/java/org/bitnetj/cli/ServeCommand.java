package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/**
 * {@code bitnet serve}: a model behind the HTTP APIs of OpenAI and Anthropic. No type of the server
 * is in this class's signatures, so that it is read without the server's classes too.
 */
@Command(
    name = "serve",
    description = "Serves a model over HTTP, in the APIs of OpenAI and Anthropic.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet serve -m 2b4t",
      "  curl http://127.0.0.1:8080/v1/chat/completions \\",
      "    -H 'Content-Type: application/json' \\",
      "    -d '{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'",
      "",
      "The same request with the same seed gets the same text, whatever else is being answered."
          + " Ctrl-C or SIGTERM refuse new requests and let answers end."
    })
final class ServeCommand implements Callable<Integer> {
  /** By the names of the server's formats. */
  private enum Log {
    text,
    json,
    none
  }

  @ParentCommand private BitnetCommand bitnet;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "The address to listen at; 0.0.0.0 is reached from other machines too. Default:"
              + " ${DEFAULT-VALUE}, this machine alone.")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port; 0 for any free one. Default: ${DEFAULT-VALUE}.")
  private int port = 8080;

  @Option(
      names = "--alias",
      paramLabel = "NAME",
      description = "What the model is called in answers. Default: the name of its file.")
  private @Nullable String alias;

  @Option(
      names = {"-np", "--parallel"},
      paramLabel = "N",
      description = "Texts that are generated at a time. Default: ${DEFAULT-VALUE}.")
  private int parallel = 16;

  @Option(
      names = "--queue",
      paramLabel = "N",
      description =
          "Requests that wait; one more is refused with status 429. Default: ${DEFAULT-VALUE}.")
  private int queue = 64;

  @Option(
      names = "--no-draft",
      description =
          "Compute one token of a text at a time, also where an earlier part of it suggests the"
              + " next ones. The texts are the same.")
  private boolean noDraft;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "How long a request may take, its waiting included. Default: ${DEFAULT-VALUE}.")
  private int timeout = 600;

  @Option(
      names = "--kept-cache",
      paramLabel = "MIB",
      description =
          "Memory for the keys and values of texts that have ended, so that the next turn of a"
              + " chat, or another text with the same system message, computes only what is new."
              + " Default: ${DEFAULT-VALUE}.")
  private int keptCache = 2048;

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      description = "A key that requests must bring; may be given several times. Default: none.")
  private List<String> keys = List.of();

  @Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description =
          "A file with such keys, a line each; other users do not see them there. A key may be"
              + " followed by priority=N, requests of higher priority having their turn first, and"
              + " by name=NAME, for the log.")
  private @Nullable Path keyFile;

  @Option(
      names = "--cors",
      paramLabel = "ORIGIN",
      description =
          "A web page's origin that may use the server from a browser, such as"
              + " https://example.org, or * for all; may be given several times. Default: none.")
  private List<String> origins = List.of();

  @Option(
      names = "--allow-host",
      paramLabel = "NAME",
      description =
          "A name by which the server may be asked, such as example.org, or * for all; may be given"
              + " several times. Requests by other names than localhost, the address it listens at"
              + " and addresses in numbers are refused. Default: none.")
  private List<String> hosts = List.of();

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description =
          "A PEM file with the server's certificate and those that vouch for it, for HTTPS; it"
              + " needs --tls-key. Default: HTTP.")
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "FILE",
      description = "A PEM file with the certificate's private key (PKCS #8, not encrypted).")
  private @Nullable Path certificateKey;

  @Option(
      names = "--transfer-time",
      paramLabel = "SECONDS",
      description =
          "How long a client may take to send a request's head, its body, and to take each piece of"
              + " an answer. Default: ${DEFAULT-VALUE}.")
  private int transferTime = 60;

  @Option(
      names = "--log",
      paramLabel = "FORMAT",
      description =
          "What is told of each request on the standard error output: text, json (an object in a"
              + " line) or none. Failures of the server are told in any case. Default:"
              + " ${DEFAULT-VALUE}.")
  private Log log = Log.text;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description = "A Jinja chat template to use instead of the model's own.")
  private @Nullable Path chatTemplate;

  @Mixin private EngineOptions engine;
  @Mixin private HeadOption head;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (!isComplete()) {
      throw new Failures.Failure(
          "the server's libraries are not on the class path; start it by 'bitnet serve' or by"
              + " 'java -jar bitnet-serve.jar serve'.");
    }
    Streams streams = bitnet.streams();
    Serving serving = serving(streams);
    LoadOptions load =
        engine.options(head.mode(), streams).withKeptCacheBytes((long) keptCache << 20);
    model.suggestAnother(streams);
    if (chatTemplate != null) {
      load =
          load.withChatTemplate(
              TextInput.decoded(TextInput.contents(chatTemplate), chatTemplate.toString()));
    }
    try (LanguageModel loaded = LanguageModel.load(model.path(streams), load)) {
      serving.run(loaded, streams);
    }
    return 0;
  }

  /** Whether this is the program with the server in it; bitnet.jar starts faster without. */
  private static boolean isComplete() {
    try {
      Class.forName("org.bitnetj.server.ModelServer", false, ServeCommand.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  private Serving serving(Streams streams) throws IOException {
    if (keptCache < 0) {
      throw new ParameterException(
          spec.commandLine(), "The kept cache (--kept-cache) must be 0 or more.");
    }
    if ((certificate == null) != (certificateKey == null)) {
      throw new ParameterException(
          spec.commandLine(), "A certificate (--tls-cert) and its key (--tls-key) go together.");
    }
    try {
      Serving serving =
          new Serving(line -> streams.tell(log == Log.json ? line : "bitnet: " + line))
              .host(host)
              .port(port)
              .parallel(parallel)
              .drafting(!noDraft)
              .queue(queue)
              .requestTime(Duration.ofSeconds(timeout))
              .transferTime(Duration.ofSeconds(transferTime))
              .keys(keys())
              .origins(origins)
              .hosts(hosts)
              .logFormat(log.name().toUpperCase(Locale.ROOT));
      if (alias != null) {
        serving.modelName(alias);
      }
      if (certificate != null && certificateKey != null) {
        serving.certificate(certificate, certificateKey);
      }
      return serving;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** A line for each key. */
  private List<String> keys() throws IOException {
    List<String> all = new ArrayList<>(keys);
    if (keyFile != null) {
      TextInput.decoded(TextInput.contents(keyFile), keyFile.toString())
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .forEach(all::add);
      if (all.isEmpty()) {
        throw new Failures.Failure(keyFile + " has no key.");
      }
    }
    return all;
  }
}
