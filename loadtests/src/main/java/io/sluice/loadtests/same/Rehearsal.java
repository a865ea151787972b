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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Runs a file of rows on the targets beside each other and compares. */
final class Rehearsal {
    private Rehearsal() {}

    static List<Result> of(RowFile file, Set<Target> targets) {
        Map<Target, Future<Map<Row, Observation>>> running = new EnumMap<>(Target.class);
        Map<Target, Map<Row, Observation>> byTarget = new EnumMap<>(Target.class);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            targets.forEach(target -> running.put(target, threads.submit(() -> run(target, file.rows()))));
            for (Map.Entry<Target, Future<Map<Row, Observation>>> entry : running.entrySet()) {
                byTarget.put(entry.getKey(), entry.getValue().get());
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException ours ? ours : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        return file.rows().stream()
                .map(row -> {
                    Map<Target, Observation> observations = new EnumMap<>(Target.class);
                    byTarget.forEach((target, all) -> observations.put(target, all.get(row)));
                    return Result.of(row, observations);
                })
                .toList();
    }

    private static Map<Row, Observation> run(Target target, List<Row> rows) {
        Path folder = folder();
        try {
            return new Stage(target, folder).run(rows);
        } finally {
            delete(folder);
        }
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
