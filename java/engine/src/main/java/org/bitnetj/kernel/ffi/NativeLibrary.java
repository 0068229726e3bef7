package org.bitnetj.kernel.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.PrivateFolder;
import org.bitnetj.memory.UserFolders;
import org.jspecify.annotations.Nullable;

/**
 * The engine's native library: found, checked and loaded once for the life of the JVM, by the first
 * call of {@link #status}.
 *
 * <p>It comes from the jar and is copied, once for each content, to {@code
 * <cache>/bitnet.java/<sha256>/}, where {@code <cache>} is {@code $XDG_CACHE_HOME} or {@code
 * ~/.cache}, on macOS {@code ~/Library/Caches}, on Windows {@code %LOCALAPPDATA%}. A copy is used
 * only if its content is right and no other user can change it. Where the folder cannot be written,
 * others may write to it or no code may be run from it, the copy is put into a private folder in
 * {@code java.io.tmpdir} that is deleted with the JVM. The system property {@code
 * bitnet.library.path}, or else the environment variable {@code BITNET_LIBRARY_PATH}, names a
 * library file to load instead; then nothing else is tried.
 */
public final class NativeLibrary {
  /** Names a library file to load instead of the one in the jar. */
  public static final String PATH_PROPERTY = "bitnet.library.path";

  /** The environment variable that does the same as {@link #PATH_PROPERTY}. */
  public static final String PATH_VARIABLE = "BITNET_LIBRARY_PATH";

  /** Whether there are native kernels, and why not. */
  public sealed interface Status {
    /** What comes of a tier. */
    Support support(KernelTier tier);
  }

  /**
   * The library is loaded and of the right ABI.
   *
   * @param path the file it was loaded from
   * @param sha256 the hash of that file
   * @param compiler what it was built with; empty if it does not say
   * @param tiers what comes of its tiers on this machine; those it lacks may be left out
   */
  public record Loaded(Path path, String sha256, String compiler, Map<KernelTier, Support> tiers)
      implements Status {
    @Override
    public Support support(KernelTier tier) {
      return tiers.getOrDefault(tier, Support.NOT_BUILT);
    }

    /** The tiers that run. */
    public Set<KernelTier> supported() {
      return tiers.keySet().stream()
          .filter(tier -> support(tier) == Support.RUNS)
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  /** What comes of a native tier on this machine. */
  public enum Support {
    /** The library was built without it. */
    NOT_BUILT,
    /** The CPU does not say that it has the instructions. */
    NOT_CLAIMED,
    /** The CPU has the instructions, but the operating system does not save their registers. */
    DISABLED,
    /** The operating system does not let this process use the registers, or was not asked to. */
    REFUSED,
    /** CPU and operating system promise the instructions, but one of them failed when tried. */
    FAULTS,
    /** It can be used. */
    RUNS
  }

  /**
   * Native kernels cannot be used in this JVM.
   *
   * @param reason a sentence without full stop: what is wrong and what to do
   */
  public record Missing(String reason) implements Status {
    @Override
    public Support support(KernelTier tier) {
      return Support.NOT_BUILT;
    }
  }

  /** Bytes that the name of a compiler and the 0 behind it may have. */
  private static final int MOST_NAME = 256;

  private static final class Once {
    static final Status STATUS = new NativeLibrary(Surroundings.real()).load();
  }

  /**
   * What the outcome depends on, so that tests can set it.
   *
   * @param abi asks the library that was loaded for its ABI version: its first call
   */
  record Surroundings(
      Function<String, @Nullable InputStream> resources,
      Function<String, @Nullable String> properties,
      Function<String, @Nullable String> variables,
      IntSupplier abi) {

    static Surroundings real() {
      return new Surroundings(
          NativeLibrary.class::getResourceAsStream,
          System::getProperty,
          System::getenv,
          BitnetLibrary::bn_abi_version);
    }

    String property(String name) {
      String value = properties.apply(name);
      return value == null ? "" : value;
    }

    String variable(String name) {
      String value = variables.apply(name);
      return value == null ? "" : value;
    }
  }

  private final Surroundings in;

  NativeLibrary(Surroundings in) {
    this.in = in;
  }

  /** The version of the ABI that this engine and every library it loads speak. */
  public static int abiVersion() {
    return BitnetLibrary.BN_ABI_VERSION();
  }

  /** Loads the library if this is the first call; the answer never changes. Thread-safe. */
  public static Status status() {
    return Once.STATUS;
  }

  Status load() {
    if (!NativeAccess.isGranted()) {
      return new Missing(
          "Java does not let the engine call native code; start java with " + NativeAccess.FLAG);
    }
    try {
      String own = in.property(PATH_PROPERTY);
      String source = PATH_PROPERTY;
      if (own.isEmpty()) {
        own = in.variable(PATH_VARIABLE);
        source = PATH_VARIABLE;
      }
      return own.isEmpty() ? loadResource() : loadOwn(own, source);
    } catch (LibraryException e) {
      return new Missing(e.getMessage());
    } catch (LinkageError e) { // as from bindings made where C's types have other sizes
      Throwable cause = e.getCause() == null ? e : e.getCause();
      return new Missing(
          "Java cannot call the native library on this system ("
              + cause.getClass().getSimpleName()
              + ": "
              + cause.getMessage()
              + "); please report this with the output of 'bitnet doctor'");
    }
  }

  private Loaded loadOwn(String name, String source) throws LibraryException {
    try {
      Path path = Path.of(name).toAbsolutePath();
      if (!Files.isRegularFile(path)) {
        throw new LibraryException(source + " names " + path + ", which is not a file");
      }
      String sha256 = LibraryResource.hash(path);
      link(path);
      return check(path, sha256);
    } catch (InvalidPathException | IOException | UnsatisfiedLinkError e) {
      throw new LibraryException(
          "the library " + name + ", named by " + source + ", cannot be loaded: " + sentence(e));
    }
  }

  private Loaded loadResource() throws LibraryException {
    LibraryResource resource = new LibraryResource(in.resources(), platform(), fileName());
    String first;
    Path cache = userCache();
    if (cache == null) {
      first = "there is no home folder to keep it in";
    } else {
      Path folder = cache.resolve("bitnet.java");
      try {
        Path file = resource.extractTo(PrivateFolder.of(cache, "bitnet.java", resource.sha256()));
        link(file);
        return check(file, resource.sha256());
      } catch (IOException | UnsatisfiedLinkError e) {
        first = "not from " + folder + ": " + sentence(e);
      }
    }
    String temporary = in.property("java.io.tmpdir");
    try {
      Path folder = PrivateFolder.temporary(Path.of(temporary), "bitnet.java-");
      folder.toFile().deleteOnExit();
      Path file = resource.copyTo(folder);
      file.toFile().deleteOnExit();
      link(file);
      return check(file, resource.sha256());
    } catch (InvalidPathException | IOException | UnsatisfiedLinkError e) {
      throw new LibraryException(
          "the native library cannot be loaded ("
              + first
              + "; not from "
              + temporary
              + ": "
              + sentence(e)
              + "): set "
              + (cache == null || windows() || mac() ? "-Djava.io.tmpdir" : "XDG_CACHE_HOME")
              + " to a folder that only you can write to and from which code may be run");
    }
  }

  /** {@code <os>-<arch>} as the build spells it. */
  private String platform() throws LibraryException {
    String os = in.property("os.name");
    String arch = in.property("os.arch");
    String osPart = windows() ? "windows" : mac() ? "macos" : os.startsWith("Linux") ? "linux" : "";
    String archPart =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> "";
        };
    if (osPart.isEmpty() || archPart.isEmpty()) {
      throw new LibraryException("there are no native kernels for " + os + " on " + arch);
    }
    return osPart + "-" + archPart;
  }

  /** The library's name as the system of {@link #platform} has it. */
  private String fileName() {
    return windows() ? "bitnet.dll" : mac() ? "libbitnet.dylib" : "libbitnet.so";
  }

  private boolean windows() {
    return in.property("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
  }

  private boolean mac() {
    return in.property("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
  }

  /** The user's folder for caches, null if there is none. */
  private @Nullable Path userCache() {
    return new UserFolders(in.properties(), in.variables()).cache().orElse(null);
  }

  /** Loads the file into the class loader whose symbols the bindings look up. */
  private static void link(Path file) {
    System.load(file.toAbsolutePath().toString());
  }

  private Loaded check(Path path, String sha256) throws LibraryException {
    if (SymbolLookup.loaderLookup().find("bn_abi_version").isEmpty()) {
      throw new LibraryException(path + " is a library, but not bitnet.java's");
    }
    int abi = in.abi().getAsInt();
    if (abi != BitnetLibrary.BN_ABI_VERSION()) {
      throw new LibraryException(
          "the native library "
              + path
              + " has ABI version "
              + abi
              + " and this engine needs "
              + BitnetLibrary.BN_ABI_VERSION()
              + ": use a library built from the same sources");
    }
    return new Loaded(path, sha256, compiler(), tiers());
  }

  private static String compiler() {
    return SymbolLookup.loaderLookup().find("bn_compiler").map(NativeLibrary::name).orElse("");
  }

  /** A name in C, with a mark for what is no ASCII; empty if it does not end, or too late. */
  static String name(MemorySegment text) {
    try {
      return NativeAccess.string(text, MOST_NAME).replaceAll("[^ -~]", "?");
    } catch (IndexOutOfBoundsException e) {
      return "";
    }
  }

  private static Map<KernelTier, Support> tiers() {
    int compiled = BitnetLibrary.bn_compiled_tiers();
    int claimed = BitnetLibrary.bn_claimed_tiers();
    int enabled = BitnetLibrary.bn_enabled_tiers();
    int permitted = BitnetLibrary.bn_permitted_tiers();
    int supported = BitnetLibrary.bn_supported_tiers();
    Map<KernelTier, Support> tiers = new EnumMap<>(KernelTier.class);
    for (KernelTier tier : KernelTier.values()) {
      if (tier.isNative()) {
        int bit = 1 << tier.nativeId();
        tiers.put(
            tier,
            (compiled & bit) == 0
                ? Support.NOT_BUILT
                : (claimed & bit) == 0
                    ? Support.NOT_CLAIMED
                    : (enabled & bit) == 0
                        ? Support.DISABLED
                        : (permitted & bit) == 0
                            ? Support.REFUSED
                            : (supported & bit) == 0 ? Support.FAULTS : Support.RUNS);
      }
    }
    return Collections.unmodifiableMap(tiers);
  }

  private static String sentence(Throwable t) {
    String message = t.getMessage();
    String kind = t.getClass().getSimpleName();
    // Most of the file system's exceptions say what is wrong by their class; the message is a path.
    boolean bare = t instanceof IOException && t.getClass() != FileSystemException.class;
    return bare ? kind + " " + message : String.valueOf(message);
  }
}
