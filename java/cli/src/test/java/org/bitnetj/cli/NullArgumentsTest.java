package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.chat.ThinkingSplitter;
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
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;

/** What the modules export says which argument is null, before it does anything else. */
class NullArgumentsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");

  /** Values for the other parameters, and objects to call methods of. */
  private final Map<Class<?>, Object> samples = new HashMap<>();

  private final List<String> unnamed = new ArrayList<>();
  private int calls;

  @Test
  void everyNullArgumentOfTheEngineIsNamed() throws Exception {
    try (LanguageModel model = LanguageModel.load(MODEL);
        EmbeddingModel embedding = EmbeddingModel.of(model);
        Session session = model.openSession(SessionOptions.defaults().withContext(16))) {
      sample(model, embedding, session, model.tokenizer(), new Conversation(session));
      sample(
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
      sample(compiler, compiler.compile(Grammar.token(1)), tokenizer.newDecoder(true));
      sample(ChatTemplate.given("{{ messages[0].content }}", tokenizer));
      sample(new ThinkingSplitter(false, text -> {}, text -> {}));
      samples.put(GenerationListener.class, GenerationListener.NONE);
      samples.put(LogitsVisitor.class, (LogitsVisitor) (position, logits) -> {});
      samples.put(
          ConversionOptions.Progress.class, (ConversionOptions.Progress) (written, size) -> {});
      walk(LanguageModel.class);
      assertEquals(List.of(), unnamed);
      assertEquals(0, session.tokens().length, "a call has computed something");
    }
    assertTrue(calls > 80, () -> "only " + calls + " arguments were tried");
  }

  @Test
  void everyNullArgumentOfTheHubIsNamed() throws Exception {
    URI nowhere = URI.create("http://127.0.0.1:1");
    HubOptions options = new HubOptions(nowhere, Optional.empty(), MODEL, true, false);
    sample(options, Hub.open(options), nowhere, Instant.EPOCH);
    sample(ModelName.parse("a/b").orElseThrow(), KnownModel.all().getFirst());
    samples.put(PullProgress.class, PullProgress.NONE);
    walk(Hub.class);
    assertEquals(List.of(), unnamed);
    assertTrue(calls > 20, () -> "only " + calls + " arguments were tried");
  }

  private void sample(Object... values) {
    for (Object value : values) {
      samples.put(value.getClass(), value);
    }
  }

  /** Calls what the module of {@code type} exports. */
  private void walk(Class<?> type) throws Exception {
    Path place = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    ModuleReference module = ModuleFinder.of(place).findAll().iterator().next();
    Set<String> exported =
        module.descriptor().exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
    try (ModuleReader reader = module.open();
        Stream<String> names = reader.list()) {
      for (String name : names.filter(n -> n.matches("org/.*\\.class")).sorted().toList()) {
        String called = name.substring(0, name.length() - ".class".length()).replace('/', '.');
        if (exported.contains(called.replaceFirst("\\.[^.]*$", ""))
            && !called.endsWith("package-info")) {
          walkMembers(Class.forName(called), exported);
        }
      }
    }
  }

  private void walkMembers(Class<?> type, Set<String> exported) throws Exception {
    if (!isPublic(type) || type.isInterface() || Throwable.class.isAssignableFrom(type)) {
      return; // interfaces are for users to implement; a message may be null as in all of Java
    }
    for (Executable called :
        Stream.<Executable>concat(
                Arrays.stream(type.getConstructors()), Arrays.stream(type.getDeclaredMethods()))
            .toList()) {
      boolean inner =
          Arrays.stream(called.getParameterTypes())
              .anyMatch(
                  t -> t.getName().startsWith("org.") && !exported.contains(t.getPackageName()));
      boolean javas = called.getName().equals("equals") || called.getName().equals("valueOf");
      if (Modifier.isPublic(called.getModifiers()) && !called.isSynthetic() && !inner && !javas) {
        callWithNulls(called);
      }
    }
  }

  private static boolean isPublic(Class<?> type) {
    Class<?> around = type.getDeclaringClass();
    return Modifier.isPublic(type.getModifiers()) && (around == null || isPublic(around));
  }

  private void callWithNulls(Executable called) throws Exception {
    Parameter[] parameters = called.getParameters();
    Set<String> messages = new HashSet<>();
    for (int i = 0; i < parameters.length; i++) {
      if (!parameters[i].getType().isPrimitive()) {
        Object[] arguments =
            Arrays.stream(parameters).map(p -> sample(p.getType())).toArray(Object[]::new);
        arguments[i] = null;
        calls++;
        String said = call(called, arguments);
        String name = component(called, i).orElse("[a-z]\\w*");
        if (!said.matches(name + " is null") || !messages.add(said)) {
          unnamed.add("argument " + i + " of " + called + ": " + said);
        }
      }
    }
  }

  /** The name of a record's component, if that is what the argument becomes. */
  private static Optional<String> component(Executable called, int index) {
    Class<?> type = called.getDeclaringClass();
    return called instanceof Constructor
            && type.isRecord()
            && type.getRecordComponents().length == called.getParameterCount()
        ? Optional.of(type.getRecordComponents()[index].getName())
        : Optional.empty();
  }

  private String call(Executable called, Object... arguments) throws Exception {
    try {
      switch (called) {
        case Constructor<?> constructor -> constructor.newInstance(arguments);
        case Method method ->
            method.invoke(
                Modifier.isStatic(method.getModifiers())
                    ? null
                    : sample(method.getDeclaringClass()),
                arguments);
      }
      return "nothing";
    } catch (InvocationTargetException e) {
      return e.getCause() instanceof NullPointerException
          ? String.valueOf(e.getCause().getMessage())
          : e.getCause().toString();
    }
  }

  private Object sample(Class<?> type) {
    Object given = samples.get(type);
    if (given != null) {
      return given;
    } else if (type.isEnum()) {
      return type.getEnumConstants()[0];
    } else if (type.isArray()) {
      return Array.newInstance(type.getComponentType(), 2);
    }
    return switch (type.getName()) {
      case "int" -> 1;
      case "long" -> 1L;
      case "double" -> 1.0;
      case "boolean" -> false;
      case "java.lang.String" -> "x";
      case "java.lang.StringBuilder" -> new StringBuilder();
      case "java.lang.Throwable" -> new IllegalStateException();
      case "java.nio.file.Path" -> MODEL;
      case "java.util.List" -> List.of();
      case "java.util.Set" -> Set.of();
      case "java.util.Map" -> Map.of();
      case "java.util.Optional" -> Optional.empty();
      case "java.util.OptionalInt" -> OptionalInt.empty();
      case "java.util.OptionalLong" -> OptionalLong.empty();
      case "java.util.OptionalDouble" -> OptionalDouble.empty();
      case "java.util.function.Consumer" -> (Consumer<Object>) value -> {};
      case "org.bitnetj.generate.LoadOptions$Progress" -> (LoadOptions.Progress) (done, all) -> {};
      default -> throw new AssertionError("the test has no sample of " + type);
    };
  }
}
