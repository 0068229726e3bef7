package org.bitnetj.kernel.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.bitnetj.kernel.ffi.NativeLibrary.Support;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryVectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelSelectionTest {
  private static final Set<KernelTier> ALL_NATIVE =
      EnumSet.complementOf(EnumSet.of(KernelTier.SCALAR, KernelTier.VECTOR));

  private static final Set<KernelTier> X86 =
      EnumSet.of(KernelTier.C, KernelTier.AVX2, KernelTier.AVX512);

  /** A library for x86-64 where portable C runs, and what else comes of the other tiers. */
  private static NativeLibrary.Loaded library(Set<KernelTier> compiled, Support others) {
    Map<KernelTier, Support> tiers = new EnumMap<>(KernelTier.class);
    compiled.forEach(tier -> tiers.put(tier, tier == KernelTier.C ? Support.RUNS : others));
    return new NativeLibrary.Loaded(Path.of("libbitnet"), "0".repeat(64), "gcc 14", tiers);
  }

  private static NativeLibrary.Loaded library(Set<KernelTier> running) {
    return library(running, Support.RUNS);
  }

  private static Kernels kernels(KernelTier tier) {
    return kernels(tier, "");
  }

  /** Scalar arithmetic under the name of a tier, wrong in the last bit of one operation. */
  private static Kernels kernels(KernelTier tier, String wrong) {
    Kernels scalar = new ScalarKernels();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("tier")) {
                return tier;
              }
              Object result = method.invoke(scalar, arguments);
              if (method.getName().equals(wrong)) {
                changeOneBit(arguments);
              }
              return result;
            });
  }

  /** Changes the lowest bit of the last byte of what an operation wrote, its last matrix. */
  private static void changeOneBit(Object[] arguments) {
    MemorySegment written = MemorySegment.NULL;
    for (Object argument : arguments) {
      written =
          switch (argument) {
            case FloatRows rows -> rows.row(rows.capacity() - 1);
            case QuantizedRows rows -> rows.values();
            case TernaryVectors copy -> copy.digits();
            default -> written;
          };
    }
    long last = written.byteSize() - 1;
    byte old = written.get(ValueLayout.JAVA_BYTE, last);
    written.set(ValueLayout.JAVA_BYTE, last, (byte) (old ^ 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "quantize",
        "ternaryProduct",
        "packVectors",
        "vectorsProduct",
        "attend",
        "headProduct"
      })
  void theSelfCheckFindsOneWrongBitOfAnOperation(String operation) {
    Optional<String> difference = SelfCheck.firstDifference(kernels(KernelTier.C, operation));
    assertTrue(difference.orElse("none").startsWith(operation), difference::toString);
  }

  @Test
  void theSelfCheckPassesRightKernels() {
    assertEquals(Optional.empty(), SelfCheck.firstDifference(kernels(KernelTier.C)));
  }

  @Test
  void autoTakesTheBestTierOfThisMachine() {
    KernelSelection selection = KernelSelection.choose("AUTO");
    switch (NativeLibrary.status()) {
      case NativeLibrary.Loaded loaded -> {
        assertEquals(
            KernelSelection.PREFERENCE.stream()
                .filter(tier -> tier == KernelTier.VECTOR || loaded.supported().contains(tier))
                .findFirst()
                .orElseThrow(),
            selection.tier(),
            () -> selection.tiers().toString());
        assertEquals(selection.tier() == KernelTier.VECTOR ? 1 : 0, selection.warnings().size());
      }
      case NativeLibrary.Missing missing -> assertEquals(KernelTier.VECTOR, selection.tier());
    }
  }

  @ParameterizedTest
  @EnumSource(KernelTier.class)
  void aTierOfThisMachineCanBeForced(KernelTier tier) {
    KernelSelection scalar = KernelSelection.choose("scalar");
    KernelSelection.State state = scalar.tiers().get(tier.ordinal()).state();
    assumeTrue(
        state == KernelSelection.State.USED || state == KernelSelection.State.RUNS,
        "not on this machine");
    KernelSelection forced = KernelSelection.choose(tier.label());
    assertEquals(tier, forced.tier());
    assertEquals(tier, forced.kernels().tier());
    assertEquals("as asked", forced.reason());
    assertEquals(List.of(), forced.warnings());
    assertEquals(KernelSelection.State.USED, forced.tiers().get(tier.ordinal()).state());
    assertTrue(forced.summary().startsWith(tier.label() + " kernels ("), forced.summary());
  }

  @Test
  void anUnknownNameIsRefusedWithTheNamesThereAre() {
    KernelTierException e =
        assertThrows(KernelTierException.class, () -> KernelSelection.choose("sse9"));
    assertEquals(
        "there are no kernels named 'sse9': choose one of auto, " + KernelTier.labels(),
        e.getMessage());
  }

  @Test
  void withoutNativeLibraryAutoSaysWhyAndWhatItCosts() {
    NativeLibrary.Missing missing = new NativeLibrary.Missing("the disk is on fire");
    KernelSelection selection =
        new KernelSelection("auto", "", missing, false, KernelSelectionTest::kernels);
    assertEquals(KernelTier.SCALAR, selection.tier());
    assertEquals(1, selection.warnings().size());
    String warning = selection.warnings().getFirst();
    assertTrue(warning.contains("the disk is on fire"), warning);
    assertTrue(warning.contains("slower"), warning);
    assertEquals(
        "chosen automatically: there are no native kernels, and the Java Vector API cannot be used",
        selection.reason());
    KernelTierException e =
        assertThrows(
            KernelTierException.class,
            () ->
                new KernelSelection(
                    "c", " (said so)", missing, false, KernelSelectionTest::kernels));
    assertEquals("cannot use kernels 'c' (said so): the disk is on fire", e.getMessage());
  }

  @Test
  void withoutNativeLibraryButWithTheIncubatorAutoTakesTheVectorKernelsAndSaysSo() {
    NativeLibrary.Missing missing = new NativeLibrary.Missing("the disk is on fire");
    KernelSelection selection =
        new KernelSelection("auto", "", missing, true, KernelSelectionTest::kernels);
    assertEquals(KernelTier.VECTOR, selection.tier());
    assertEquals(
        List.of(
            "cannot use the native kernels: the disk is on fire; the same answers come from the"
                + " Java Vector API, a few times slower"),
        selection.warnings());
    assertEquals("chosen automatically: there are no native kernels", selection.reason());
    KernelSelection scalar =
        new KernelSelection(
            "auto",
            "",
            missing,
            true,
            tier -> kernels(tier, tier == KernelTier.VECTOR ? "ternaryProduct" : ""));
    assertEquals(KernelTier.SCALAR, scalar.tier());
    assertEquals(2, scalar.warnings().size());
    assertEquals(Optional.of(scalar.warnings().getLast()), scalar.shortfall());
  }

  @Test
  void theVectorKernelsComeAfterThoseForTheCpusInstructionsAndBeforePortableC() {
    NativeLibrary.Loaded portable = library(EnumSet.of(KernelTier.C));
    KernelSelection.Maker maker = KernelSelectionTest::kernels;
    KernelSelection vector = new KernelSelection("auto", "", portable, true, maker);
    assertEquals(KernelTier.VECTOR, vector.tier());
    assertEquals(
        "chosen automatically: no native kernels can be used but the portable ones, which are"
            + " slower",
        vector.reason());
    assertEquals(
        List.of(
            "cannot use native kernels other than the portable ones; the same answers come from"
                + " the Java Vector API, a few times slower"),
        vector.warnings());
    assertEquals(Optional.of(vector.warnings().getLast()), vector.shortfall());
    KernelSelection c = new KernelSelection("auto", "", portable, false, maker);
    assertEquals(KernelTier.C, c.tier());
    assertEquals(
        "chosen automatically: no kernels for the CPU's instructions can be used", c.reason());
    assertTrue(
        c.warnings()
            .getFirst()
            .endsWith("java --add-modules jdk.incubator.vector makes faster ones available"),
        c.warnings()::toString);
    assertEquals(Optional.of(c.warnings().getLast()), c.shortfall());
    KernelSelection asked = new KernelSelection("c", "", portable, false, maker);
    assertEquals(Optional.empty(), asked.shortfall());
    for (KernelTier tier : ALL_NATIVE) {
      if (tier != KernelTier.C) {
        Set<KernelTier> tiers = EnumSet.of(KernelTier.C, tier);
        NativeLibrary.Loaded library = library(tiers);
        KernelSelection best = new KernelSelection("auto", "", library, true, maker);
        assertEquals(tier, best.tier());
        assertEquals("chosen automatically", best.reason());
        assertEquals(List.of(), best.warnings());
        assertEquals(Optional.empty(), best.shortfall());
      }
    }
  }

  @Test
  void kernelsThatCannotBeMadeAreReplacedLoudly() {
    NativeLibrary.Loaded portable = library(EnumSet.of(KernelTier.C));
    KernelSelection.Maker maker =
        tier -> {
          if (tier == KernelTier.VECTOR) {
            throw new KernelTierException("cannot use kernels 'vector': they are narrow");
          }
          return kernels(tier, "");
        };
    KernelSelection selection = new KernelSelection("auto", "", portable, true, maker);
    assertEquals(KernelTier.C, selection.tier());
    assertEquals("cannot use kernels 'vector': they are narrow", selection.warnings().getFirst());
    assertEquals(
        KernelSelection.State.UNUSABLE, selection.tiers().get(KernelTier.VECTOR.ordinal()).state());
    assertThrows(
        KernelTierException.class, () -> new KernelSelection("vector", "", portable, true, maker));
  }

  @Test
  void theVectorKernelsAreRefusedWithoutTheirModuleAndWithAWrongBit() {
    NativeLibrary.Loaded library = library(ALL_NATIVE);
    KernelTierException absent =
        assertThrows(
            KernelTierException.class,
            () -> new KernelSelection("vector", "", library, false, KernelSelectionTest::kernels));
    assertEquals(
        "cannot use kernels 'vector': java was started without --add-modules jdk.incubator.vector",
        absent.getMessage());
    KernelTierException wrong =
        assertThrows(
            KernelTierException.class,
            () ->
                new KernelSelection(
                    "vector", "", library, true, tier -> kernels(tier, "quantize")));
    assertTrue(wrong.getMessage().contains("fail the self-check"), wrong.getMessage());
  }

  @Test
  void aTierThatFailsItsCheckIsReplacedLoudlyByTheNextOne() {
    NativeLibrary.Loaded library = library(X86);
    KernelSelection.Maker maker =
        tier -> kernels(tier, tier == KernelTier.AVX512 ? "ternaryProduct" : "");
    KernelSelection selection = new KernelSelection("auto", "", library, false, maker);
    assertEquals(KernelTier.AVX2, selection.tier());
    assertEquals(
        KernelSelection.State.FAILED, selection.tiers().get(KernelTier.AVX512.ordinal()).state());
    String warning = selection.warnings().getFirst();
    assertTrue(warning.startsWith("cannot use kernels 'avx512': they fail"), warning);
    assertTrue(warning.contains("ternaryProduct"), warning);
    assertEquals(Optional.empty(), selection.shortfall()); // those are slower, but not by far
    KernelTierException e =
        assertThrows(
            KernelTierException.class,
            () -> new KernelSelection("avx512", "", library, false, maker));
    assertEquals(warning, e.getMessage());
  }

  @Test
  void whenAllNativeTiersFailScalarIsUsedAndEveryFailureTold() {
    KernelSelection selection =
        new KernelSelection(
            "auto",
            "",
            library(ALL_NATIVE),
            false,
            tier -> kernels(tier, tier.isNative() ? "attend" : ""));
    assertEquals(KernelTier.SCALAR, selection.tier());
    assertEquals(ALL_NATIVE.size() + 1, selection.warnings().size());
    String last = selection.warnings().getLast();
    assertTrue(last.startsWith("cannot use any native kernels; ") && last.contains("slower"), last);
    assertEquals("chosen automatically: no others can be used", selection.reason());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NOT_CLAIMED | UNSUPPORTED | this machine is not x86-64 with AVX2, FMA and F16C",
        "DISABLED | DISABLED | this CPU has the instructions, but the operating system or the"
            + " virtual machine disabled them (it does not save their registers)",
        "FAULTS | FAULTING | this CPU claims the instructions, but they fault when they run, as"
            + " happens in virtual machines that are set up wrongly",
        "NOT_BUILT | ABSENT | the native library was built without them"
      })
  void aTierThatDoesNotRunIsRefusedAndSaysWhatItLacks(
      Support support, KernelSelection.State state, String why) {
    NativeLibrary.Loaded library = library(X86, support);
    KernelSelection portable =
        new KernelSelection("auto", "", library, false, KernelSelectionTest::kernels);
    assertEquals(KernelTier.C, portable.tier());
    assertEquals(state, portable.tiers().get(KernelTier.AVX2.ordinal()).state());
    String cost = portable.warnings().getLast();
    assertTrue(cost.contains("slower"), cost);
    KernelTierException e =
        assertThrows(
            KernelTierException.class,
            () ->
                new KernelSelection(
                    "avx2", " (said so)", library, false, KernelSelectionTest::kernels));
    assertEquals("cannot use kernels 'avx2' (said so): " + why, e.getMessage());
  }

  @Test
  void aTierThatIsNotPermittedIsRefusedAndSaysWhetherTheSystemWasAsked() {
    String here = KernelSelection.notPermitted(System.getProperty("os.name"));
    aTierThatDoesNotRunIsRefusedAndSaysWhatItLacks(
        Support.REFUSED,
        KernelSelection.State.REFUSED,
        "this CPU has the instructions, but " + here);
    assertEquals(
        "the operating system refused this process their registers, as happens in sandboxes and"
            + " where a thread has an alternate signal stack that is too small for them",
        KernelSelection.notPermitted("Linux"));
    assertEquals(
        "bitnet.java does not ask Windows 11 for their registers yet",
        KernelSelection.notPermitted("Windows 11"));
  }

  @Test
  void everyTierWhoseInstructionsFaultIsToldOfAtEveryStart() {
    NativeLibrary.Loaded library = library(X86, Support.FAULTS);
    KernelSelection selection =
        new KernelSelection("auto", "", library, true, KernelSelectionTest::kernels);
    assertEquals(KernelTier.VECTOR, selection.tier());
    assertEquals(3, selection.warnings().size(), selection.warnings()::toString);
    for (int i = 0; i < 2; i++) {
      String warning = selection.warnings().get(i);
      String tier = i == 0 ? "avx512" : "avx2";
      assertTrue(warning.startsWith("cannot use kernels '" + tier + "': this CPU claims"), warning);
    }
  }

  @Test
  void thePreferenceNamesEveryTierOnceAndScalarLast() {
    assertEquals(EnumSet.allOf(KernelTier.class), EnumSet.copyOf(KernelSelection.PREFERENCE));
    assertEquals(KernelTier.values().length, KernelSelection.PREFERENCE.size());
    assertEquals(KernelTier.SCALAR, KernelSelection.PREFERENCE.getLast());
  }

  @Test
  void thePropertyNamesATierAndTheOptionWins() {
    String old = System.setProperty(KernelSelection.PROPERTY, "sse9");
    try {
      assertEquals(KernelTier.SCALAR, KernelSelection.choose("scalar").tier());
      KernelTierException e =
          assertThrows(KernelTierException.class, () -> KernelSelection.choose(null));
      assertTrue(e.getMessage().contains("set by the property bitnet.kernels"), e.getMessage());
    } finally {
      if (old == null) {
        System.clearProperty(KernelSelection.PROPERTY);
      } else {
        System.setProperty(KernelSelection.PROPERTY, old);
      }
    }
  }
}
