package org.bitnetj.testkit;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.jspecify.annotations.Nullable;

/**
 * Calls what a module shows to others with one argument null at a time: each call must say which,
 * before it does anything else. Arguments that may be null, by their annotation, are left out.
 */
public final class NullArguments {
  /** Values for the other parameters, and objects to call methods of. */
  private final Map<Class<?>, Object> samples = new HashMap<>();

  private final Set<Class<?>> left = new HashSet<>();
  private final List<String> unnamed = new ArrayList<>();
  private int calls;

  /** Uses these as values of their classes. */
  public NullArguments with(Object... values) {
    for (Object value : values) {
      samples.put(value.getClass(), value);
    }
    return this;
  }

  /** Uses a value for what is declared as {@code type}. */
  public <T> NullArguments with(Class<T> type, T value) {
    samples.put(type, value);
    return this;
  }

  /** Leaves out classes that are public for a framework alone. */
  public NullArguments without(Class<?>... types) {
    left.addAll(List.of(types));
    return this;
  }

  /** How many arguments were tried. */
  public int calls() {
    return calls;
  }

  /**
   * Calls all that the module of {@code type} exports; all its packages if it has no descriptor.
   *
   * @return the arguments that were not named
   */
  public List<String> unnamed(Class<?> type) throws ReflectiveOperationException, IOException {
    Path place = place(type);
    Optional<Set<String>> exported =
        ModuleFinder.of(place).findAll().stream()
            .map(module -> module.descriptor())
            .filter(module -> !module.isAutomatic())
            .findFirst()
            .map(NullArguments::exports);
    for (String name : classes(place)) {
      if (exported.isEmpty() || exported.get().contains(name.replaceFirst("\\.[^.]*$", ""))) {
        callAll(Class.forName(name), place, exported);
      }
    }
    return unnamed;
  }

  private static Set<String> exports(ModuleDescriptor module) {
    return module.exports().stream()
        .map(ModuleDescriptor.Exports::source)
        .collect(Collectors.toSet());
  }

  private static @Nullable Path place(Class<?> type) {
    try {
      return type.getProtectionDomain().getCodeSource() == null
          ? null
          : Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The names of the classes in a folder or a jar. */
  private static List<String> classes(Path place) throws IOException {
    if (Files.isDirectory(place)) {
      return classesUnder(place);
    }
    try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
      return classesUnder(jar.getPath("/"));
    }
  }

  private static List<String> classesUnder(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .map(file -> root.relativize(file).toString())
          .filter(name -> name.startsWith("org") && name.endsWith(".class"))
          .filter(name -> !name.endsWith("package-info.class"))
          .map(name -> name.replaceFirst("\\.class$", "").replace('/', '.').replace('\\', '.'))
          .sorted()
          .toList();
    }
  }

  private void callAll(Class<?> type, Path place, Optional<Set<String>> exported)
      throws ReflectiveOperationException {
    if (!isPublic(type)
        || type.isInterface() // for users to implement
        || Throwable.class.isAssignableFrom(type) // a message may be null as in all of Java
        || left.contains(type)) {
      return;
    }
    for (Executable called :
        Stream.<Executable>concat(
                Arrays.stream(type.getConstructors()), Arrays.stream(type.getDeclaredMethods()))
            .toList()) {
      boolean inner =
          exported.isPresent()
              && Arrays.stream(called.getParameterTypes())
                  .anyMatch(
                      parameter ->
                          place.equals(place(parameter))
                              && !exported.get().contains(parameter.getPackageName()));
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

  private void callWithNulls(Executable called) throws ReflectiveOperationException {
    Parameter[] parameters = called.getParameters();
    Set<String> messages = new HashSet<>();
    for (int i = 0; i < parameters.length; i++) {
      if (!parameters[i].getType().isPrimitive() && !mayBeNull(called, i)) {
        Object[] arguments = new Object[parameters.length];
        for (int j = 0; j < parameters.length; j++) {
          arguments[j] = j == i ? null : sample(parameters[j].getType());
        }
        calls++;
        String said = call(called, arguments);
        String name = component(called, i).orElse("[a-z]\\w*");
        if (!said.matches(name + " is null") || !messages.add(said)) {
          unnamed.add("argument " + i + " of " + called + ": " + said);
        }
      }
    }
  }

  private static boolean mayBeNull(Executable called, int index) {
    return called.getAnnotatedParameterTypes()[index].isAnnotationPresent(Nullable.class);
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

  private String call(Executable called, Object... arguments) throws ReflectiveOperationException {
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
      case "int", "java.lang.Integer" -> 1;
      case "long", "java.lang.Long" -> 1L;
      case "double", "java.lang.Double" -> 1.0;
      case "boolean", "java.lang.Boolean" -> false;
      case "java.lang.String" -> "x";
      case "java.lang.StringBuilder" -> new StringBuilder();
      case "java.lang.Throwable" -> new IllegalStateException();
      case "java.lang.Runnable" -> (Runnable) () -> {};
      case "java.nio.file.Path" -> Path.of("x");
      case "java.util.List" -> List.of();
      case "java.util.Set" -> Set.of();
      case "java.util.Map" -> Map.of();
      case "java.util.Optional" -> Optional.empty();
      case "java.util.OptionalInt" -> OptionalInt.empty();
      case "java.util.OptionalLong" -> OptionalLong.empty();
      case "java.util.OptionalDouble" -> OptionalDouble.empty();
      case "java.util.function.Consumer" -> (Consumer<Object>) value -> {};
      default -> throw new AssertionError("the test has no sample of " + type);
    };
  }
}
