package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What docs/sameness.md says about the first promises: each trap has rows or tests, and these exist. */
class FirstPromisesTest {
    /** As many as facts/envoy-semantics.md, section 16, lists. */
    private static final int TRAPS = 48;

    private final Path root = Home.find().root();

    @Test
    void everyTrapIsShownByARowOrATestThatExists() throws IOException {
        Set<String> known = RowFiles.all().stream()
                .flatMap(file -> file.rows().stream().map(row -> file.name().replace(".yaml", ": ") + row.name()))
                .collect(Collectors.toSet());
        known.addAll(tests());
        List<String> traps = Files.readAllLines(root.resolve("docs/sameness.md"), UTF_8).stream()
                .dropWhile(line -> !line.equals("| trap | shown by |"))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .toList();
        assertThat(traps)
                .hasSize(TRAPS)
                .allSatisfy(trap -> assertThat(shownBy(trap)).isNotEmpty().isSubsetOf(known));
    }

    private static List<String> shownBy(String trap) {
        return List.of(trap.split("\\|")[2].strip().split("; "));
    }

    private Set<String> tests() throws IOException {
        Set<String> names = new HashSet<>();
        for (String module : List.of("armeria-gateway", "loadtests")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/test/java"))) {
                files.map(file -> file.getFileName().toString().replace(".java", ""))
                        .forEach(names::add);
            }
        }
        return names;
    }
}
