package dev.autodeploy.internal;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The order of the packages inside core: each uses only those above it, so that the decisions know
 * neither threads nor the code that carries them out. {@code package-info.java} and ARCHITECTURE.md
 * say what lives in each.
 */
final class RoomsTest {
  private static final String INTERNAL = "dev.autodeploy.internal";

  /** From the bottom to the top; each may use those before it. */
  private static final List<String> ROOMS =
      List.of(
          "text",
          "util",
          "files",
          "net",
          "document",
          "policy",
          "probe",
          "spec",
          "declared",
          "store",
          "process",
          "wire",
          "decision",
          "ledger",
          "replay",
          "runtime",
          "deployment",
          "engine",
          "cluster");

  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.autodeploy");

  @Test
  void rooms_useOnlyThoseBeforeThem() {
    classes().that().resideInAPackage(INTERNAL + "..").should(useOnlyRoomsBefore()).check(CORE);
  }

  @Test
  void rooms_areAllInTheOrder() {
    assertThat(CORE.stream().map(RoomsTest::room).filter(room -> !room.isEmpty()).distinct())
        .containsExactlyInAnyOrderElementsOf(ROOMS);
  }

  @Test
  void decisions_useNoThreadLockClockOrFile() {
    noClasses()
        .that()
        .resideInAPackage(INTERNAL + ".decision")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.concurrent..", "java.io..", "java.nio..", "java.net.http..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.Thread")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .check(CORE);
  }

  @Test
  void helpers_useNothingOfTheEngine() {
    noClasses()
        .that()
        .resideInAnyPackage(INTERNAL + ".text", INTERNAL + ".files", INTERNAL + ".net")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.autodeploy.spi", "dev.autodeploy.event")
        .check(CORE);
  }

  private static ArchCondition<JavaClass> useOnlyRoomsBefore() {
    return new ArchCondition<>("use only packages before their own in " + ROOMS) {
      @Override
      public void check(JavaClass user, ConditionEvents events) {
        int own = ROOMS.indexOf(room(user));
        user.getDirectDependenciesFromSelf().stream()
            .filter(use -> ROOMS.indexOf(room(use.getTargetClass())) > own)
            .forEach(use -> events.add(SimpleConditionEvent.violated(use, use.getDescription())));
      }
    };
  }

  /** Returns the last part of the name of an internal package, or an empty text for the others. */
  private static String room(JavaClass javaClass) {
    String name = javaClass.getPackageName();
    return name.startsWith(INTERNAL + ".") ? name.substring(INTERNAL.length() + 1) : "";
  }
}
