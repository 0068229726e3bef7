package org.bitnetj.kernel.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.testing.OtherUsers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeLibraryTest {
  private static final String FILE = System.mapLibraryName("bitnet");
  private static final String RESOURCE = "/META-INF/native/linux-x86_64/libbitnet.so";

  @TempDir Path folder;
  private final Map<String, byte[]> resources = new HashMap<>();
  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> variables = new HashMap<>();
  private IntSupplier abi = BitnetLibrary::bn_abi_version;
  private Path cache;

  @BeforeEach
  void aLinuxMachine() throws IOException {
    cache = folder.resolve("cache");
    properties.put("os.name", "Linux");
    properties.put("os.arch", "amd64");
    properties.put("user.home", folder.resolve("home").toString());
    properties.put("java.io.tmpdir", Files.createDirectory(folder.resolve("tmp")).toString());
    variables.put("XDG_CACHE_HOME", cache.toString());
  }

  private NativeLibrary.Status load() {
    return new NativeLibrary(
            new NativeLibrary.Surroundings(
                this::open, properties::get, variables::get, () -> abi.getAsInt()))
        .load();
  }

  private InputStream open(String name) {
    byte[] content = resources.get(name);
    return content == null ? null : new ByteArrayInputStream(content);
  }

  private String reason() {
    return assertInstanceOf(NativeLibrary.Missing.class, load()).reason();
  }

  private static void assertSays(String reason, String... parts) {
    for (String part : parts) {
      assertTrue(reason.contains(part), () -> "'" + part + "' is not in: " + reason);
    }
    assertFalse(reason.endsWith("."), reason);
  }

  private static String sha256(byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  private void pack(byte[] content) throws Exception {
    resources.put(RESOURCE, content);
    resources.put(
        RESOURCE + ".sha256", (sha256(content) + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** The library that this build made for this machine, in the jar of the machine at hand. */
  private byte[] packRealLibrary() throws Exception {
    assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "built without native kernels");
    properties.put("os.name", System.getProperty("os.name"));
    properties.put("os.arch", System.getProperty("os.arch"));
    byte[] content = Files.readAllBytes(((NativeLibrary.Loaded) NativeLibrary.status()).path());
    String arch = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
    for (String os : List.of("linux", "macos", "windows")) {
      String name = "/META-INF/native/" + os + "-" + arch + "/" + FILE;
      resources.put(name, content);
      resources.put(name + ".sha256", sha256(content).getBytes(StandardCharsets.US_ASCII));
    }
    variables.put("LOCALAPPDATA", cache.toString());
    assumeTrue(!System.getProperty("os.name").startsWith("Mac"), "macOS has no variable for it");
    return content;
  }

  @Test
  void aBuildWithNativeKernelsLoadsThemAndOneWithoutSaysSo() {
    NativeLibrary.Status status = NativeLibrary.status();
    assertSame(status, NativeLibrary.status());
    if (Boolean.getBoolean("bitnet.native.built")) {
      NativeLibrary.Loaded loaded = assertInstanceOf(NativeLibrary.Loaded.class, status);
      assertTrue(loaded.supported().contains(KernelTier.C), "any CPU runs the portable tier");
      assertEquals(NativeLibrary.Support.NOT_BUILT, loaded.support(KernelTier.SCALAR));
      assertEquals(64, loaded.sha256().length());
    } else {
      NativeLibrary.Missing missing = assertInstanceOf(NativeLibrary.Missing.class, status);
      assertSays(missing.reason(), "has no native library for", "-Dnative.skip");
    }
  }

  /** Which CPU is emulated shows in the tiers that it supports. */
  @Test
  @EnabledIfSystemProperty(named = "bitnet.emulated.tiers", matches = ".+")
  void anEmulatedCpuSupportsTheTiersOfItsInstructions() {
    NativeLibrary.Loaded loaded =
        assertInstanceOf(NativeLibrary.Loaded.class, NativeLibrary.status());
    assertEquals(
        System.getProperty("bitnet.emulated.tiers"),
        loaded.supported().stream()
            .sorted()
            .map(KernelTier::label)
            .collect(Collectors.joining(",")));
  }

  @Test
  void theLibraryIsCopiedOnceIntoAFolderNamedByItsContent() throws Exception {
    byte[] content = packRealLibrary();
    NativeLibrary.Loaded loaded = assertInstanceOf(NativeLibrary.Loaded.class, load());
    Path file = cache.resolve("bitnet.java").resolve(sha256(content)).resolve(FILE);
    assertEquals(file, loaded.path());
    assertArrayEquals(content, Files.readAllBytes(file));
    FileTime old = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(file, old);
    assertInstanceOf(NativeLibrary.Loaded.class, load());
    assertEquals(old, Files.getLastModifiedTime(file), "a good copy is left alone");
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertEquals(
          List.of(file, sumOf(file)), files.sorted().toList(), "nothing else is left there");
    }
  }

  private static Path sumOf(Path file) {
    return file.resolveSibling(FILE + ".crc32");
  }

  /** Which takes long: it is compressed there. */
  @Test
  void aGoodCopyIsUsedWithoutTheJarsContent() throws Exception {
    byte[] content = "the library".getBytes(StandardCharsets.US_ASCII);
    pack(content);
    LibraryResource resource = new LibraryResource(this::open, "linux-x86_64", FILE);
    Path file = resource.extractTo(folder);
    resources.remove(RESOURCE);
    assertEquals(file, resource.extractTo(folder));
    Files.delete(sumOf(file));
    assertThrows(LibraryException.class, () -> resource.extractTo(folder), "it was not checked");
    pack(content);
    assertEquals(file, resource.extractTo(folder));
    assertEquals("11 " + 0x34223566L, Files.readString(sumOf(file)));
  }

  @Test
  void aNewCopySweepsThoseOfOtherBuildsThatWereNotUsedForLong() throws Exception {
    Path folders = cache.resolve("bitnet.java");
    Path old = copyUsed(folders.resolve("0".repeat(64)), LibraryResource.KEPT_DAYS + 1);
    Path recent = copyUsed(folders.resolve("1".repeat(64)), LibraryResource.KEPT_DAYS - 1);
    Path stranger = copyUsed(folders.resolve("packed"), 1000);
    Path deep = copyUsed(folders.resolve("2".repeat(64)), 1000);
    Files.createDirectory(deep.resolve("folder"));
    Path elsewhere = copyUsed(folder.resolve("elsewhere"), 1000);
    Path link = Files.createSymbolicLink(folders.resolve("3".repeat(64)), elsewhere);
    byte[] content = "the library".getBytes(StandardCharsets.US_ASCII);
    pack(content);
    LibraryResource resource = new LibraryResource(this::open, "linux-x86_64", FILE);
    Path own = Files.createDirectory(folders.resolve(resource.sha256()));
    Path file = resource.extractTo(own);
    assertFalse(Files.exists(old), "old");
    assertTrue(Files.exists(recent.resolve(FILE)), "recent");
    assertTrue(Files.exists(stranger.resolve(FILE)), "what is no copy of a library");
    assertTrue(Files.exists(deep.resolve(FILE)), "more than a copy");
    assertTrue(Files.exists(link) && Files.exists(elsewhere.resolve(FILE)), "behind a link");
    assertTrue(Files.exists(file));
  }

  @Test
  void aCopyThatIsUsedIsNotOld() throws Exception {
    pack("the library".getBytes(StandardCharsets.US_ASCII));
    LibraryResource resource = new LibraryResource(this::open, "linux-x86_64", FILE);
    Path sum = sumOf(resource.extractTo(folder));
    Files.setLastModifiedTime(sum, FileTime.fromMillis(1_000_000));
    resource.extractTo(folder);
    assertTrue(Files.getLastModifiedTime(sum).toMillis() > 1_000_000);
  }

  /** A copy that was last used some days ago. */
  private static Path copyUsed(Path folder, int days) throws IOException {
    Files.createDirectories(folder);
    FileTime time = FileTime.from(Instant.now().minus(days, ChronoUnit.DAYS));
    for (String name : List.of(FILE, FILE + ".crc32")) {
      Files.setLastModifiedTime(Files.writeString(folder.resolve(name), "x"), time);
    }
    return folder;
  }

  @Test
  void aCopyThatWasTruncatedOrChangedIsReplaced() throws Exception {
    byte[] content = "not the library, but of the right hash".getBytes(StandardCharsets.US_ASCII);
    pack(content);
    LibraryResource resource = new LibraryResource(this::open, "linux-x86_64", FILE);
    Path file = resource.extractTo(folder);
    Files.write(file, new byte[0]);
    assertArrayEquals(content, Files.readAllBytes(resource.extractTo(folder)));
    byte[] flipped = content.clone();
    flipped[5] ^= 1;
    Files.write(file, flipped);
    assertArrayEquals(content, Files.readAllBytes(resource.extractTo(folder)));
    Files.writeString(sumOf(file), "38 0");
    Files.write(file, flipped);
    assertArrayEquals(content, Files.readAllBytes(resource.extractTo(folder)));
  }

  /** Its owner, or who could write to it once, may change it after it was compared. */
  @Test
  void aCopyThatOthersCanChangeIsReplaced() throws Exception {
    byte[] content = "the library".getBytes(StandardCharsets.US_ASCII);
    pack(content);
    LibraryResource resource = new LibraryResource(this::open, "linux-x86_64", FILE);
    Path file = resource.extractTo(folder);
    OtherUsers.assumePosix(folder);
    OtherUsers.setMode(file, 0666);
    assertEquals(file, resource.extractTo(folder));
    assertEquals(0600, OtherUsers.mode(file));
    Path elsewhere = Files.write(cache.resolveSibling("elsewhere"), content);
    Files.delete(file);
    Files.createSymbolicLink(file, elsewhere);
    assertEquals(file, resource.extractTo(folder));
    assertTrue(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
    OtherUsers.own(file);
    assertEquals(file, resource.extractTo(folder));
    assertFalse(OtherUsers.owns(file));
  }

  @Test
  void anotherUsersFolderInACacheThatEveryoneCanWriteToIsNotUsed() throws Exception {
    packRealLibrary();
    Files.createDirectory(cache);
    OtherUsers.assumePosix(cache);
    OtherUsers.setMode(cache, 01777);
    Path trap = Files.createDirectory(cache.resolve("bitnet.java"));
    OtherUsers.setMode(trap, 0777);
    OtherUsers.own(trap);
    NativeLibrary.Loaded loaded = assertInstanceOf(NativeLibrary.Loaded.class, load());
    Path temporary = Path.of(properties.get("java.io.tmpdir"));
    assertTrue(loaded.path().startsWith(temporary), loaded::toString);
    assertEquals(0700, OtherUsers.mode(loaded.path().getParent()));
    try (Stream<Path> files = Files.list(trap)) {
      assertEquals(List.of(), files.toList(), "nothing is written there");
    }
    OtherUsers.setMode(temporary, 0777);
    assertSays(
        reason(),
        "not from " + trap + ": " + cache + ": other users may write to it",
        "not from " + temporary + ": " + temporary + ": other users may write to it",
        "set XDG_CACHE_HOME to a folder that only you can write to");
  }

  @Test
  void aPlatformWithoutLibraryIsNamed() {
    assertSays(
        reason(), "no native library for linux-x86_64", RESOURCE, "build it here without -Dnative");
    properties.put("os.arch", "riscv64");
    assertSays(reason(), "there are no native kernels for Linux on riscv64");
    properties.put("os.name", "AIX");
    assertSays(reason(), "there are no native kernels for AIX");
  }

  @Test
  void aDamagedJarIsNotUsed() throws Exception {
    pack(new byte[100]);
    resources.put(RESOURCE, new byte[99]);
    assertSays(reason(), "jar is damaged", "does not have the SHA-256", "get the jar again");
    resources.remove(RESOURCE);
    assertSays(reason(), "jar is damaged", RESOURCE + " is missing");
    resources.put(RESOURCE + ".sha256", "abc".getBytes(StandardCharsets.US_ASCII));
    assertSays(reason(), "jar is damaged", ".sha256 does not hold a SHA-256");
  }

  @Test
  void whatTheSystemRefusesToLoadIsReportedForBothFolders() throws Exception {
    pack("no ELF file".getBytes(StandardCharsets.US_ASCII));
    assertSays(
        reason(),
        "the native library cannot be loaded (not from " + cache,
        "; not from " + properties.get("java.io.tmpdir"),
        "set XDG_CACHE_HOME to a folder that only you can write to and from which code may be run");
  }

  @Test
  void anUnwritableCacheIsReplacedByATemporaryFolder() throws Exception {
    packRealLibrary();
    Files.writeString(cache, "a file where the folder should be");
    NativeLibrary.Loaded loaded = assertInstanceOf(NativeLibrary.Loaded.class, load());
    assertTrue(loaded.path().startsWith(properties.get("java.io.tmpdir")), loaded::toString);
    properties.put("java.io.tmpdir", folder.resolve("nowhere").toString());
    assertSays(reason(), "not from " + cache, "nowhere: NoSuchFileException");
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64/libbitnet.so",
    "Linux, aarch64, linux-aarch64/libbitnet.so",
    "Windows 11, amd64, windows-x86_64/bitnet.dll",
    "Mac OS X, aarch64, macos-aarch64/libbitnet.dylib",
    "Mac OS X, x86_64, macos-x86_64/libbitnet.dylib"
  })
  void eachSystemAndCpuHasItsOwnLibraryInTheJar(String os, String arch, String file) {
    properties.put("os.name", os);
    properties.put("os.arch", arch);
    assertSays(reason(), "(resource /META-INF/native/" + file + ")");
  }

  @Test
  void aRelativeCacheFolderIsIgnoredAndHomeTakesItsPlace() throws Exception {
    pack(new byte[10]);
    variables.put("XDG_CACHE_HOME", "relative");
    assertSays(reason(), "not from " + folder.resolve("home").resolve(".cache"));
    properties.put("os.name", "Mac OS X");
    properties.put("os.arch", "aarch64");
    assertSays(reason(), "macos-aarch64");
    properties.put("user.home", "?");
    properties.put("os.name", "Linux");
    properties.put("os.arch", "amd64");
    variables.clear();
    assertSays(reason(), "there is no home folder to keep it in", "set -Djava.io.tmpdir");
  }

  @Test
  void aLibraryOfOnesOwnIsLoadedInsteadAndMustBeGood() throws Exception {
    Path absent = folder.resolve("absent.so");
    variables.put(NativeLibrary.PATH_VARIABLE, absent.toString());
    assertSays(reason(), "BITNET_LIBRARY_PATH names " + absent + ", which is not a file");
    Path text = Files.writeString(folder.resolve("text.so"), "text");
    properties.put(NativeLibrary.PATH_PROPERTY, text.toString());
    assertSays(reason(), text + ", named by bitnet.library.path, cannot be loaded");
    byte[] content = packRealLibrary();
    Path own = Files.write(folder.resolve("own.so"), content);
    properties.put(NativeLibrary.PATH_PROPERTY, own.toString());
    NativeLibrary.Loaded loaded = assertInstanceOf(NativeLibrary.Loaded.class, load());
    assertEquals(own, loaded.path());
    assertEquals(sha256(content), loaded.sha256());
  }

  @Test
  void bindingsThatDoNotFitTheSystemAreReportedAndNotThrown() throws Exception {
    packRealLibrary();
    abi =
        () -> {
          throw new ExceptionInInitializerError(new ClassCastException("OfIntImpl to OfLong"));
        };
    assertSays(
        reason(),
        "Java cannot call the native library on this system",
        "(ClassCastException: OfIntImpl to OfLong)",
        "please report this");
    abi =
        () -> {
          throw new NoClassDefFoundError("Could not initialize class BitnetLibrary");
        };
    assertSays(reason(), "(NoClassDefFoundError: Could not initialize class BitnetLibrary)");
    properties.put(
        NativeLibrary.PATH_PROPERTY,
        ((NativeLibrary.Loaded) NativeLibrary.status()).path().toString());
    assertSays(reason(), "Java cannot call the native library on this system");
  }

  @Test
  void aLibraryOfAnotherAbiIsRefused() throws Exception {
    packRealLibrary();
    abi = () -> NativeLibrary.abiVersion() + 1;
    assertSays(
        reason(),
        "has ABI version " + (NativeLibrary.abiVersion() + 1),
        "this engine needs " + NativeLibrary.abiVersion());
  }

  @Test
  void itSaysWhatItWasBuiltWith() {
    assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "built without native kernels");
    NativeLibrary.Loaded loaded = (NativeLibrary.Loaded) NativeLibrary.status();
    assertTrue(
        loaded.compiler().matches("(gcc|.*[Cc]lang|Apple LLVM) [0-9]+[.].*"), loaded.compiler());
  }

  @Test
  void aNameThatDoesNotEndIsNone() {
    assumeTrue(NativeAccess.isGranted());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(256).fill((byte) 'x');
      assertEquals("", NativeLibrary.name(text));
      text.set(ValueLayout.JAVA_BYTE, 255, (byte) 0);
      assertEquals("x".repeat(255), NativeLibrary.name(text));
      text.setString(0, "gcc\u00e9\u001b 14");
      assertEquals("gcc?? 14", NativeLibrary.name(text));
    }
  }

  @Test
  void aTierTheMachineLacksIsRefused() {
    NativeLibrary.Loaded none = new NativeLibrary.Loaded(Path.of("x"), "", "", Map.of());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new NativeKernels(none, KernelTier.AVX2));
    assertSays(e.getMessage(), "not avx2");
  }
}
