package io.sluice.gateway.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.settings.GatewaySettings.Mode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsReaderTest {
    @TempDir
    Path folder = Path.of("");

    private static GatewaySettings read(String words) {
        return read(words, Map.of());
    }

    private static GatewaySettings read(String words, Map<String, String> environment) {
        return SettingsReader.read(
                Stream.of(words.split(" ")).filter(word -> !word.isEmpty()).toList(), environment);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("settings.yaml"), text);
    }

    @Test
    void hasADefaultForAllThatNeedNotBeSaid() {
        assertThat(read("--xds 10.0.0.1:18000 --node-id a"))
                .isEqualTo(new GatewaySettings(
                        Optional.empty(),
                        Mode.SERVE,
                        false,
                        Optional.of(new HostPort("10.0.0.1", 18000)),
                        false,
                        "a",
                        "",
                        Optional.of(new HostPort("127.0.0.1", 19000)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        "127.0.0.1",
                        List.of(),
                        Duration.ofMillis(5),
                        Optional.empty(),
                        "127.0.0.1",
                        Optional.empty(),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(10),
                        10_000,
                        List.of(),
                        false));
    }

    @Test
    void readsEverySettingFromWords() {
        assertThat(read("--mode serve --role gateway --xds=[::1]:1 --xds-protocol sotw --node-id a --region eu"
                        + " --admin-address 0.0.0.0 --admin-port 0 --config-cache /var/x --zipkin-url http://z:9411/api/v2/spans"
                        + " --limiter-address 10.0.0.2 --limiter-port 5701 --limiter-members a:1,b:2 --limiter-deadline 20ms"
                        + " --rls-address 0.0.0.0 --rls-port 8081 --limits limits.yaml --drain-time 1500ms --headers-timeout 3s"
                        + " --max-connections 500 --secret-folders /etc/a,/etc/b --require-upstream-verification true"))
                .isEqualTo(new GatewaySettings(
                        Optional.empty(),
                        Mode.SERVE,
                        false,
                        Optional.of(new HostPort("::1", 1)),
                        true,
                        "a",
                        "eu",
                        Optional.of(new HostPort("0.0.0.0", 0)),
                        Optional.of(Path.of("/var/x")),
                        Optional.of(URI.create("http://z:9411/api/v2/spans")),
                        Optional.of(5701),
                        "10.0.0.2",
                        List.of("a:1", "b:2"),
                        Duration.ofMillis(20),
                        Optional.of(8081),
                        "0.0.0.0",
                        Optional.of(Path.of("limits.yaml")),
                        Duration.ofMillis(1500),
                        Duration.ofSeconds(3),
                        500,
                        List.of(Path.of("/etc/a"), Path.of("/etc/b")),
                        true));
    }

    @Test
    void leavesTheAdminAddressToTheBootstrap() {
        assertThat(read("-c b.yaml").admin()).isEmpty();
        assertThat(read("-c b.yaml --admin-port 7").admin()).contains(new HostPort("127.0.0.1", 7));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        -c b.yaml                                             | false | false
        --config-path b.yaml                                  | false | false
        --mode validate -c b.yaml                             | true  | false
        --mode=validate --config-path=b.yaml                  | true  | false
        --xds a:1 --node-id n                                 | false | false
        --role=ratelimit --limiter-port 1                     | false | true
        --role ratelimit --limiter-port 1 --rls-port 2        | false | true
        """)
    void knowsEveryFormOfAStart(String words, boolean validate, boolean limiterOnly) {
        GatewaySettings settings = read(words);
        assertThat(settings.mode() == Mode.VALIDATE).isEqualTo(validate);
        assertThat(settings.limiterOnly()).isEqualTo(limiterOnly);
    }

    @Test
    void wordsWinOverVariablesAndThoseOverTheFile() throws IOException {
        Path file = file("xds: file:1\nregion: file\nnode-id: file\ndrain-time: 1s\n");
        GatewaySettings settings = read(
                "--settings " + file + " --xds word:3",
                Map.of("SLUICE_XDS", "variable:2", "SLUICE_REGION", "variable", "HOME", "/"));
        assertThat(settings.xds()).contains(new HostPort("word", 3));
        assertThat(settings.region()).isEqualTo("variable");
        assertThat(settings.nodeId()).isEqualTo("file");
        assertThat(settings.drainTime()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void findsTheFileByAVariableToo() throws IOException {
        Path file = file("xds: file:1\nnode-id: [a]\nregion:\nlimiter-members: [a:1, b:2]\nlimiter-port: 5701\n");
        GatewaySettings settings = read("", Map.of("SLUICE_SETTINGS", file.toString()));
        assertThat(settings.xds()).contains(new HostPort("file", 1));
        assertThat(settings.limiterMembers()).containsExactly("a:1", "b:2");
        assertThat(settings.region()).isEmpty();
    }

    @Test
    void takesAnEmptyFile() throws IOException {
        assertThat(read("--settings " + file("# nothing\n") + " -c b.yaml").bootstrap())
                .contains(Path.of("b.yaml"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        -                                       | no configuration (expected: -c BOOTSTRAP.yaml, or --xds HOST:PORT --node-id ID)
        --xds a:1                               | node-id: not given (expected: --node-id ID beside --xds)
        --xsd a:1                               | --xsd: unknown word (nearest: --xds)
        --admin-prt 1                           | --admin-prt: unknown word (nearest: --admin-port)
        -x 1                                    | -x: unknown word (nearest: --xds)
        gateway x                               | gateway: unknown word (nearest: --mode)
        --node-id                               | --node-id: no value (expected: --node-id VALUE)
        -c b.yaml --xds a:1                     | xds: given beside -c (expected: one of them; a bootstrap says itself where its xDS server is)
        --mode validate --xds a:1 --node-id n   | mode: validate without a bootstrap (expected: -c BOOTSTRAP.yaml)
        --mode check -c b.yaml                  | mode: 'check' (expected: serve, validate or explain)
        --mode explain --xds a:1 --node-id n    | mode: explain without a bootstrap (expected: -c BOOTSTRAP.yaml)
        --role limiter -c b.yaml                | role: 'limiter' (expected: gateway or ratelimit)
        --role ratelimit                        | limiter-port: not given (expected: a port beside role ratelimit)
        --role ratelimit -c b.yaml              | role: ratelimit beside -c (expected: no bootstrap; this role has no listeners)
        --rls-port 1 -c b.yaml                  | rls-port: this node is no limiter member (expected: limiter-port beside it)
        --xds a --node-id n                     | xds: 'a' (expected: HOST:PORT)
        --xds a:70000 --node-id n               | xds: '70000' (expected: a port, 0..65535)
        --xds a:b --node-id n                   | xds: 'b' (expected: a port, 0..65535)
        --admin-port -1 -c b.yaml               | admin-port: '-1' (expected: a port, 0..65535)
        --limiter-members a:1,b -c b.yaml       | limiter-members: 'b' (expected: HOST:PORT)
        --xds-protocol delto -c b.yaml          | xds-protocol: 'delto' (expected: delta or sotw)
        --zipkin-url z:9411 -c b.yaml           | zipkin-url: 'z:9411' (expected: http://HOST:PORT/PATH)
        --max-connections 0 -c b.yaml           | max-connections: '0' (expected: a number from 1 to 999999999)
        --drain-time 30 -c b.yaml               | drain-time: '30' (expected: a number with ms, s, m or h: 30s)
        """)
    void saysInOneLineWhatIsWrongWithAWord(@Nullable String words, String line) {
        assertThatThrownBy(() -> read(words == null ? "" : words))
                .isInstanceOf(SettingsException.class)
                .hasMessage(line);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        xsd: a:1                  | :1: xsd: unknown setting (nearest: xds)
        xds: a:1\\nadmin-prt: 1   | :2: admin-prt: unknown setting (nearest: admin-port)
        xds: {a: 1}               | :1: xds: a mapping (expected: a value)
        xds: a:1\\nxds: b:1       | :2: xds: twice (expected: once)
        [a, b]                    | :1: no mapping (expected: 'name: value' lines)
        xds: [a\\nb: c            | :2: not YAML: expected ',' or ']', but got :
        """)
    void saysFileAndLine(String text, String rest) throws IOException {
        Path file = file(text.replace("\\n", "\n"));
        assertThatThrownBy(() -> read("--settings " + file))
                .isInstanceOf(SettingsException.class)
                .hasMessage(file + rest);
    }

    @Test
    void saysThatThereIsNoFile() {
        Path missing = folder.resolve("none.yaml");
        assertThatThrownBy(() -> read("--settings " + missing))
                .hasMessage(missing + ": not there (expected: a settings file)");
    }

    @Test
    void refusesAMisspeltVariableAndLeavesOthersAlone() {
        assertThatThrownBy(() -> read("-c b.yaml", Map.of("SLUICE_ADMIN_PROT", "1")))
                .hasMessage("SLUICE_ADMIN_PROT: unknown variable (nearest: SLUICE_ADMIN_PORT)");
        assertThat(read(
                                "-c b.yaml",
                                Map.of(
                                        "SLUICE_SERVICE_HOST",
                                        "10.0.0.1",
                                        "SLUICE_PORT_8080_TCP",
                                        "x",
                                        "SLUICE_ZIPKIN",
                                        "/opt/zipkin.jar",
                                        "SLUICE_JAVA_OPTS",
                                        "-Xmx1g"))
                        .zipkinUrl())
                .isEmpty();
    }

    @Test
    void helpNamesEverySetting() {
        GatewaySettings.NAMES
                .keySet()
                .forEach(name -> assertThat(SettingsReader.help()).contains("\n  " + name + ": "));
    }

    @Test
    void theGuideNamesEverySetting() throws IOException {
        String guide = Files.readString(Path.of("../docs/gateway.md"));
        GatewaySettings.NAMES.keySet().forEach(name -> assertThat(guide).contains("| `" + name + "` |"));
    }
}
