package io.sluice.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A package imports only what stands to its right in {@link #ORDER}; the root package stands left of all. */
class ArchitectureTest {
    private static final String BASE = "io.sluice.gateway";
    private static final List<String> ORDER = List.of(
            "admin",
            "listener",
            "wire",
            "compile",
            "filter",
            "upstream",
            "cluster",
            "endpoint",
            "route",
            "secret",
            "ratelimit",
            "usage",
            "accesslog",
            "tracing",
            "xds",
            "settings");

    /** They have their place and no class yet; whoever writes the first one takes them out. */
    private static final Set<String> COMING = Set.of("usage");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(BASE);

    @Test
    void sawClasses() {
        assertThat(CLASSES.size()).isGreaterThan(10);
        for (String name : ORDER) {
            assertThat(CLASSES.stream().anyMatch(c -> in(c, name))).as(name).isNotEqualTo(COMING.contains(name));
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
            for (int left = 0; left < i; left++) {
                noClasses()
                        .that()
                        .resideInAPackage(right)
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage(BASE + "." + ORDER.get(left) + "..")
                        .allowEmptyShould(COMING.contains(ORDER.get(i)))
                        .check(CLASSES);
            }
        }
    }

    @Test
    void nobodyImportsTheRoot() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(BASE)
                .check(CLASSES);
    }

    @Test
    void noCycles() {
        slices().matching(BASE + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void envoysMessagesStayInParsersAndTheStream() {
        noClasses()
                .that()
                .resideOutsideOfPackage(BASE + ".xds..")
                .and()
                .haveSimpleNameNotEndingWith("Parser")
                .and()
                .haveNameNotMatching(".*Parser\\$.*")
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
