package org.bitnetj.cli;

import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.jspecify.annotations.Nullable;

/**
 * A session with a model that only continues texts: each text that is typed is continued by itself,
 * without those before it.
 */
final class Continuation extends Dialogue {
  private static final List<Order> ORDERS =
      List.of(
          new Order("/help", "", "show this"),
          new Order("/retry", "", "continue the last text again, with another seed"),
          new Order("/set", "[OPTION [VALUE]]", "show or change how texts are generated"),
          new Order("/model", "", "show the model"),
          new Order("/stats", "", "show what the last text took"),
          new Order("/quit", "", "end the session (as does Ctrl-D)"));

  private final LoadedModel loaded;
  private final Function<String, int[]> prompt;
  private final SessionSettings settings;
  private final Reporting reporting;
  private @Nullable String latestText;

  /**
   * Begins a session.
   *
   * @param loaded the model, which is closed with this
   * @param prompt makes tokens of a text
   */
  Continuation(
      Streams streams,
      Messages messages,
      LoadedModel loaded,
      Function<String, int[]> prompt,
      GenerationOptions options,
      Reporting reporting) {
    super(streams, messages);
    this.loaded = loaded;
    this.prompt = prompt;
    this.settings = new SessionSettings(options);
    this.reporting = reporting;
  }

  /** Says what a user should know at the beginning. */
  void greet() {
    if (!reporting.isQuiet()) {
      tell(
          loaded.described()
              + " continues each text that you type. /help lists commands, Ctrl-D ends the"
              + " session.");
    }
  }

  /** The names of all commands. */
  static List<String> names() {
    return ORDERS.stream().map(Order::name).toList();
  }

  @Override
  List<Order> orders() {
    return ORDERS;
  }

  @Override
  GenerationResult answer(String message) {
    return answer(message, settings.options());
  }

  private GenerationResult answer(String text, GenerationOptions options) {
    Output out = streams().out();
    int[] ids = prompt.apply(text);
    latestText = text;
    try (Messages.Guard _ = messages().interrupting(loaded.session())) {
      WordWrap wrap = WordWrap.where(messages()::columns, out::print);
      GenerationListener printer =
          piece -> {
            if (wrap == null) {
              out.print(piece);
            } else {
              wrap.accept(piece);
            }
            out.flush();
          };
      GenerationResult result;
      try (PrefillProgress progress = reporting.withProgress(streams(), printer)) {
        result = loaded.session().generate(ids, options, progress);
      } finally {
        if (wrap != null) {
          wrap.flush();
        }
      }
      out.print("\n").flush();
      if (result.finishReason() == FinishReason.CANCELLED && reporting.isQuiet()) {
        tell("(Interrupted.)");
      }
      reporting.tell(streams(), loaded.model(), result, null);
      return result;
    }
  }

  @Override
  void obey(String name, String argument) throws IOException {
    switch (name) {
      case "/retry" -> retry();
      case "/set" -> tell(settings.set(argument));
      case "/model" -> tell(loaded.described() + ", " + loaded.model().path());
      case "/stats" -> {
        GenerationResult latest = latest();
        tell(latest == null ? "There is no text yet." : Statistics.line(loaded.model(), latest));
      }
      default -> throw new AssertionError(name);
    }
  }

  private void retry() {
    if (latestText == null) {
      throw new Failures.Failure("There is no text to continue again.");
    }
    remember(answer(latestText, another(settings.options(), "text")));
  }

  @Override
  public void close() {
    loaded.close();
  }
}
