package io.sluice.xdsserver.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsReaderTest {
    private static final List<String> SOURCE = List.of("--source", "file:/tmp");

    @TempDir
    Path folder;

    @Test
    void onlyTheSourceMustBeGiven() {
        XdsSettings settings = SettingsReader.read(SOURCE, Map.of());

        assertThat(settings.source()).isEqualTo("file:/tmp");
        assertThat(settings.ads()).isEqualTo(new HostPort("127.0.0.1", 18000));
        assertThat(settings.admin()).isEqualTo(new HostPort("127.0.0.1", 18001));
        assertThat(settings.rateLimit()).isEmpty();
        assertThat(settings.zipkinUrl()).isEmpty();
        assertThat(settings.accessLog()).isFalse();
        assertThat(settings.catalogCache()).isEmpty();
        assertThat(settings.identifier()).isNotEmpty();
        assertThat(settings.maxResponseBytes()).isEqualTo(2 * 1024 * 1024);
    }

    @Test
    void readsEverySetting() {
        XdsSettings settings = SettingsReader.read(
                List.of(
                        "--source=consul://127.0.0.1:8500?stale=true",
                        "--address",
                        "0.0.0.0",
                        "--port",
                        "0",
                        "--admin-address=::1",
                        "--admin-port=1",
                        "--rate-limit",
                        "[::1]:8081",
                        "--zipkin-url",
                        "https://zipkin:9411/api/v2/spans",
                        "--access-log",
                        "stdout",
                        "--catalog-cache",
                        "/var/cache/sluice",
                        "--secret-folders",
                        "/etc/a, /etc/b",
                        "--clear-text-keys",
                        "true",
                        "--identifier",
                        "xds-1",
                        "--max-response-size",
                        "512KiB"),
                Map.of());

        assertThat(settings)
                .isEqualTo(new XdsSettings(
                        "consul://127.0.0.1:8500?stale=true",
                        new HostPort("0.0.0.0", 0),
                        new HostPort("::1", 1),
                        Optional.of(new HostPort("::1", 8081)),
                        Optional.of(URI.create("https://zipkin:9411/api/v2/spans")),
                        true,
                        Optional.of(Path.of("/var/cache/sluice")),
                        List.of(Path.of("/etc/a"), Path.of("/etc/b")),
                        true,
                        "xds-1",
                        512 * 1024));
        assertThat(settings.rateLimit()).hasToString("Optional[[::1]:8081]");
    }

    @Test
    void aWordWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        Path file = Files.writeString(
                folder.resolve("settings.yaml"),
                "source: file:/f\nport: 1\nadmin-port: 1\nidentifier: f\nzipkin-url:\n");
        Map<String, String> environment =
                Map.of("SLUICE_PORT", "2", "SLUICE_ADMIN_PORT", "2", "SLUICE_JAVA_OPTS", "-ea");

        for (List<String> words : List.of(
                List.of("--settings", file.toString(), "--port", "3"), List.of("--port=3", "--settings=" + file))) {
            XdsSettings settings = SettingsReader.read(words, environment);
            assertThat(settings.ads().port()).isEqualTo(3);
            assertThat(settings.admin().port()).isEqualTo(2);
            assertThat(settings.source()).isEqualTo("file:/f");
            assertThat(settings.identifier()).isEqualTo("f");
            assertThat(settings.zipkinUrl()).isEmpty();
        }
        assertThat(SettingsReader.read(List.of(), Map.of("SLUICE_SETTINGS", file.toString()))
                        .ads()
                        .port())
                .isEqualTo(1);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        --sorce file:/tmp                                | --sorce: unknown word (nearest: --source)
        --source file:/tmp --admin_port 1                | --admin_port: unknown word (nearest: --admin-port)
        --source file:/tmp prot                          | prot: unknown word (nearest: --port)
        --source file:/tmp --zipkin-ulr=x                | --zipkin-ulr: unknown word (nearest: --zipkin-url)
        --source                                         | --source: no value (expected: --source VALUE)
        --source a --source b                            | --source: given twice (expected: once)
        --port 1                                         | source: not given (expected: --source file:DIR or consul://HOST:PORT)
        --source=                                        | source: not given (expected: --source file:DIR or consul://HOST:PORT)
        --source file:/tmp --port 65536                  | port: '65536' (expected: a port, 0..65535)
        --source file:/tmp --port x                      | port: 'x' (expected: a port, 0..65535)
        --source file:/tmp --admin-port -1               | admin-port: '-1' (expected: a port, 0..65535)
        --source file:/tmp --address=                    | address: '' (expected: an IP address, 0.0.0.0 for all)
        --source file:/tmp --rate-limit 127.0.0.1        | rate-limit: '127.0.0.1' (expected: HOST:PORT)
        --source file:/tmp --rate-limit :1               | rate-limit: ':1' (expected: HOST:PORT)
        --source file:/tmp --rate-limit http://a:1       | rate-limit: 'http://a:1' (expected: HOST:PORT)
        --source file:/tmp --rate-limit ::1:80           | rate-limit: '::1:80' (expected: HOST:PORT)
        --source file:/tmp --rate-limit a:0              | rate-limit: 'a:0' (expected: a port, 1..65535)
        --source file:/tmp --rate-limit a:99999          | rate-limit: '99999' (expected: a port, 0..65535)
        --source file:/tmp --zipkin-url zipkin:9411      | zipkin-url: 'zipkin:9411' (expected: http://HOST:PORT/PATH)
        --source file:/tmp --zipkin-url http:/spans      | zipkin-url: 'http:/spans' (expected: http://HOST:PORT/PATH)
        --source file:/tmp --access-log yes              | access-log: 'yes' (expected: none or stdout)
        --source file:/tmp --max-response-size 2         | max-response-size: '2' (expected: a number with B, KiB or MiB: 2MiB)
        --source file:/tmp --max-response-size 2MB       | max-response-size: '2MB' (expected: a number with B, KiB or MiB: 2MiB)
        --source file:/tmp --max-response-size 100B      | max-response-size: '100B' (expected: 1KiB..64MiB)
        --source file:/tmp --max-response-size 999999MiB | max-response-size: '999999MiB' (expected: 1KiB..64MiB)
        """)
    void refusesAWrongWordInOneLine(String words, String message) {
        assertThatThrownBy(() -> SettingsReader.read(List.of(words.split(" ")), Map.of()))
                .isInstanceOf(SettingsException.class)
                .hasMessage(message);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        sorce: file:/x                  | : sorce: unknown setting (nearest: source)
        source: [a]                     | : source: not a single value (expected: file:DIR or consul://HOST:PORT)
        - source                        | : no mapping (expected: 'name: value' lines)
        source: file:/x\\n  port: 1     | :2: not YAML: mapping values are not allowed here
        port: 1\\nport: 2               | :2: not YAML: Duplicate field 'port'
        """)
    void refusesAWrongFileWithItsNameAndLine(String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("settings.yaml"), text.replace("\\n", "\n"));

        assertThatThrownBy(() -> SettingsReader.read(List.of("--settings", file.toString()), Map.of()))
                .isInstanceOf(SettingsException.class)
                .hasMessage(file + message);
    }

    @Test
    void refusesAFileThatIsNotThere() {
        Path file = folder.resolve("none.yaml");

        assertThatThrownBy(() -> SettingsReader.read(List.of("--settings", file.toString()), Map.of()))
                .isInstanceOf(SettingsException.class)
                .hasMessage(file + ": not there (expected: a file of 'name: value' lines)");
    }

    @Test
    void anEmptyFileSaysNothing() throws IOException {
        Path file = Files.writeString(folder.resolve("settings.yaml"), "");

        List<String> words = new ArrayList<>(SOURCE);
        words.addAll(List.of("--settings", file.toString()));
        assertThat(SettingsReader.read(words, Map.of()).source()).isEqualTo("file:/tmp");
    }

    @Test
    void helpNamesEverySetting() {
        assertThat(SettingsReader.help().lines()).hasSize(XdsSettings.NAMES.size() + 1);
        XdsSettings.NAMES.forEach(
                (name, takes) -> assertThat(SettingsReader.help()).contains("  " + name + ": " + takes + "\n"));
    }

    @Test
    void theChartAndThePageCarryTheSettingsNames() throws IOException {
        Path root = Path.of("..");
        var values = new ObjectMapper(new YAMLFactory())
                .readTree(root.resolve("charts/xds-server/values.yaml").toFile());
        assertThat(values.get("settings").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrderElementsOf(XdsSettings.NAMES.keySet());

        String page = Files.readString(root.resolve("docs/xds-server.md"));
        XdsSettings.NAMES.keySet().forEach(name -> assertThat(page).contains("| `" + name + "` |"));
    }
}
