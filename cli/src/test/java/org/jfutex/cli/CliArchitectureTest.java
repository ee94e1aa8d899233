package org.jfutex.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.Linker;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * What the command line may use of the library. That it uses exported packages only, the compiler
 * sees to: both are modules.
 */
class CliArchitectureTest {
  private static final ArchRule NO_FOREIGN_CALLS =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup).*");

  private static final ArchRule NOBODY_USES_THE_COMMAND_LINE =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.jfutex.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.jfutex.cli..");

  @Test
  void foreignCallsAreMadeByTheLibrary() {
    NO_FOREIGN_CALLS.check(classesOf("cli"));
    JavaClasses broken = new ClassFileImporter().importClasses(CallsForeignCode.class);
    assertThat(NO_FOREIGN_CALLS.evaluate(broken).hasViolation()).isTrue();
  }

  @Test
  void nobodyUsesTheCommandLine() {
    NOBODY_USES_THE_COMMAND_LINE.check(classesOf("core"));
  }

  private static JavaClasses classesOf(String module) {
    return new ClassFileImporter()
        .importPath(Tools.root().resolve(Path.of(module, "target/classes")));
  }

  private static final class CallsForeignCode {
    final Linker linker = Linker.nativeLinker();
  }
}
