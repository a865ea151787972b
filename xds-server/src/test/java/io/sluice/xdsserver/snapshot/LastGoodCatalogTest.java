package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.CatalogSources;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.source.CatalogSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LastGoodCatalogTest {
    @TempDir
    Path folder;

    /** Every word of the dialect stands in one of the golden cases. */
    static Stream<Path> catalogs() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/test/resources/translate"))) {
            return files.filter(file -> file.endsWith("catalog.yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("catalogs")
    void readsWhatItWrote(Path file) throws Exception {
        Catalog catalog = catalog(file);

        new LastGoodCatalog(folder.resolve("made/for/it"), Runnable::run).write(catalog);

        assertThat(new LastGoodCatalog(folder.resolve("made/for/it"), Runnable::run).read())
                .contains(catalog);
    }

    @Test
    void hasNothingBeforeTheFirstCatalog() {
        assertThat(new LastGoodCatalog(folder, Runnable::run).read()).isEmpty();
    }

    @Test
    void writesOnlyTheNewest() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        LastGoodCatalog disk = new LastGoodCatalog(folder, tasks::add);

        disk.write(TestCatalogs.of("a"));
        disk.write(TestCatalogs.of("b"));
        assertThat(tasks).hasSize(1);
        tasks.forEach(Runnable::run);

        assertThat(disk.read()).contains(TestCatalogs.of("b"));
    }

    @Test
    void passesADamagedFileOver() throws IOException {
        LastGoodCatalog disk = new LastGoodCatalog(folder, Runnable::run);
        disk.write(TestCatalogs.of("a"));
        Path file = folder.resolve("catalog.bin");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);

        assertThat(disk.read()).isEmpty();

        Files.write(file, new byte[3]);
        assertThat(disk.read()).isEmpty();
    }

    @Test
    void goesOnWhereItCannotWrite() throws IOException {
        Path taken = Files.writeString(folder.resolve("file"), "");
        LastGoodCatalog disk = new LastGoodCatalog(taken, Runnable::run);

        disk.write(TestCatalogs.of("a"));

        assertThat(disk.read()).isEmpty();
    }

    private static Catalog catalog(Path file) throws Exception {
        CompletableFuture<Catalog> first = new CompletableFuture<>();
        try (CatalogSource source = CatalogSources.create("file:" + file)) {
            var unused = source.start(first::complete);
            return first.get(10, TimeUnit.SECONDS);
        }
    }
}
