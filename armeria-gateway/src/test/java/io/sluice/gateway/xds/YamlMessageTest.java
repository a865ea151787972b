package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlMessageTest {
    private static List<String> problems(String yaml, com.google.protobuf.Message.Builder into) {
        Problems problems = Problems.of("b");
        new YamlMessage().read(yaml, into, problems);
        return problems.list();
    }

    /** The same document through protobuf's own JSON reader. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{name: a, connect_timeout: 0.25s, lb_policy: RANDOM, dns_refresh_rate: 60s}",
                "{name: a, connectTimeout: 1.5s, lbPolicy: 3}",
                "{name: 1, alt_stat_name: true, per_connection_buffer_limit_bytes: 4294967295}",
                "{name: a, circuit_breakers: {thresholds: [{max_requests: '7', priority: HIGH}, {}]}}",
                "{name: a, common_lb_config: {healthy_panic_threshold: {value: 1e1}}, respect_dns_ttl: true}",
                "{name: a, metadata: {filter_metadata: {x: {n: 1.5, s: '1', t: true, l: [1, {a: null}], o: {}}}}}",
                """
                name: &n anchored
                alt_stat_name: *n
                load_assignment:
                  cluster_name: *n
                  named_endpoints: {e: {address: {socket_address: {address: "::1", port_value: 0x}}}}
                """,
                """
                name: a
                typed_extension_protocol_options:
                  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                    explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 10}}
                """,
                """
                {"name": "a", "typed_extension_protocol_options": {
                  "x": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": 1}},
                  "y": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "text"}}}
                """,
                "{name: a, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {hostname: h}, health_status: 2}]}]}, tls_context: }",
            })
    void readsWhatProtobufReads(String yaml) throws IOException {
        String text = yaml.replace("0x}", "80}").replace(", tls_context: }", "}");
        Cluster.Builder expected = Cluster.newBuilder();
        String json = new ObjectMapper().writeValueAsString(new org.yaml.snakeyaml.Yaml().<Object>load(text));
        JsonFormat.parser().usingTypeRegistry(EnvoyTypes.registry()).merge(json, expected);
        Cluster.Builder read = Cluster.newBuilder();
        assertThat(problems(text, read)).isEmpty();
        assertThat(read.build()).isEqualTo(expected.build());
    }

    @Test
    void takesYamlsOwnWordsForTrueAndLeavesQuotedOnesAlone() {
        Cluster.Builder read = Cluster.newBuilder();
        assertThat(problems(
                        "{name: 'yes', ignore_health_on_host_removal: Yes, connection_pool_per_downstream_connection: Off}",
                        read))
                .isEmpty();
        assertThat(read.getName()).isEqualTo("yes");
        assertThat(read.getIgnoreHealthOnHostRemoval()).isTrue();
        assertThat(problems("{ignore_health_on_host_removal: 'yes'}", Cluster.newBuilder()))
                .containsExactly("b > ignore_health_on_host_removal: 'yes' (expected: true or false), line 1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        name: a\\nconect_timeout: 1s                       | b > conect_timeout: unknown field, line 2 (nearest: connect_timeout)
        name: a\\nname: b                                  | b > name: twice, line 2
        type: STATIC\\ncluster_type: {name: x}             | b > cluster_type: beside 'type', which excludes it, line 2
        connect_timeout: 5                                 | b > connect_timeout > line 1: '5' (expected: a number of seconds with 's': 1.5s)
        lb_policy: ROUND_ROBBIN                            | b > lb_policy: 'ROUND_ROBBIN' (expected: one of ROUND_ROBIN, LEAST_REQUEST, RING_HASH, RANDOM, MAGLEV, CLUSTER_PROVIDED, LOAD_BALANCING_POLICY_CONFIG), line 1
        health_checks: {timeout: 1s}                       | b > health_checks: a mapping, line 1 (expected: a list)
        load_assignment: [a]                               | b > load_assignment > line 1: a list (expected: a mapping)
        per_connection_buffer_limit_bytes: -1              | b > per_connection_buffer_limit_bytes > line 1: '-1' (expected: a whole number, not negative)
        per_connection_buffer_limit_bytes: 4294967296      | b > per_connection_buffer_limit_bytes > line 1: '4294967296' (expected: a whole number, not negative)
        per_connection_buffer_limit_bytes: 1.5             | b > per_connection_buffer_limit_bytes > line 1: '1.5' (expected: a whole number, not negative)
        per_connection_buffer_limit_bytes: 1e999999999     | b > per_connection_buffer_limit_bytes > line 1: '1e999999999' (expected: a whole number, not negative)
        name: [a]                                          | b > name: a list (expected: a text), line 1
        transport_socket: {name: t, typed_config: {a: 1}}  | b > transport_socket > typed_config > line 1: no '@type' (expected: the message's type)
        a: b: c                                            | b > line 1: not YAML: mapping values are not allowed here
        a\\n---\\nb                                        | b > line 2: not YAML: but found another document
        [a]                                                | b > line 1: a list (expected: a mapping)
        # nothing                                          | b > line 1: empty (expected: a mapping)
        &a [*a]                                            | b > line 1: a list (expected: a mapping)
        <<: {name: a}                                      | b > <<: unknown field, line 1 (nearest: name)
        """)
    void saysWhereWhatAndWhatWouldHaveBeenRight(String yaml, String problem) {
        assertThat(problems(yaml.replace("\\n", "\n"), Cluster.newBuilder())).containsExactly(problem);
    }

    @Test
    void leavesUnknownMessagesToTheSupportMatrix() {
        Cluster.Builder cluster = Cluster.newBuilder();
        assertThat(problems("transport_socket: {typed_config: {'@type': x/y.Z, a: 1}}", cluster))
                .isEmpty();
        assertThat(cluster.getTransportSocket().getTypedConfig().getTypeUrl()).isEqualTo("x/y.Z");
        Problems refused = Problems.of("b");
        SupportMatrix.load().check(cluster.build(), refused);
        assertThat(refused.list()).isNotEmpty();
    }

    @Test
    void saysEverythingAtOnce() {
        assertThat(problems("{name: [], lb_policy: X, nme: a, connect_timeout: 1}", Cluster.newBuilder()))
                .hasSize(4);
    }

    @Test
    void survivesAMessageInsideItself() {
        assertThat(problems("metadata: {filter_metadata: {x: &a {b: *a}}}", Cluster.newBuilder()))
                .isNotEmpty();
    }

    @Test
    void knowsTheLineOfEveryPlace() {
        YamlMessage yaml = new YamlMessage();
        Bootstrap.Builder read = Bootstrap.newBuilder();
        yaml.read("""
                node:
                  id: a
                static_resources:
                  clusters:
                  - name: a
                  - name: b
                    type: STATIC
                """, read, Problems.of("b"));
        assertThat(yaml.lineOf("b > node > id")).isEqualTo(2);
        assertThat(yaml.lineOf("b > static_resources > clusters[1] > type")).isEqualTo(7);
        assertThat(yaml.lineOf("b > static_resources > clusters[1] > filters")).isEqualTo(6);
        assertThat(yaml.lineOf("b > elsewhere")).isEqualTo(1);
        assertThat(yaml.lineOf("c")).isZero();
    }
}
