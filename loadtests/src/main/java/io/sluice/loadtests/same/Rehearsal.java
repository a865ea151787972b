package io.sluice.loadtests.same;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Runs a file of rows on one target after the other and compares. */
final class Rehearsal {
    private Rehearsal() {}

    static List<Result> of(RowFile file, Set<Target> targets) {
        Map<Target, Map<Row, Observation>> byTarget = new EnumMap<>(Target.class);
        for (Target target : targets) {
            Path folder = folder();
            try {
                byTarget.put(target, new Stage(target, folder).run(file.rows()));
            } finally {
                delete(folder);
            }
        }
        return file.rows().stream()
                .map(row -> {
                    Map<Target, Observation> observations = new EnumMap<>(Target.class);
                    byTarget.forEach((target, all) -> observations.put(target, all.get(row)));
                    return Result.of(row, observations);
                })
                .toList();
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("sluice-same");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
