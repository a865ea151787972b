package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.MissingPartException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * {@code ./sluice same FILE|FOLDER ...}: runs rows against the gateway and a real Envoy and prints a table. {@code --only gateway} or
 * {@code --only envoy} leaves the other away; {@code --record} writes what Envoy did into the rows that expect nothing yet.
 *
 * <p>Exit code: 0 when every row holds, 1 when one does not, 2 when the words or a file cannot be understood.
 */
public final class Same {
    private Same() {}

    public static void main(String[] words) throws IOException {
        int code = run(List.of(words), System.out, System.err);
        System.exit(code);
    }

    static int run(List<String> words, PrintStream out, PrintStream err) throws IOException {
        Set<Target> targets = EnumSet.allOf(Target.class);
        boolean record = false;
        boolean show = false;
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            switch (words.get(i)) {
                case "--record" -> {
                    record = true;
                    targets = EnumSet.of(Target.ENVOY);
                }
                case "--show" -> show = true;
                case "--only" -> {
                    String target = ++i < words.size() ? words.get(i) : "";
                    switch (target) {
                        case "gateway" -> targets = EnumSet.of(Target.GATEWAY);
                        case "envoy" -> targets = EnumSet.of(Target.ENVOY);
                        default -> {
                            err.println("same: --only " + target + " (expected: gateway or envoy)");
                            return 2;
                        }
                    }
                }
                default -> {
                    if (words.get(i).startsWith("-")) {
                        err.println("same: unknown word " + words.get(i)
                                + " (expected: --only, --record, --show or a file)");
                        return 2;
                    }
                    files.addAll(files(Path.of(words.get(i))));
                }
            }
        }
        if (files.isEmpty()) {
            err.println(
                    "same: no file (expected: ./sluice same FILE|FOLDER ... [--only gateway|envoy] [--record] [--show])");
            return 2;
        }
        int failed = 0;
        int differ = 0;
        int count = 0;
        for (Path file : files) {
            List<Result> results;
            try {
                results = Rehearsal.of(RowFile.read(file), targets);
            } catch (RowException | MissingPartException e) {
                err.println("same: " + e.getMessage());
                return 2;
            }
            if (record) {
                Files.writeString(file, Recording.into(Files.readString(file), results));
            }
            out.println(file.getFileName());
            for (Result result : results) {
                count++;
                boolean differs = result.row().deviates().isPresent();
                failed += result.passed() ? 0 : 1;
                differ += result.passed() && differs ? 1 : 0;
                String mark = result.passed() ? differs ? "differs" : "same" : "FAILED";
                out.printf("  %-8s %s%n", mark, result.row().name());
                result.problems()
                        .forEach(problem -> out.println("             " + problem.replace("\n", "\n             ")));
                if (show) {
                    show(result, out);
                }
            }
        }
        out.printf(
                "%d rows: %d the same, %d that are said to differ, %d failed%n",
                count, count - failed - differ, differ, failed);
        return failed == 0 ? 0 : 1;
    }

    /** Everything that was seen: from Envoy where it ran, since its line is the measure. */
    private static void show(Result result, PrintStream out) {
        Map<Target, Observation> seen = result.observations();
        Observation one = Objects.requireNonNull(seen.getOrDefault(Target.ENVOY, seen.get(Target.GATEWAY)));
        Transcript.of(result.row(), one).lines().forEach(line -> out.println("             | " + line));
        if (!one.problem().isEmpty()) {
            one.problem().lines().forEach(line -> out.println("             | " + line));
        }
    }

    private static List<Path> files(Path given) throws IOException {
        if (!Files.isDirectory(given)) {
            return List.of(given);
        }
        try (Stream<Path> found = Files.list(given)) {
            return found.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
    }
}
