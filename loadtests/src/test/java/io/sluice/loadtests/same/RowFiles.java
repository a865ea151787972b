package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Home;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The row files of this repository. */
final class RowFiles {
    private RowFiles() {}

    static List<RowFile> all() {
        Path folder = Home.find().root().resolve("loadtests/src/main/resources/same");
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().map(RowFile::read).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
