package org.bitnetj.testkit;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;

/** What a package that is built on the engine may use of it: what the engine's module exports. */
public final class Dependencies {
  private Dependencies() {}

  /**
   * Checks that a package uses the JDK, the engine's exported packages and others that are named.
   *
   * @param type one of its classes
   * @param others in ArchUnit's notation
   */
  public static void areTheEnginesFaceAnd(Class<?> type, String... others) {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(type.getPackageName());
    assertTrue(classes.contain(type), "the classes were not read");
    List<String> allowed = new ArrayList<>(List.of(others));
    allowed.add("java..");
    allowed.add("org.jspecify..");
    allowed.add(type.getPackageName());
    for (String exported :
        List.of("chat", "constraint", "convert", "error", "generate", "option", "tokenizer")) {
      allowed.add("org.bitnetj." + exported);
    }
    noClasses()
        .should()
        .dependOnClassesThat(not(resideInAnyPackage(allowed.toArray(String[]::new))))
        .check(classes);
  }
}
