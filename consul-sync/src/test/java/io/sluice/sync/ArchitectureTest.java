package io.sluice.sync;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** A package imports only what stands to its right: {@code root | consul, file | source | model}. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.sluice.sync");

    @Test
    void sawClasses() {
        assertThat(CLASSES.size()).isGreaterThan(5);
    }

    @Test
    void importsPointOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("root")
                .definedBy("io.sluice.sync")
                .layer("consul")
                .definedBy("io.sluice.sync.consul..")
                .layer("file")
                .definedBy("io.sluice.sync.file..")
                .layer("source")
                .definedBy("io.sluice.sync.source..")
                .layer("model")
                .definedBy("io.sluice.sync.model..")
                .whereLayer("root")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("consul")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("file")
                .mayOnlyBeAccessedByLayers("root", "consul")
                .whereLayer("source")
                .mayOnlyBeAccessedByLayers("root", "consul", "file")
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void noCycles() {
        slices().matching("io.sluice.sync.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
