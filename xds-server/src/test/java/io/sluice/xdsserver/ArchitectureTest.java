package io.sluice.xdsserver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A package imports only what stands to its right in {@link #ORDER}; the root package stands left of all. */
class ArchitectureTest {
    private static final String BASE = "io.sluice.xdsserver";
    private static final List<String> ORDER =
            List.of("command", "admin", "stream", "snapshot", "translate", "secret", "settings");
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(BASE);

    @Test
    void sawClasses() {
        assertThat(CLASSES.size()).isGreaterThan(10);
        for (String name : ORDER) {
            assertThat(CLASSES.stream().anyMatch(c -> in(c, name))).as(name).isTrue();
        }
    }

    @Test
    void everyPackageHasItsPlace() {
        assertThat(CLASSES.stream()
                        .filter(c -> !c.getPackageName().equals(BASE))
                        .filter(c -> ORDER.stream().noneMatch(name -> in(c, name)))
                        .map(JavaClass::getName))
                .isEmpty();
    }

    @Test
    void importsPointOneWay() {
        for (int i = 0; i < ORDER.size(); i++) {
            String right = BASE + "." + ORDER.get(i) + "..";
            noClasses()
                    .that()
                    .resideInAPackage(right)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(BASE)
                    .check(CLASSES);
            for (int left = 0; left < i; left++) {
                noClasses()
                        .that()
                        .resideInAPackage(right)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(BASE + "." + ORDER.get(left) + "..")
                        .check(CLASSES);
            }
        }
    }

    @Test
    void noCycles() {
        slices().matching(BASE + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void envoysMessagesStayWhereTheyBelong() {
        noClasses()
                .that()
                .resideInAnyPackage(BASE, BASE + ".command..", BASE + ".admin..", BASE + ".settings..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.envoyproxy..")
                .check(CLASSES);
    }

    private static boolean in(JavaClass c, String name) {
        return c.getPackageName().equals(BASE + "." + name)
                || c.getPackageName().startsWith(BASE + "." + name + ".");
    }
}
