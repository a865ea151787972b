package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each request is asked about and sent: what is told is what happens. */
class RequestExplainerTest {
    private static GatewayRig gateway;
    private static UpstreamRig up;

    @BeforeAll
    static void start() {
        up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                peer.read();
                peer.send(ok("hello"));
            }
        });
        gateway = GatewayRig.start();
        gateway.publish("""
            static_resources:
              clusters: [%s, {name: empty, type: STATIC, connect_timeout: 5s}]
              listeners:
              - name: edge
                address: {socket_address: {address: 127.0.0.1, port_value: 0}}
                filter_chains:
                - name: plain
                  filters:
                  - name: hcm
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: edge
                      normalize_path: true
                      merge_slashes: true
                      route_config:
                        virtual_hosts:
                        - name: shop
                          domains: [shop.test, "*.shop.test"]
                          routes:
                          - {name: beta, match: {path_separated_prefix: /pay, headers: [{name: x-beta, present_match: true}]}, direct_response: {status: 201}}
                          - {name: pages, match: {prefix: /pay, query_parameters: [{name: page, string_match: {prefix: "1"}}]}, direct_response: {status: 202}}
                          - {name: pay, match: {path_separated_prefix: /pay}, route: {cluster: up}}
                          - {name: gone, match: {path: /gone}, route: {cluster: nowhere}}
                          - {name: there, match: {path: /moved}, redirect: {path_redirect: /pay}}
                          - {name: parts, match: {path: /parts}, route: {weighted_clusters: {clusters: [{name: up, weight: 3}, {name: empty, weight: 1}]}}}
                          - {name: late, match: {prefix: /pay/late}, direct_response: {status: 203}}
                        - name: closed
                          domains: [closed.test]
                          require_tls: ALL
                          routes: [{name: all, match: {prefix: /}, direct_response: {status: 204}}]
                      http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
            """.formatted(http1(up.port())));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        up.close();
    }

    private static Explanation explained(String method, String url, List<String> headers) {
        List<Explanation> all = new RequestExplainer(gateway.listeners()::compiled, gateway.clusters())
                .explain(Question.of(method, url, headers, null, Optional.empty()));
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    @ParameterizedTest(name = "{0} {1} {2}: {3} by {4}")
    @CsvSource(delimiter = '|', textBlock = """
        shop.test     | /pay/1          |          | 200 | pay
        SHOP.test     | /pay            | x-beta:1 | 201 | beta
        shop.test     | /payments       | x-beta:1 | 404 |
        shop.test     | /payments?page=12 |        | 202 | pages
        a.shop.test   | /pay?page=2     |          | 200 | pay
        shop.test     | //x/../pay/./y  |          | 200 | pay
        shop.test     | /pay/late       |          | 200 | pay
        shop.test     | /gone           |          | 503 | gone
        shop.test     | /moved          |          | 301 | there
        shop.test     | /nothing        |          | 404 |
        other.test    | /pay            |          | 404 |
        closed.test   | /               |          | 301 | all
        shop.test     | /pay            | upgrade:foo | 403 | pay
        """)
    void tellsWhatHappens(String host, String path, String header, int status, String route) {
        List<String> headers = new ArrayList<>();
        String sent = "GET " + path + " HTTP/1.1\r\nhost: " + host + "\r\n";
        if (header != null) {
            headers.add(header);
            sent += header + "\r\n" + (header.startsWith("upgrade") ? "connection: upgrade\r\n" : "");
        }
        Explanation told = explained("GET", "http://" + host + path, headers);
        try (Http1Peer caller = Http1Peer.connect(gateway.port()).send(sent + "\r\n")) {
            assertThat(caller.read().status()).isEqualTo(status);
        }
        assertThat(told.answer().map(Explanation.Answer::status).orElse(200)).isEqualTo(status);
        assertThat(told.routes().stream()
                        .filter(one -> one.unmet().isEmpty())
                        .map(one -> one.route().name())
                        .findFirst()
                        .orElse(null))
                .isEqualTo(route);
    }

    @Test
    void saysWhyTheOthersAreNotTaken() {
        Explanation told = explained("GET", "http://shop.test/pay/late", List.of());
        assertThat(told.chain()).isEqualTo("plain");
        assertThat(told.host()).contains(new Explanation.Host("shop", "shop.test"));
        assertThat(told.routes().stream().map(one -> one.route().name() + ": " + one.unmet()))
                .containsExactly(
                        "beta: header x-beta is not there (expected: present)",
                        "pages: query parameter page is not there (expected: prefix '1')",
                        "pay: ",
                        "gone: path '/pay/late' (expected: exactly '/gone')",
                        "there: path '/pay/late' (expected: exactly '/moved')",
                        "parts: path '/pay/late' (expected: exactly '/parts')",
                        "late: ");
        assertThat(told.clusters()).hasSize(1);
        assertThat(told.clusters().getFirst().endpoints().getFirst().key()).isEqualTo("127.0.0.1:" + up.port());
        assertThat(told.filters().getLast().name()).isEqualTo("router");
    }

    @Test
    void tellsOfAllClustersAmongWhichChanceDecides() {
        Explanation told = explained("GET", "http://shop.test/parts", List.of());
        assertThat(told.clusters().stream()
                        .map(one -> one.name() + " " + one.weight() + " "
                                + one.endpoints().size()))
                .containsExactly("up 3 1", "empty 1 0");
    }

    @Test
    void namesTheDomainsThatThereAreWhereNoneIsForTheHost() {
        assertThat(explained("GET", "http://other.test/", List.of()).domains())
                .containsExactly("*.shop.test", "closed.test", "shop.test");
    }

    @Test
    void doesNothing() {
        double before = gateway.metrics().getMeters().size();
        long requests = requests();
        explained("GET", "http://shop.test/pay", List.of());
        assertThat(gateway.metrics().getMeters().size()).isEqualTo((int) before);
        assertThat(requests()).isEqualTo(requests);
    }

    private static long requests() {
        Cluster up = Objects.requireNonNull(gateway.clusters().get("up"));
        return up.endpoints().iterator().next().requests();
    }

    @ParameterizedTest(name = "{0} {1} {2} from {3} on {4}: {5}")
    @CsvSource(delimiter = '|', textBlock = """
        GET  | shop.test/pay         |         |           |       | url: 'shop.test/pay' (expected: http://HOST[:PORT]/PATH or https://...)
        GET  | ftp://shop.test/      |         |           |       | url: 'ftp://shop.test/' (expected: http://HOST[:PORT]/PATH or https://...)
        GET  | http://a b/           |         |           |       | url: 'http://a b/' (expected: http://HOST[:PORT]/PATH or https://...)
        GET  | http://u:p@shop.test/ |         |           |       | url: 'http://u:p@shop.test/' (expected: http://HOST[:PORT]/PATH or https://...)
        GE T | http://shop.test/     |         |           |       | method: 'GE T' (expected: GET, POST, ...)
        GET  | http://shop.test/     | nocolon |           |       | header: 'nocolon' (expected: name:value)
        GET  | http://shop.test/     | :path:x |           |       | header: ':path:x' (expected: name:value)
        GET  | http://shop.test/     | a b: c  |           |       | header: 'a b: c' (expected: name:value)
        GET  | http://shop.test/     |         | localhost |       | from: 'localhost' (expected: an IP address)
        GET  | http://shop.test/     |         |           | other | listener: 'other' (expected: one of [edge])
        """)
    void refusesWhatIsNoQuestion(
            String method, String url, String header, String from, String listener, String problem) {
        assertThatThrownBy(() -> new RequestExplainer(gateway.listeners()::compiled, gateway.clusters())
                        .explain(Question.of(
                                method,
                                url,
                                header == null ? List.of() : List.of(header),
                                from,
                                Optional.ofNullable(listener))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(problem);
    }
}
