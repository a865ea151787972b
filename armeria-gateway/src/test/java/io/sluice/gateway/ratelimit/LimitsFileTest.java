package io.sluice.gateway.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Semantics: envoyproxy/ratelimit, config_test.go. */
class LimitsFileTest {
    private static final String LIMITS = """
            domain: edge
            descriptors:
              - key: database
                value: users
                rate_limit: {unit: second, requests_per_unit: 500, name: users-db}
                descriptors:
                  - key: table
                    rate_limit: {unit: minute, requests_per_unit: 7}
              - key: database
                rate_limit: {unit: hour, requests_per_unit: 9}
              - key: path
                value: /api/*/items
                rate_limit: {unit: minute, requests_per_unit: 1}
              - key: path
                value: /api/*
                rate_limit: {unit: minute, requests_per_unit: 2}
              - key: path
                value: "*.png"
                rate_limit: {unlimited: true}
              - key: a_b
                rate_limit: {unit: day, requests_per_unit: 3}
                shadow_mode: true
            ---
            domain: other
            descriptors:
              - key: k
                rate_limit: {unit: week, requests_per_unit: 4, algorithm: token_bucket, on_failure: deny}
            """;

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("limits.yaml");
        Files.writeString(file, LIMITS);
    }

    private static Descriptor descriptor(String entries) {
        return Descriptor.of(Arrays.stream(entries.split(" "))
                .map(entry -> entry.split("=", 2))
                .map(entry -> Descriptor.entry(entry[0], entry[1]))
                .toArray(Descriptor.Entry[]::new));
    }

    @ParameterizedTest(name = "{0}: {1} -> {2}")
    @CsvSource(delimiter = '|', textBlock = """
            edge  | database=users             | 500/SECOND
            edge  | database=other             | 9/HOUR
            edge  | database=users table=t     | 7/MINUTE
            edge  | database=other table=t     | none
            edge  | database=users table=t x=y | none
            edge  | path=/api/1/items          | 1/MINUTE
            edge  | path=/api/1                | 2/MINUTE
            edge  | path=/api/                 | 2/MINUTE
            edge  | path=/other                | none
            edge  | path=/logo.png             | unlimited
            edge  | a=b                        | none
            edge  | a_b=x                      | 3/DAY
            other | k=v                        | 4/WEEK
            none  | k=v                        | none
            """)
    void findsTheLimitOfADescriptor(String domain, String entries, String expected) throws IOException {
        try (LimitsFile limits = LimitsFile.open(file)) {
            String found = limits.get()
                    .find(domain, descriptor(entries))
                    .map(rule -> rule.unlimited()
                            ? "unlimited"
                            : rule.limit().requestsPerUnit() + "/"
                                    + rule.limit().unit())
                    .orElse("none");
            assertThat(found).isEqualTo(expected);
        }
    }

    @Test
    void readsNameShadowAlgorithmAndFailurePolicy() throws IOException {
        try (LimitsFile limits = LimitsFile.open(file)) {
            assertThat(limits.get().find("edge", descriptor("database=users")))
                    .hasValueSatisfying(rule -> assertThat(rule.limit().name()).isEqualTo("users-db"));
            assertThat(limits.get().find("edge", descriptor("a_b=x")))
                    .hasValueSatisfying(rule -> assertThat(rule.shadow()).isTrue());
            assertThat(limits.get().find("other", descriptor("k=v"))).hasValueSatisfying(rule -> {
                assertThat(rule.refill()).isEqualTo(LimitRule.Refill.SMOOTH);
                assertThat(rule.onFailure()).isEqualTo(LimitRule.FailurePolicy.DENY);
            });
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            {}                                                                                                  ; domain: '' (expected: a name other than 'sluice')
            {domain: sluice}                                                                                    ; domain: 'sluice' (expected: a name other than 'sluice')
            {domain: d, descriptors: [{value: v}]}                                                              ; domain 'd' > descriptors[0] > key: '' (expected
            {domain: d, descriptors: [{key: k, rate_limit: {unit: fortnight, requests_per_unit: 1}}]}            ; descriptors[0] > rate_limit > unit: 'fortnight' (expected: one of [second, minute
            {domain: d, descriptors: [{key: k, rate_limit: {unit: second}}]}                                    ; requests_per_unit: nothing (expected: 0 or more)
            {domain: d, descriptors: [{key: k, rate_limit: {unit: second, unlimited: true}}]}                   ; unit: says nothing beside unlimited: true
            {domain: d, descriptors: [{key: k}, {key: k}]}                                                      ; descriptors[1] > value: '' is there twice
            {domain: d, descriptors: [{key: k, share_threshold: true}]}                                         ; share_threshold: unknown (expected: one of
            """)
    void saysWhatIsWrong(String content, String expected) throws IOException {
        Files.writeString(file, content);
        assertThatThrownBy(() -> LimitsFile.open(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(expected);
    }

    @Test
    void namesTheLineOfBrokenYaml() throws IOException {
        Files.writeString(file, "domain: d\ndescriptors: [\n");
        assertThatThrownBy(() -> LimitsFile.open(file)).hasMessageContaining("limits.yaml:2: ");
    }

    @Test
    void keepsTheLastGoodFileAndTakesANewOne() throws IOException {
        try (LimitsFile limits = LimitsFile.open(file)) {
            Files.writeString(file, "domain: [");
            Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
            limits.readIfChanged();
            assertThat(limits.get().find("edge", descriptor("database=users"))).isPresent();

            Files.writeString(file, LIMITS.replace("500", "50"));
            Files.setLastModifiedTime(file, FileTime.fromMillis(2_000));
            limits.readIfChanged();
            assertThat(limits.get().find("edge", descriptor("database=users"))).hasValueSatisfying(rule -> {
                assertThat(rule.limit().requestsPerUnit()).isEqualTo(50);
                assertThat(rule.version()).isEqualTo(2_000);
            });
        }
    }
}
