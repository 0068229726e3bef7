package org.bitnetj.kernel.ffi;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;
import org.junit.jupiter.api.Test;

/** The generated bindings say what the header says: regenerate them when a test here fails. */
class BindingsTest {
  private static final Path HEADER = Path.of("../../native/include/bitnet.h");
  private static final Path SOURCES =
      Path.of("src/main/java", BitnetLibrary.class.getPackageName().replace('.', '/'));

  private final CHeader header = CHeader.parse(Files.readString(HEADER));

  BindingsTest() throws IOException {}

  @Test
  void constantsHaveTheHeadersNamesAndValues() throws ReflectiveOperationException {
    Map<String, Method> bound = methods(name -> name.startsWith("BN_"));
    assertEquals(header.constants().keySet(), bound.keySet());
    for (var constant : header.constants().entrySet()) {
      assertEquals(
          constant.getValue(), bound.get(constant.getKey()).invoke(null), constant.getKey());
    }
    assertFalse(header.constants().isEmpty());
  }

  /** Operands do not depend on C, so their constants exist twice. */
  @Test
  void operandsHaveTheHeadersConstants() {
    assertEquals(header.constants().get("BN_MAX_COLUMNS"), TernaryMatrix.MAX_COLUMNS);
    assertEquals(header.constants().get("BN_MAX_HEAD_DIM"), AttentionLayer.MAX_HEAD_DIM);
    assertEquals(header.constants().get("BN_ATTENTION_CHUNK"), AttentionLayer.CHUNK);
    assertEquals(header.constants().get("BN_PANEL_2BIT"), PanelLayout.TWO_BIT.id());
    assertEquals(header.constants().get("BN_PANEL_FIVE_DIGITS"), PanelLayout.FIVE_DIGITS.id());
    assertEquals(header.constants().get("BN_LINE_DIGITS"), TernaryVectors.LINE_DIGITS);
    assertEquals(header.constants().get("BN_LINE_BYTES"), TernaryVectors.LINE_BYTES);
  }

  @Test
  void typesOfMatricesHaveTheHeadersNumbers() {
    Map<String, Integer> numbers =
        WeightFormats.floats().stream()
            .collect(toMap(format -> "BN_TYPE_" + format.name(), WeightFormat::id));
    Map<String, Integer> declared = new HashMap<>(header.constants());
    declared.keySet().removeIf(name -> !name.startsWith("BN_TYPE_"));
    assertEquals(declared, numbers);
  }

  @Test
  void nativeTiersHaveTheHeadersNumbers() {
    Map<String, Integer> numbers =
        Arrays.stream(KernelTier.values())
            .filter(KernelTier::isNative)
            .collect(toMap(tier -> "BN_TIER_" + tier.name(), KernelTier::nativeId));
    numbers.put("BN_TIER_COUNT", numbers.size());
    Map<String, Integer> declared = new HashMap<>(header.constants());
    declared.keySet().removeIf(name -> !name.startsWith("BN_TIER_"));
    assertEquals(declared, numbers);
  }

  @Test
  void functionsHaveTheHeadersNamesAndTypes() {
    Map<String, Method> bound = methods(name -> name.startsWith("bn_") && !name.contains("$"));
    assertEquals(header.functions().keySet(), bound.keySet());
    header
        .functions()
        .forEach(
            (name, function) -> {
              Method method = bound.get(name);
              assertEquals(carrier(function.returns()), method.getReturnType(), name);
              assertEquals(
                  function.parameters().stream()
                      .<Class<?>>map(parameter -> carrier(parameter.type()))
                      .toList(),
                  List.of(method.getParameterTypes()),
                  name);
            });
    assertFalse(header.functions().isEmpty());
  }

  @Test
  void structsHaveTheHeadersFieldsAtTheirOffsets() throws ReflectiveOperationException {
    for (var struct : header.structs().entrySet()) {
      assertEquals(fields(struct.getValue()), fields(layout(struct.getKey())), struct.getKey());
    }
    assertFalse(header.structs().isEmpty());
  }

  @Test
  void everyBindingStandsForSomethingInTheHeader() throws IOException {
    try (Stream<Path> sources = Files.list(SOURCES)) {
      Set<String> bound =
          sources
              .map(path -> path.getFileName().toString().replaceFirst("\\.java$", ""))
              .filter(name -> name.startsWith("bn_"))
              .collect(toSet());
      assertEquals(header.structs().keySet(), bound);
    }
  }

  @Test
  void theLibraryExportsEveryFunctionOfTheHeader() {
    assumeTrue(
        NativeLibrary.status() instanceof NativeLibrary.Loaded, "this build has no native library");
    SymbolLookup library = SymbolLookup.loaderLookup();
    assertEquals(
        List.of(),
        header.functions().keySet().stream().filter(name -> library.find(name).isEmpty()).toList());
  }

  @Test
  void aDeclarationTheParserDoesNotKnowIsAnError() {
    for (String unknown :
        List.of(
            "enum bn_kind { BN_A };",
            "#define BN_HALF 0.5",
            "BN_API int32_t (*bn_callback)(void);",
            "typedef struct bn_a { int32_t x[4]; } bn_a;")) {
      assertThrows(AssertionError.class, () -> CHeader.parse(unknown), unknown);
    }
  }

  private static Map<String, Method> methods(Predicate<String> wanted) {
    return Arrays.stream(BitnetLibrary.class.getDeclaredMethods())
        .filter(method -> wanted.test(method.getName()))
        .collect(toMap(Method::getName, method -> method));
  }

  private static GroupLayout layout(String struct) throws ReflectiveOperationException {
    String type = BitnetLibrary.class.getPackageName() + "." + struct;
    return (GroupLayout) Class.forName(type).getMethod("layout").invoke(null);
  }

  /** Each field as "carrier name @offset", then the size, by C's rules of natural alignment. */
  private static List<String> fields(List<CHeader.Variable> struct) {
    List<String> result = new ArrayList<>();
    long offset = 0;
    long alignment = 1;
    for (CHeader.Variable field : struct) {
      Class<?> carrier = carrier(field.type());
      long size = size(carrier);
      offset = Math.ceilDiv(offset, size) * size;
      alignment = Math.max(alignment, size);
      result.add(carrier.getSimpleName() + " " + field.name() + " @" + offset);
      offset += size;
    }
    result.add("size " + Math.ceilDiv(offset, alignment) * alignment);
    return result;
  }

  /** Like it, for a generated layout. */
  private static List<String> fields(GroupLayout layout) {
    List<String> result = new ArrayList<>();
    long offset = 0;
    for (MemoryLayout member : layout.memberLayouts()) {
      if (member instanceof ValueLayout value) {
        result.add(value.carrier().getSimpleName() + " " + value.name().orElse("") + " @" + offset);
      } else if (!(member instanceof PaddingLayout)) {
        result.add(member + " @" + offset);
      }
      offset += member.byteSize();
    }
    result.add("size " + layout.byteSize());
    return result;
  }

  private static Class<?> carrier(String type) {
    return switch (type) {
      case "void" -> void.class;
      case "int8_t", "uint8_t" -> byte.class;
      case "int16_t", "uint16_t" -> short.class;
      case "int32_t", "uint32_t" -> int.class;
      case "int64_t", "uint64_t" -> long.class;
      case "float" -> float.class;
      case "double" -> double.class;
      case String pointer when pointer.endsWith("*") -> MemorySegment.class;
      default -> throw new AssertionError("the header may not use the type " + type);
    };
  }

  private static long size(Class<?> carrier) {
    return switch (carrier.getName()) {
      case "byte" -> 1;
      case "short" -> 2;
      case "int", "float" -> 4;
      default -> 8;
    };
  }
}
