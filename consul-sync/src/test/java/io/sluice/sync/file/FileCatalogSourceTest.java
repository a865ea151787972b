package io.sluice.sync.file;

import static io.sluice.sync.Catalogs.problems;
import static io.sluice.sync.Catalogs.routes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.sync.Catalogs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCatalogSourceTest {
    @TempDir
    Path folder;

    private final Catalogs catalogs = new Catalogs();

    private @Nullable FileCatalogSource source;

    private void start(Path path) throws Exception {
        source = new FileCatalogSource(path, Clock.systemUTC());
        source.start(catalogs).toCompletableFuture().get(15, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        if (source != null) {
            source.close();
        }
    }

    private static String route(String name) {
        return "routes: [{name: " + name + ", match: /" + name + ", respond: {status: 200}}]\n";
    }

    private void awaitRoutes(String... names) {
        catalogs.await(catalog -> routes(catalog).equals(List.of(names)));
    }

    @Test
    void readsFilesInTheOrderOfTheirNames() throws Exception {
        Files.writeString(folder.resolve("20-b.yml"), route("b"));
        Files.writeString(folder.resolve("10-a.yaml"), route("a"));
        Files.writeString(folder.resolve(".30-hidden.yaml"), route("hidden"));
        Files.writeString(folder.resolve("40.yaml~"), route("backup"));
        Files.createDirectory(folder.resolve("50.yaml"));

        start(folder);
        assertThat(routes(catalogs.latest())).containsExactly("a", "b");
        Files.delete(folder.resolve("10-a.yaml"));
        awaitRoutes("b");
    }

    @Test
    void readsASingleFile() throws Exception {
        Path file = Files.writeString(folder.resolve("one.txt"), route("a"));

        start(file);
        assertThat(routes(catalogs.latest())).containsExactly("a");
        Files.writeString(file, route("b"));
        awaitRoutes("b");
    }

    @Test
    void seesASecondWriteOfTheSameSizeRightAfterTheFirst() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), route("a"));

        start(folder);
        for (String name : List.of("b", "c", "d", "e")) {
            Files.writeString(file, route("x"));
            var time = Files.getLastModifiedTime(file);
            Files.writeString(file, route(name));
            Files.setLastModifiedTime(file, time);
            awaitRoutes(name);
        }
    }

    @Test
    void followsTheSymlinksOfAKubernetesVolume() throws Exception {
        Path first = Files.createDirectory(folder.resolve("..2026_01"));
        Files.writeString(first.resolve("a.yaml"), route("a"));
        Files.createSymbolicLink(folder.resolve("..data"), first.getFileName());
        Files.createSymbolicLink(folder.resolve("a.yaml"), Path.of("..data/a.yaml"));

        start(folder);
        assertThat(routes(catalogs.latest())).containsExactly("a");

        Path second = Files.createDirectory(folder.resolve("..2026_02"));
        Files.writeString(second.resolve("a.yaml"), route("b"));
        Files.createSymbolicLink(folder.resolve("..data_tmp"), second.getFileName());
        Files.move(folder.resolve("..data_tmp"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

        awaitRoutes("b");
    }

    @Test
    void neverPublishesHalfOfAFileThatIsBeingWritten() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), route("a"));

        start(folder);
        try (var out = Files.newOutputStream(file)) {
            for (String name : List.of("p", "q")) {
                out.write(("---\n" + route(name)).getBytes(StandardCharsets.UTF_8));
                out.flush();
            }
        }
        awaitRoutes("p", "q");
        assertThat(catalogs.all()).map(Catalogs::routes).containsExactly(List.of("a"), List.of("p", "q"));
    }

    @Test
    void saysWhichFileItCannotRead() throws Exception {
        Path file = Files.writeString(folder.resolve("a.yaml"), route("a"));
        Files.writeString(folder.resolve("b.yaml"), route("b"));

        start(folder);
        Files.write(file, new byte[] {'r', (byte) 0xFF, 's'});
        catalogs.await(catalog ->
                problems(catalog).equals(List.of("a.yaml:1: is not UTF-8 (expected: a YAML file in UTF-8)")));
        awaitRoutes("a", "b");

        Files.write(file, new byte[DocumentParser.MAX_BYTES + 1]);
        catalogs.await(catalog ->
                problems(catalog).equals(List.of("a.yaml:1: 8388609 bytes (expected: at most 8388608 bytes)")));
        awaitRoutes("a", "b");
    }

    @Test
    void waitsForAFolderThatIsNotThere() throws Exception {
        Path later = folder.resolve("later");
        try (FileCatalogSource waiting = new FileCatalogSource(later, Clock.systemUTC())) {
            var synced = waiting.start(catalogs).toCompletableFuture();
            await().until(() -> waiting.status().lostSince().isPresent());
            assertThat(waiting.status().synced()).isFalse();
            assertThat(waiting.status().waitingFor()).containsExactly(later.toString());

            make(later);
            synced.get(5, TimeUnit.SECONDS);
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> waiting.status().lostSince().isEmpty());
        }
    }

    private static void make(Path folder) throws IOException {
        Files.createDirectory(folder);
        Files.writeString(folder.resolve("a.yaml"), route("a"));
    }
}
