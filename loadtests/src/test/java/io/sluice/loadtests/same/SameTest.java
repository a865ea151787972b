package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command's words, its exit code, and the example of its page. */
class SameTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private int run(String... words) throws IOException {
        return Same.run(List.of(words), new PrintStream(out), new PrintStream(err));
    }

    @ParameterizedTest(name = "same {0}")
    @CsvSource(delimiter = '|', textBlock = """
                    ''                  | same: no file (expected: ./sluice same FILE
                    --only nginx        | same: --only nginx (expected: gateway or envoy)
                    --fast              | same: unknown word --fast
                    no-such-file.yaml   | same: no-such-file.yaml: no such file
                    """)
    void wrongWordsAreTwo(String words, String message) throws IOException {
        assertThat(run(words.isEmpty() ? new String[0] : words.split(" "))).isEqualTo(2);
        assertThat(err.toString(UTF_8)).startsWith(message);
    }

    @Test
    void aFileThatIsNotUnderstoodIsTwoAndSaysWhere() throws IOException {
        Path file = Files.writeString(folder.resolve("mine.yaml"), """
                source: mine
                rows:
                  - name: one
                    request: GET /
                  - name: two
                    request: GET /
                    expect: {statu: 200}
                """);
        assertThat(run(file.toString())).isEqualTo(2);
        assertThat(err.toString(UTF_8)).startsWith("same: mine.yaml:5 > 'two' > expect > statu: unknown");
    }

    @Test
    void theExampleOfThePageIsARowFile() throws IOException {
        assertThat(RowFile.parse("example.yaml", example()).rows()).hasSize(2);
    }

    /** The first YAML block of docs/sameness.md. */
    static String example() throws IOException {
        String page = Files.readString(Home.find().root().resolve("docs/sameness.md"));
        Matcher block = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(page);
        assertThat(block.find()).isTrue();
        return block.group(1);
    }
}
