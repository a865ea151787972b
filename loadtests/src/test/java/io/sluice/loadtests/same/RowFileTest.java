package io.sluice.loadtests.same;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.loadtests.harness.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowFileTest {
    @Test
    void ourRowsAreManyAndWellFormed() {
        assertThat(RowFiles.all().stream().mapToInt(file -> file.rows().size()).sum())
                .isGreaterThanOrEqualTo(400);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    {name: a, request: GET /, expekt: 200}                | f:2 > 'a' > expekt: unknown
                    {name: a, request: GET}                               | f:2 > 'a' > request: "GET" (expected: a method and a path
                    {name: a, request: GET /, expect: {statu: 200}}       | f:2 > 'a' > expect > statu: unknown
                    {name: a, request: GET /, upstream: explode}          | f:2 > 'a' > upstream: "explode" (expected:
                    {name: a, request: {after: soon}}                     | f:2 > 'a' > request > after: "soon" (expected: a duration
                    {name: a, request: {version: '3'}}                    | f:2 > 'a' > request > version: "3" (expected: 1.0, 1.1 or 2)
                    {name: a}                                             | f:2 > 'a': a row has one of: request(s), refused, unsupported
                    {name: a, request: GET /, gateway: {status: 404}}     | f:2 > 'a' > gateway: a row that differs says why
                    {name: a, request: GET /, config: {hmc: {}}}          | f:2 > 'a' > config > hmc: unknown
                    {request: GET /}                                      | f:2 > name: missing
                    """)
    void namesThePlaceOfAFault(String row, String message) {
        assertThatThrownBy(() -> RowFile.parse("f", "source: s\nrows: [" + row + "]"))
                .isInstanceOf(RowException.class)
                .hasMessageContaining(message);
    }

    @Test
    void wantsASource() {
        assertThatThrownBy(() -> RowFile.parse("f", "rows: [{name: a, request: GET /}]"))
                .hasMessageContaining("f:1 > 'a' > source: missing");
    }

    @Test
    void namesTheLineOfBrokenYaml() {
        assertThatThrownBy(() -> RowFile.parse("f", "source: s\nrows: [{")).hasMessageStartingWith("f:2: no YAML");
    }

    @Test
    void theListOfDifferencesIsWhatTheRowsSay() throws IOException {
        Path file = Home.find().root().resolve("docs/differences.md");
        String fromRows = Differences.markdown(RowFiles.all());
        if (System.getProperty("golden.update") != null) {
            Files.writeString(file, fromRows);
        }
        assertThat(file).hasContent(fromRows);
    }
}
