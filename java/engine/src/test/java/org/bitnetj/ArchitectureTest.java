package org.bitnetj;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.MemorySegment;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Holds the engine's packages to their layers, whether or not a layer exists yet. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchitectureTest {

  /** The engine's packages; each may use those before it and none after it. */
  private static final List<String> LAYERS =
      List.of(
          "error",
          "option",
          "memory",
          "parallel",
          "format",
          "tensor",
          "family",
          "source",
          "tokenizer",
          "chat",
          "constraint",
          "kernel",
          "kv",
          "model",
          "convert",
          "cache",
          "sampling",
          "engine",
          "generate");

  private JavaClasses engine;

  @BeforeAll
  void importEngine() {
    engine =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.bitnetj");
    assertTrue(
        engine.contain("org.bitnetj.source.ModelSource"), "the engine's classes were not read");
  }

  /** What users of the engine see; javac finds types in their signatures that are not exported. */
  @Test
  void theModuleExportsItsFaceAlone() throws URISyntaxException {
    Path classes =
        Path.of(LanguageModel.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Set<String> exported =
        ModuleFinder.of(classes)
            .find("org.bitnetj.engine")
            .orElseThrow()
            .descriptor()
            .exports()
            .stream()
            .map(ModuleDescriptor.Exports::toString)
            .collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "org.bitnetj.chat",
            "org.bitnetj.constraint",
            "org.bitnetj.convert",
            "org.bitnetj.error",
            "org.bitnetj.generate",
            "org.bitnetj.option",
            "org.bitnetj.tokenizer"),
        exported);
  }

  @TestFactory
  List<DynamicTest> eachPackageUsesOnlyThoseBeforeIt() {
    return LAYERS.stream()
        .map(layer -> DynamicTest.dynamicTest(layer, () -> check(layer)))
        .toList();
  }

  private void check(String layer) {
    String[] later = packages(LAYERS.subList(LAYERS.indexOf(layer) + 1, LAYERS.size()));
    noClasses()
        .that()
        .resideInAPackage("org.bitnetj." + layer + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(later)
        .allowEmptyShould(true)
        .check(engine);
  }

  @Test
  void everyEnginePackageHasItsPlaceAmongTheLayers() {
    List<String> unknown =
        engine.stream()
            .map(type -> type.getPackageName().replaceFirst("^org\\.bitnetj\\.([^.]*).*", "$1"))
            .distinct()
            .filter(name -> !LAYERS.contains(name))
            .toList();
    assertTrue(unknown.isEmpty(), () -> "packages that LAYERS does not name: " + unknown);
  }

  /** It computes what the forward pass asks for, and knows no model. */
  @Test
  void screeningDoesNotKnowTheModel() {
    noClasses()
        .that()
        .resideInAPackage("org.bitnetj.model.screening")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bitnetj.model")
        .check(engine);
  }

  @Test
  void packagesFormNoCycles() {
    slices().matching("org.bitnetj.(**)").should().beFreeOfCycles().check(engine);
  }

  /** Memory calls the C library alone: to map pages and to advise the system about them. */
  @Test
  void onlyTheFfiKernelsAndMemoryTouchTheLinker() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.bitnetj.kernel.ffi..", "org.bitnetj.memory..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?")
        .check(engine);
  }

  /** Elsewhere Java would refuse it with an exception where it was told to deny native access. */
  @Test
  void segmentsLeaveTheirArenaByNativeAccessAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.bitnetj.memory..", "org.bitnetj.kernel.ffi.bindings..")
        .should()
        .callMethodWhere(target(owner(type(MemorySegment.class))).and(target(name("reinterpret"))))
        .check(engine);
  }

  @Test
  void onlyTheFfiKernelsKnowC() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.bitnetj.kernel.ffi..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bitnetj.kernel.ffi.bindings..")
        .check(engine);
  }

  /** Else more threads would compute than the user asked for. */
  @Test
  void nobodyUsesTheCommonPoolOfThreads() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.util\\.concurrent\\.(ForkJoin|Recursive|CompletableFuture).*")
        .orShould()
        .callMethodWhere(
            target(name("parallel"))
                .or(target(name("parallelStream")))
                .or(target(nameMatching("parallel(Sort|Prefix|SetAll)"))))
        .check(engine);
  }

  @Test
  void onlyTheVectorKernelsUseTheIncubator() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.bitnetj.kernel.vector..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator..")
        .check(engine);
  }

  /** {@code kernel.vector}'s package comment says why. */
  @Test
  void noMethodTakesOrReturnsAVector() {
    List<String> some =
        engine.stream()
            .flatMap(type -> type.getCodeUnits().stream())
            .filter(
                method ->
                    Stream.concat(
                            Stream.of(method.getRawReturnType()),
                            method.getRawParameterTypes().stream())
                        .anyMatch(type -> type.getPackageName().startsWith("jdk.incubator.")))
            .map(JavaCodeUnit::getFullName)
            .toList();
    assertEquals(List.of(), some);
  }

  @Test
  void onlyTheirSelectionKnowsTheImplementationsOfKernels() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.bitnetj.kernel..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.bitnetj.kernel.scalar..",
            "org.bitnetj.kernel.vector..",
            "org.bitnetj.kernel.ffi..")
        .check(engine);
  }

  @Test
  void theFaceOfKernelsKnowsNoneOfTheirImplementations() {
    noClasses()
        .that()
        .resideInAPackage("org.bitnetj.kernel")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bitnetj.kernel.*..")
        .check(engine);
  }

  /** And what writes GGUF files knows that one. */
  @Test
  void onlyOnePlaceKnowsTheContainersOfModels() {
    for (String container : new String[] {"gguf", "huggingface"}) {
      String known = "org.bitnetj.source." + container + "..";
      String writes = container.equals("gguf") ? "org.bitnetj.convert" : known;
      noClasses()
          .that()
          .resideOutsideOfPackages(known, writes, "org.bitnetj.source.container..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(known)
          .check(engine);
    }
  }

  /** Neither the command nor what measures, nor random models. */
  @Test
  void theEngineNeedsNothingButTheJdk() {
    noClasses()
        .should()
        .dependOnClassesThat(
            not(resideInAnyPackage("java..", "jdk.incubator..", "jdk.jfr..", "org.jspecify.."))
                .and(not(resideInAnyPackage(packages(LAYERS)))))
        .check(engine);
  }

  private static String[] packages(List<String> layers) {
    return layers.stream().map(layer -> "org.bitnetj." + layer + "..").toArray(String[]::new);
  }
}
