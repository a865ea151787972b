package io.sluice.loadtests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Everything stands on {@code harness}, nothing on each other, and no module of ours is known but by its command line. */
class ArchitectureTest {
    private static final String BASE = "io.sluice.loadtests";
    private static final String HARNESS = BASE + ".harness";
    private static final List<String> ON_HARNESS = List.of("demo", "bench", "scenario", "load", "same", "soak");
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.sluice");

    @Test
    void sawClasses() {
        assertThat(CLASSES.stream().filter(c -> c.getPackageName().equals(HARNESS)))
                .hasSizeGreaterThan(10);
        assertThat(CLASSES.stream().filter(c -> c.getPackageName().equals(BASE + ".same")))
                .hasSizeGreaterThan(10);
    }

    @Test
    void everyPackageHasItsPlace() {
        assertThat(CLASSES.stream()
                        .filter(c -> !c.getPackageName().equals(BASE))
                        .filter(c -> !c.getPackageName().equals(HARNESS))
                        .filter(c -> ON_HARNESS.stream()
                                .noneMatch(name -> c.getPackageName().equals(BASE + "." + name)))
                        .map(JavaClass::getName))
                .isEmpty();
    }

    @Test
    void importsPointToTheHarness() {
        noClasses()
                .that()
                .resideInAPackage(HARNESS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        ON_HARNESS.stream().map(name -> BASE + "." + name).toArray(String[]::new))
                .check(CLASSES);
        for (String name : ON_HARNESS) {
            noClasses()
                    .that()
                    .resideInAPackage(BASE + "." + name)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(ON_HARNESS.stream()
                            .filter(other -> !other.equals(name))
                            .map(other -> BASE + "." + other)
                            .toArray(String[]::new))
                    .allowEmptyShould(true)
                    .check(CLASSES);
        }
    }

    @Test
    void modulesAreMetAsProcesses() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.sluice.gateway..", "io.sluice.xdsserver..", "io.sluice.sync..")
                .check(CLASSES);
    }
}
