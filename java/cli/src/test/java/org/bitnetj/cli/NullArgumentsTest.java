package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.chat.ThinkingSplitter;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.ReplyListener;
import org.bitnetj.chat.reply.ReplyOptions;
import org.bitnetj.chat.reply.ReplyParser;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.generate.Conversation;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.LogitsVisitor;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.generate.TokenLogprobs;
import org.bitnetj.hub.Hub;
import org.bitnetj.hub.HubOptions;
import org.bitnetj.hub.KnownModel;
import org.bitnetj.hub.ModelName;
import org.bitnetj.hub.PullProgress;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;
import org.bitnetj.testkit.NullArguments;
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;

/** What the modules export says which argument is null, before it does anything else. */
class NullArgumentsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");

  private final NullArguments arguments = new NullArguments().with(Path.class, MODEL);

  @Test
  void everyNullArgumentOfTheEngineIsNamed() throws Exception {
    try (LanguageModel model = LanguageModel.load(MODEL);
        EmbeddingModel embedding = EmbeddingModel.of(model);
        Session session = model.openSession(SessionOptions.defaults().withContext(16))) {
      arguments.with(model, embedding, session, model.tokenizer(), new Conversation(session));
      arguments.with(
          LoadOptions.defaults(),
          SessionOptions.defaults(),
          GenerationOptions.defaults(),
          SamplingOptions.defaults(),
          LayoutOptions.none(),
          ConversionOptions.defaults(),
          ChatSettings.DEFAULTS,
          ChatMessage.user("x"),
          Grammar.json(),
          new GenerationStats(
              0, 0, 0, 0, 0, 0, 0, 0, 0, 0, OptionalDouble.empty(), OptionalDouble.empty()),
          new TokenLogprobs.Entry(1, 0));
      Tokenizer tokenizer = model.tokenizer();
      ConstraintCompiler compiler = new ConstraintCompiler(tokenizer);
      arguments.with(compiler, compiler.compile(Grammar.token(1)), tokenizer.newDecoder(true));
      arguments.with(ChatTemplate.given("{{ messages[0].content }}", tokenizer));
      arguments.with(new ThinkingSplitter(false, text -> {}, text -> {}));
      arguments.with(GenerationListener.class, GenerationListener.NONE);
      arguments.with(LogitsVisitor.class, (LogitsVisitor) (position, logits) -> {});
      arguments.with(
          ConversionOptions.Progress.class, (ConversionOptions.Progress) (written, size) -> {});
      arguments.with(LoadOptions.Progress.class, (LoadOptions.Progress) (done, all) -> {});
      assertEquals(List.of(), arguments.unnamed(LanguageModel.class));
      assertEquals(0, session.tokens().length, "a call has computed something");
    }
    assertTrue(arguments.calls() > 80, () -> "only " + arguments.calls() + " arguments were tried");
  }

  @Test
  void everyNullArgumentOfTheHubIsNamed() throws Exception {
    URI nowhere = URI.create("http://127.0.0.1:1");
    HubOptions options = new HubOptions(nowhere, Optional.empty(), MODEL, true, false);
    arguments.with(options, Hub.open(options), nowhere, Instant.EPOCH);
    arguments.with(ModelName.parse("a/b").orElseThrow(), KnownModel.all().getFirst());
    arguments.with(PullProgress.class, PullProgress.NONE);
    assertEquals(List.of(), arguments.unnamed(Hub.class));
    assertTrue(arguments.calls() > 20, () -> "only " + arguments.calls() + " arguments were tried");
  }

  @Test
  void everyNullArgumentOfChatsAndServersIsNamed() throws Exception {
    ReplySink sink =
        new ReplySink() {
          @Override
          public void thinking(String piece) {}

          @Override
          public void text(String piece) {}

          @Override
          public void call(ToolCall call) {}
        };
    try (LanguageModel model = LanguageModel.load(MODEL);
        Session session = model.openSession(SessionOptions.defaults().withContext(16))) {
      ChatPrompt prompt =
          new ChatPrompt(new int[1], GenerationOptions.defaults(), false, Optional.empty());
      arguments
          .with(ReplySink.class, sink)
          .with(model, session, prompt, new Replies(model), new ReplyOptions(), Tools.ABSENT)
          .with(
              new ReplyParser(false, Optional.empty(), sink),
              new ReplyListener(prompt, () -> {}, sink))
          .with(GenerationOptions.defaults(), ServerOptions.defaults(), Duration.ofSeconds(1))
          .with(
              new ChatRequest(
                  List.of(),
                  Tools.ABSENT,
                  Optional.empty(),
                  Optional.empty(),
                  GenerationOptions.defaults()));
      assertEquals(List.of(), arguments.unnamed(Replies.class));
      assertTrue(arguments.calls() > 30, () -> "only " + arguments.calls() + " arguments");
      assertEquals(List.of(), arguments.unnamed(ModelServer.class));
      assertTrue(arguments.calls() > 60, () -> "only " + arguments.calls() + " arguments");
    }
  }
}
