package io.sluice.loadtests.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same key leads to the same endpoint on both data planes. Rule: from one bootstrap, each of 10,000 keys, by ring and by table, with equal weights and
 * with different ones, gets the same endpoint from the gateway as from Envoy; endpoints are known by their addresses alone.
 */
class HashScenario {
    private static final int KEYS = 10_000;
    private static final int CONNECTIONS = 8;
    private static final int ENDPOINTS = 5;
    private static final List<String> POLICIES = List.of("RING_HASH", "MAGLEV");

    @Test
    void leadsEachKeyToEnvoysEndpoint(@TempDir Path folder) throws Exception {
        List<RecordingUpstream> upstreams = new ArrayList<>();
        for (int i = 0; i < ENDPOINTS; i++) {
            upstreams.add(Upstreams.named("endpoint-" + i));
        }
        try {
            Placed gateway = new Placed();
            Placed envoy = new Placed();
            try (Gateway ours =
                            Gateway.start(gateway.write(folder, "gateway", upstreams), gateway.adminPort, Map.of());
                    Envoy theirs = Envoy.start(envoy.write(folder, "envoy", upstreams), envoy.adminPort)) {
                for (int i = 0; i < gateway.ports.size(); i++) {
                    List<String> expected = answers(envoy.ports.get(i));
                    assertThat(expected.stream().distinct()).hasSize(ENDPOINTS);
                    assertThat(answers(gateway.ports.get(i)))
                            .as("listener %d", i)
                            .isEqualTo(expected);
                }
            }
        } finally {
            upstreams.forEach(RecordingUpstream::close);
        }
    }

    /** The endpoint of each key in turn. */
    private static List<String> answers(int port) throws Exception {
        String[] answers = new String[KEYS];
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int c = 0; c < CONNECTIONS; c++) {
                int first = c;
                running.add(threads.submit(() -> {
                    ask(port, first, answers);
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        return List.of(answers);
    }

    private static void ask(int port, int first, String[] answers) throws IOException {
        try (Http1Client client = Http1Client.connect(port)) {
            for (int i = first; i < KEYS; i += CONNECTIONS) {
                client.send(
                        ("GET / HTTP/1.1\r\nhost: hash.test\r\nx-key: user-" + i * 7919L + "\r\n\r\n").getBytes(UTF_8));
                answers[i] = client.read("GET", Duration.ofSeconds(10)).text();
            }
        }
    }

    /** A data plane's own ports: a listener for each policy, with and without weights. */
    private static final class Placed {
        private final int adminPort = Ports.free();
        private final List<Integer> ports = List.of(Ports.free(), Ports.free(), Ports.free(), Ports.free());

        Path write(Path folder, String name, List<RecordingUpstream> upstreams) throws IOException {
            StringBuilder listeners = new StringBuilder();
            StringBuilder clusters = new StringBuilder();
            for (int i = 0; i < ports.size(); i++) {
                listeners.append(listener(i));
                clusters.append(cluster(i, upstreams));
            }
            Path file = folder.resolve(name + ".yaml");
            Files.writeString(file, """
                node: {id: hash, cluster: hash}
                admin: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}
                static_resources:
                  listeners:
                %s  clusters:
                %s\
                """.formatted(adminPort, listeners, clusters));
            return file;
        }

        private String listener(int index) {
            return """
                  - name: listener-%1$d
                    address: {socket_address: {address: 127.0.0.1, port_value: %2$d}}
                    filter_chains:
                      - filters:
                          - name: http
                            typed_config:
                              "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                              stat_prefix: hash
                              http_filters: [{name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
                              route_config:
                                name: routes-%1$d
                                virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: cluster-%1$d, hash_policy: [{header: {header_name: x-key}}]}}]}]
                """.formatted(index, ports.get(index)).indent(4);
        }

        private static String cluster(int index, List<RecordingUpstream> upstreams) {
            StringBuilder endpoints = new StringBuilder();
            for (int i = 0; i < upstreams.size(); i++) {
                int weight = index < POLICIES.size() ? 1 : 1 + 3 * i;
                endpoints.append(
                        "          - {load_balancing_weight: %d, endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}\n"
                                .formatted(weight, upstreams.get(i).port()));
            }
            return """
                - name: cluster-%1$d
                  type: STATIC
                  connect_timeout: 2s
                  lb_policy: %2$s
                  load_assignment:
                    cluster_name: cluster-%1$d
                    endpoints:
                    - lb_endpoints:
                %3$s\
                """.formatted(index, POLICIES.get(index % POLICIES.size()), endpoints)
                    .indent(4);
        }
    }
}
