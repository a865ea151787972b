package io.sluice.xdsserver.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckCommandTest {
    private static final String GOOD = """
        services: {orders: [{address: "127.0.0.1:9001", region: eu}]}
        routes: [{match: /orders/**, to: orders}]
        """;

    @TempDir
    private Path folder;

    private String said = "";

    @BeforeEach
    void write() throws IOException {
        Files.writeString(folder.resolve("site.yaml"), GOOD);
    }

    private int check(String... words) {
        List<String> all = new ArrayList<>(List.of("check"));
        all.addAll(List.of(words));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int code = Commands.run(all, Map.of(), new PrintStream(bytes, true, StandardCharsets.UTF_8))
                .orElseThrow();
        said = bytes.toString(StandardCharsets.UTF_8);
        return code;
    }

    @Test
    void saysThatNothingIsWrong() {
        assertThat(check(folder.toString())).isZero();
        assertThat(said).contains("1 routes, 1 services, 1 listeners, 4 node groups", "nothing is wrong");
    }

    @Test
    void namesFileAndLineOfEachProblem() throws IOException {
        Files.writeString(folder.resolve("wrong.yaml"), """
            routes:
              - {match: /a, to: odrers}
              - {match: /b, to: orders, timeout: five}
            """);
        assertThat(check(folder.toString())).isEqualTo(1);
        assertThat(said)
                .contains(
                        "wrong.yaml:2 routes[0]: leads to service 'odrers', which is not there (expected: orders)",
                        "wrong.yaml:3 routes[1].timeout",
                        "2 problems");
    }

    @Test
    void tellsWhatAGroupCannotObeyUnderTheServersSettings() throws IOException {
        Files.writeString(folder.resolve("site.yaml"), GOOD.replace("to: orders}", "to: orders, limit: {rate: 5/s}}"));
        assertThat(check(folder.toString())).isEqualTo(1);
        assertThat(said).contains("rate-limit");
        assertThat(check(folder.toString(), "--rate-limit", "127.0.0.1:8081")).isZero();
    }

    @Test
    void readsAlsoForMachines() throws IOException {
        assertThat(check(folder.toString(), "--json")).isZero();
        JsonNode json = new ObjectMapper().readTree(said);
        assertThat(json.path("problems")).isEmpty();
        assertThat(json.path("groups").findValuesAsText("group"))
                .containsExactlyInAnyOrder("gateway/-", "gateway/eu", "envoy/-", "envoy/eu");
        assertThat(json.path("groups").findValuesAsText("version")).hasSize(4).allMatch(text -> text.length() == 32);
    }

    @Test
    void writesEachGroupsConfigurationAsABootstrap() throws IOException {
        Path written = folder.resolve("out");
        assertThat(check(folder.resolve("site.yaml").toString(), "--bootstraps", written.toString()))
                .isZero();
        JsonNode bootstrap = new ObjectMapper().readTree(Files.readString(written.resolve("envoy-eu.json")));
        assertThat(bootstrap.at("/static_resources/clusters/0/type").asText("STATIC"))
                .isEqualTo("STATIC");
        assertThat(bootstrap
                        .at("/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address"
                                + "/socket_address/port_value")
                        .asInt())
                .isEqualTo(9001);
        assertThat(bootstrap.findValues("route_config")).hasSize(1);
        assertThat(written.resolve("gateway.json")).exists();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        check                                   | check: [] (expected: one of FILE, DIR, consul://HOST:PORT)
        check a b                               | check: [a, b] (expected: one of FILE, DIR, consul://HOST:PORT)
        check nowhere                           | nowhere: not there (expected: a YAML file, a folder of them, or consul://HOST:PORT)
        check . --prot 1                        | --prot: unknown word (nearest: --port)
        check . --envoy                         | --envoy: no value (expected: --envoy VALUE)
        check . --envoy nowhere                 | envoy: nowhere is not there (expected: Envoy 1.34 or newer)
        check consul://127.0.0.1:x              | 127.0.0.1:x
        diff                                    | diff: [] (expected: one of FILE, DIR, consul://HOST:PORT)
        diff . --admin 127.0.0.1:1              | no answer
        status --admin 127.0.0.1:1              | no answer
        status --admin :                        | ':' (expected: --admin HOST:PORT of a running xds)
        status --wait --timeout soon            | --timeout: 'soon' (expected: 30s, 500ms or 2m)
        status now                              | status: unknown words [now]
        """)
    void saysWhatIsWrongWithTheQuestion(String words, String message) {
        assertThatThrownBy(() -> Commands.run(List.of(words.split(" ")), Map.of(), System.out))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void otherWordsAreNoCommands() {
        assertThat(Commands.run(List.of("--source", "file:x"), Map.of(), System.out))
                .isEmpty();
        assertThat(Commands.run(List.of(), Map.of(), System.out)).isEmpty();
    }
}
