package org.bitnetj.hub;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The engine's own test says that it knows no hub. */
class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.bitnetj");

  @Test
  void theHubNeedsTheJdkAndAJsonParserAndNoEngine() {
    assertTrue(classes.contain("org.bitnetj.hub.Hub"), "the classes were not read");
    noClasses()
        .should()
        .dependOnClassesThat(
            not(
                resideInAnyPackage(
                    "java..",
                    "com.fasterxml.jackson.core..",
                    "org.jspecify..",
                    "org.bitnetj.hub..")))
        .check(classes);
  }

  @Test
  void onlyTheClientSpeaksHttp() {
    noClasses()
        .that()
        .doNotHaveSimpleName("HubClient")
        .and()
        .doNotHaveSimpleName("Redirects")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.net\\.http\\.Http(Client|Request).*")
        .check(classes);
  }
}
