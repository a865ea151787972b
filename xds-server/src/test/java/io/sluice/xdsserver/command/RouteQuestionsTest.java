package io.sluice.xdsserver.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code explain} and {@code routes test} beside a gateway's and a control plane's pages; with the real ones in {@code ExplainScenario}. */
class RouteQuestionsTest {
    private static final String ANSWER = """
        {"listeners": [{"listener": "edge", "address": "0.0.0.0:8080", "request": {"method": "GET", "authority": "a", "path": "/x"},
          "virtual_host": {"name": "all", "domain": "*"}, "route": {"name": "orders", "index": 1, "match": "path prefix '/'", "action": "forward"},
          "skipped": [{"name": "pay", "index": 0, "unmet": "path '/x' (expected: exactly '/pay')"}], "later": [{"name": "all", "index": 2}],
          "filters": [{"name": "jwt", "on": true, "own_config": true, "inputs": ["asks for a token"]}, {"name": "cors", "on": false, "own_config": false, "inputs": []}],
          "clusters": [{"name": "orders", "weight": 3, "known": true, "endpoints": [{"address": "10.0.0.1:80", "health_flags": "healthy", "weight": 2, "priority": 0, "region": "eu"}]},
                       {"name": "new", "weight": 1, "known": false, "endpoints": []}]}]}
        """;

    private static final String CATALOG = """
        {"routes": [{"name": "orders", "origin": "site.yaml:4"}, {"name": "pay", "origin": "site.yaml:2"}]}
        """;

    @TempDir
    private Path folder;

    private HttpServer pages;
    private final List<String> asked = new ArrayList<>();
    private String answer = ANSWER;
    private String said = "";

    @BeforeEach
    void start() throws IOException {
        pages = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        pages.createContext("/explain", exchange -> {
            asked.add(exchange.getRequestURI().getRawQuery());
            answer(exchange, answer);
        });
        pages.createContext("/catalog", exchange -> answer(exchange, CATALOG));
        pages.start();
    }

    private static void answer(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(body.startsWith("{") ? 200 : 400, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @AfterEach
    void stop() {
        pages.stop(0);
    }

    private int run(String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        String here = "127.0.0.1:" + pages.getAddress().getPort();
        all.addAll(List.of("--node", here, "--admin", here));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int code = Commands.run(all, Map.of(), new PrintStream(bytes, true, StandardCharsets.UTF_8))
                .orElseThrow();
        said = bytes.toString(StandardCharsets.UTF_8);
        return code;
    }

    @Test
    void explainsWithThePlaceWhereEachRouteIsWritten() {
        assertThat(run("explain", "get", "http://a/x?y=1&z=%20", "-H", "x-a: b c", "-H", "x-d:1", "--from", "10.0.0.9"))
                .isZero();
        assertThat(asked)
                .containsExactly(
                        "method=GET&url=http%3A%2F%2Fa%2Fx%3Fy%3D1%26z%3D%2520&header=x-a%3A+b+c&header=x-d%3A1"
                                + "&from=10.0.0.9");
        assertThat(said).isEqualTo("""
            listener edge (0.0.0.0:8080)
              request       GET a/x
              virtual host  all, by domain *
              route         orders (site.yaml:4): path prefix '/'
              not           pay (site.yaml:2): path '/x' (expected: exactly '/pay')
              later         all: matches too, but an earlier one is taken
              filter        jwt: on, as the route says
                              asks for a token
              filter        cors: off
              cluster       orders, weight 3
                              10.0.0.1:80 healthy, weight 2, priority 0, region eu
              cluster       new, weight 1: there is no such cluster
            """);
    }

    @Test
    void tellsByItsExitCodeThatTheGatewayAnswersItself() throws IOException {
        answer = """
            {"listeners": [{"listener": "edge", "address": "0.0.0.0:8080", "request": {"method": "GET", "authority": "a", "path": "/"},
              "domains": ["b"], "answer": {"status": 404, "why": "route_not_found"}, "skipped": [], "later": [], "filters": [], "clusters": []}]}
            """;
        assertThat(run("explain", "GET", "http://a/")).isEqualTo(1);
        assertThat(said).contains("virtual host  none; there are [\"b\"]", "answer        404 route_not_found");
        assertThat(run("explain", "GET", "http://a/", "--json")).isEqualTo(1);
        JsonNode json = new ObjectMapper().readTree(said);
        assertThat(json.at("/listeners/0/answer/status").asInt()).isEqualTo(404);
    }

    @Test
    void ofManyRoutesShowsThoseWhosePathMatches() {
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            many.append("{\"name\": \"r").append(i).append("\", \"unmet\": \"path '/' (expected: x)\"},");
        }
        answer = ANSWER.replace("\"skipped\": [", "\"skipped\": [" + many)
                .replace("\"later\"", "\"x\": 1, \"later\"")
                .replace("path '/x' (expected: exactly '/pay')", "header x-a is not there (expected: present)");
        run("explain", "GET", "http://a/");
        assertThat(said)
                .contains(
                        "not           pay (site.yaml:2): header x-a is not there", "40 more routes (--all shows them)")
                .doesNotContain("r17");
        run("explain", "GET", "http://a/", "--all");
        assertThat(said).contains("r17").doesNotContain("more routes");
    }

    private Path table(String text) throws IOException {
        return Files.writeString(folder.resolve("tests.yaml"), text);
    }

    @Test
    void comparesATableWithWhatWouldHappen() throws IOException {
        Path table = table("""
            - request: GET http://a/x
              expect: {route: orders, item: "site.yaml:4", cluster: "orders, new", answer: none, host: "*"}
            - request: post http://a/y
              headers: {x-a: b}
              from: 10.0.0.1
              listener: edge
              expect: {route: pay, answer: 404}
            """);
        assertThat(run("routes", "test", table.toString())).isEqualTo(1);
        assertThat(asked)
                .containsExactly(
                        "method=GET&url=http%3A%2F%2Fa%2Fx",
                        "method=POST&url=http%3A%2F%2Fa%2Fy&header=x-a%3Ab&from=10.0.0.1&listener=edge");
        assertThat(said).isEqualTo("""
            FILE:3: POST http://a/y: edge: route 'orders' (expected: 'pay'): path '/x' (expected: exactly '/pay')
            FILE:3: POST http://a/y: edge: answer 'none' (expected: '404')
            2 requests, 1 not as expected
            """.replace("FILE", table.toString()));
        assertThat(run("routes", "test", table.toString(), "--json")).isEqualTo(1);
        JsonNode rows = new ObjectMapper().readTree(said).path("rows");
        assertThat(rows.findValuesAsText("as_expected")).containsExactly("true", "false");
        assertThat(rows.get(1).path("line").asInt()).isEqualTo(3);
        table("- {request: GET http://a/x, expect: {route: orders}}");
        assertThat(run("routes", "test", table.toString())).isZero();
        assertThat(said).isEqualTo("1 requests, all as expected\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        a: 1                                                    | :1: no list
        []                                                      | :1: no list
        [a                                                      | :1: not YAML
        [1]                                                     | :1: no mapping (expected: some of [request, headers, from, listener, expect])
        [{expect: {route: a}}]                                  | :1: request: not given (expected: GET http://HOST/PATH)
        [{request: "http://a/", expect: {route: a}}]            | :1: request: 'http://a/' (expected: GET http://HOST/PATH)
        [{request: GET http://a/}]                              | :1: expect: nothing (expected: some of [route, item, cluster, answer, host])
        [{request: GET http://a/, expect: {rout: a}}]           | :1: 'rout' (expected: one of [route, item, cluster, answer, host])
        [{request: GET http://a/, expect: {route: [a]}}]        | :1: no text (expected: one value)
        [{request: GET http://a/, request: GET b, expect: {route: a}}] | :1: 'request' twice (expected: once)
        [{request: GET http://a/, headers: x, expect: {route: a}}] | :1: no mapping (expected: name: value)
        """)
    void refusesATableThatIsWrong(String text, String problem) throws IOException {
        Path table = table(text);
        assertThatThrownBy(() -> run("routes", "test", table.toString()))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(table + problem);
        assertThat(asked).isEmpty();
    }

    @Test
    void handsOnWhatTheGatewayFindsWrongWithAQuestion() {
        answer = "url: 'x' (expected: http://HOST[:PORT]/PATH or https://...)\n";
        assertThatThrownBy(() -> run("explain", "GET", "x"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("answered 400 url: 'x' (expected: http://HOST[:PORT]/PATH or https://...)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        explain GET                              | explain: [GET] (expected: METHOD URL [FILE|DIR|consul])
        explain GET http://a/ b c                | explain: [GET, http://a/, b, c] (expected: METHOD URL [FILE|DIR|consul])
        explain GET http://a/ -H                 | -H: no value (expected: -H name:value)
        explain GET http://a/ --node 127.0.0.1:1 --admin 127.0.0.1:1 | no answer
        explain GET http://a/ --node 127.0.0.1:1 | no answer
        explain GET http://a/ --region eu        | without a source
        explain GET http://a/ nowhere            | nowhere: not there
        explain GET http://a/ . --node a:1       | --node: beside . (expected: one of them)
        explain GET http://a/ . --nodes all      | --nodes: 'all' (expected: gateway or envoy)
        explain GET http://a/ pom.xml            | SLUICE_GATEWAY_CLASSES
        routes                                   | routes: [] (expected: test FILE [FILE|DIR|consul])
        routes tset file                         | routes: [tset, file] (expected: test FILE [FILE|DIR|consul])
        routes test nowhere                      | nowhere: not there (expected: a table of requests)
        """)
    void saysWhatIsWrongWithTheQuestion(String words, String message) {
        assertThatThrownBy(() -> Commands.run(List.of(words.split(" ")), Map.of(), System.out))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(message);
    }
}
