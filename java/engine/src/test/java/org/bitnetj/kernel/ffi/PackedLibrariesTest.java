package org.bitnetj.kernel.ffi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The jar's libraries are those of the platforms that were built, each for its own CPU: -Pnatives.
 */
@EnabledIfSystemProperty(named = "bitnet.natives", matches = ".+")
class PackedLibrariesTest {
  private static final String ROOT = "META-INF/native/";

  /** The field e_machine of ELF files and Machine of PE files. */
  private static final Map<String, Integer> ELF = Map.of("x86_64", 62, "aarch64", 183);

  private static final Map<String, Integer> PE = Map.of("x86_64", 0x8664, "aarch64", 0xAA64);

  @Test
  void eachIsOfItsSystemAndCpuAndHasItsHash() throws Exception {
    try (ZipFile jar = new ZipFile(System.getProperty("bitnet.jar"))) {
      Set<String> platforms =
          jar.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.startsWith(ROOT) && name.endsWith(".sha256"))
              .map(name -> name.split("/")[2])
              .collect(Collectors.toCollection(TreeSet::new));
      String expected = System.getProperty("bitnet.natives");
      assertEquals(new TreeSet<>(Arrays.asList(expected.split(","))), platforms);
      for (String platform : platforms) {
        check(jar, platform);
      }
    }
  }

  private static void check(ZipFile jar, String platform) throws Exception {
    boolean windows = platform.startsWith("windows-");
    String name = ROOT + platform + (windows ? "/bitnet.dll" : "/libbitnet.so");
    byte[] library = read(jar, name);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(library);
    assertEquals(
        HexFormat.of().formatHex(hash),
        new String(read(jar, name + ".sha256"), StandardCharsets.US_ASCII).strip());
    ByteBuffer bytes = ByteBuffer.wrap(library).order(ByteOrder.LITTLE_ENDIAN);
    String cpu = platform.replaceFirst(".*-", "");
    if (windows) {
      assertEquals('M' | 'Z' << 8, bytes.getShort(0), name);
      int header = bytes.getInt(0x3C);
      assertEquals('P' | 'E' << 8, bytes.getInt(header), name);
      assertEquals(PE.get(cpu), Short.toUnsignedInt(bytes.getShort(header + 4)), name);
    } else {
      assertArrayEquals(new byte[] {0x7F, 'E', 'L', 'F', 2, 1}, Arrays.copyOf(library, 6), name);
      assertEquals(ELF.get(cpu), Short.toUnsignedInt(bytes.getShort(18)), name);
    }
    String text = new String(library, StandardCharsets.ISO_8859_1);
    assertTrue(text.contains("bn_abi_version"), name + " exports nothing that Java calls");
  }

  private static byte[] read(ZipFile jar, String name) throws IOException {
    ZipEntry entry = jar.getEntry(name);
    assertNotNull(entry, name);
    try (InputStream in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }
}
