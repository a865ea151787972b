package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.accesslog.v3.AndFilter;
import io.envoyproxy.envoy.config.accesslog.v3.DurationFilter;
import io.envoyproxy.envoy.config.accesslog.v3.GrpcStatusFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ResponseFlagFilter;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.type.v3.Percent;
import io.envoyproxy.pgv.validate.Validate;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PgvCheckTest {
    /** They change how another rule is read, or can never be broken. */
    private static final Set<String> NO_RULES = Set.of(
            "message.skip",
            "string.strict",
            "repeated.items.string.strict",
            "string.ignore_empty",
            "bytes.min_len",
            "uint64.gte");

    record Row(String kind, Message type, String yaml, String problem) {
        @Override
        public String toString() {
            return kind;
        }
    }

    static List<Row> rows() {
        String long16k = "x".repeat(16 * 1024 + 1);
        String many = "{header: {key: a}},".repeat(1001);
        return List.of(
                new Row(
                        "any.required",
                        TypedExtensionConfig.getDefaultInstance(),
                        "name: a",
                        "typed_config: nothing (expected: a value)"),
                new Row(
                        "bool.const",
                        Bootstrap.getDefaultInstance(),
                        "stats_flush_on_admin: false",
                        "stats_flush_on_admin: false (expected: true)"),
                new Row(
                        "bytes.max_len",
                        HeaderValue.getDefaultInstance(),
                        "{key: a, raw_value: " + "AAAA".repeat(6000) + "}",
                        "raw_value: 18000 bytes (expected: at most 16384)"),
                new Row(
                        "map.keys.string.min_len",
                        Metadata.getDefaultInstance(),
                        "filter_metadata: {\"\": {}}",
                        "filter_metadata['']: '' (expected: at least 1 characters)"),
                new Row(
                        "repeated.items.string.max_bytes",
                        CertificateValidationContext.getDefaultInstance(),
                        "verify_certificate_spki: [" + "x".repeat(45) + "]",
                        "verify_certificate_spki[0]: 45 bytes (expected: at most 44)"),
                new Row(
                        "repeated.items.uint32.gte",
                        FilterChainMatch.getDefaultInstance(),
                        "source_ports: [0]",
                        "source_ports[0]: 0 (expected: gte 1)"),
                new Row(
                        "repeated.items.uint32.lte",
                        FilterChainMatch.getDefaultInstance(),
                        "source_ports: [65536]",
                        "source_ports[0]: 65536 (expected: lte 65535)"),
                new Row(
                        "string.max_len",
                        UriTemplateMatchConfig.getDefaultInstance(),
                        "path_template: /" + "x".repeat(256),
                        "path_template: 257 characters (expected: at most 256)"),
                new Row(
                        "int32.gt",
                        PreviousPrioritiesConfig.getDefaultInstance(),
                        "update_frequency: 0",
                        "update_frequency: 0 (expected: gt 0)"),
                new Row(
                        "duration.none",
                        HttpConnectionManager.getDefaultInstance(),
                        "{stat_prefix: a, rds: {config_source: {ads: {}}, route_config_name: r}, request_timeout: -1s}",
                        "request_timeout: PT-1S (expected: PT0S or more)"),
                new Row("double.gte", Percent.getDefaultInstance(), "value: -0.1", "value: -0.1 (expected: gte 0.0)"),
                new Row(
                        "double.lte",
                        Percent.getDefaultInstance(),
                        "value: 100.1",
                        "value: 100.1 (expected: lte 100.0)"),
                new Row("double.lte", Percent.getDefaultInstance(), "value: NaN", "value: NaN (expected: a number)"),
                new Row(
                        "duration.gt",
                        Cluster.getDefaultInstance(),
                        "{name: a, connect_timeout: 0s}",
                        "connect_timeout: PT0S (expected: more than PT0S)"),
                new Row(
                        "duration.gte",
                        HttpConnectionManager.getDefaultInstance(),
                        "{stat_prefix: a, rds: {route_config_name: a, config_source: {ads: {}}},"
                                + " request_headers_timeout: -1s}",
                        "request_headers_timeout: PT-1S (expected: at least PT0S)"),
                new Row(
                        "duration.none",
                        RouteAction.getDefaultInstance(),
                        "{cluster: a, timeout: 9300000000s}",
                        "timeout: 9300000000s and 0ns (expected: at most 3155760000s)"),
                new Row(
                        "uint32.lte",
                        SocketAddress.getDefaultInstance(),
                        "{address: a, port_value: 4294967295}",
                        "port_value: 4294967295 (expected: lte 65535)"),
                new Row(
                        "duration.lt",
                        Bootstrap.getDefaultInstance(),
                        "stats_flush_interval: 300s",
                        "stats_flush_interval: PT5M (expected: less than PT5M)"),
                new Row(
                        "duration.required",
                        HealthCheck.getDefaultInstance(),
                        "{timeout: 1s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check: {path: /}}",
                        "interval: nothing (expected: a value)"),
                new Row(
                        "enum.defined_only",
                        Cluster.getDefaultInstance(),
                        "{name: a, lb_policy: 99}",
                        "lb_policy: 99 (expected: a value of the enumeration)"),
                new Row(
                        "enum.not_in",
                        HealthCheck.getDefaultInstance(),
                        "{timeout: 1s, interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check:"
                                + " {path: /, method: CONNECT}}",
                        "http_health_check > method: CONNECT (expected: none of [6])"),
                new Row(
                        "message.required",
                        DurationFilter.getDefaultInstance(),
                        "{}",
                        "comparison: nothing (expected: a value)"),
                new Row(
                        "oneof.required",
                        Address.getDefaultInstance(),
                        "{}",
                        "address: nothing (expected: one of [socket_address, pipe, envoy_internal_address])"),
                new Row(
                        "repeated.items.string.in",
                        ResponseFlagFilter.getDefaultInstance(),
                        "flags: [UH, XX]",
                        "flags[1]: 'XX' (expected: one of " + flags() + ")"),
                new Row(
                        "repeated.items.string.min_len",
                        VirtualHost.getDefaultInstance(),
                        "{name: a, domains: [a], request_headers_to_remove: ['']}",
                        "request_headers_to_remove[0]: '' (expected: at least 1 characters)"),
                new Row(
                        "repeated.items.string.well_known_regex",
                        VirtualHost.getDefaultInstance(),
                        "{name: a, domains: [a], request_headers_to_remove: [\"a\\nb\"]}",
                        "request_headers_to_remove[0]: a line break or NUL (expected: none)"),
                new Row(
                        "repeated.items.enum.defined_only",
                        GrpcStatusFilter.getDefaultInstance(),
                        "statuses: [OK, 99]",
                        "statuses[1]: 99 (expected: a value of the enumeration)"),
                new Row(
                        "repeated.items.uint32.lt",
                        Compressor.ResponseDirectionConfig.getDefaultInstance(),
                        "uncompressible_response_codes: [600]",
                        "uncompressible_response_codes[0]: 600 (expected: lt 600)"),
                new Row(
                        "repeated.unique",
                        Compressor.ResponseDirectionConfig.getDefaultInstance(),
                        "uncompressible_response_codes: [204, 204]",
                        "uncompressible_response_codes: an item twice (expected: each item once)"),
                new Row(
                        "repeated.max_items",
                        VirtualHost.getDefaultInstance(),
                        "{name: a, domains: [a], request_headers_to_add: [" + many + "]}",
                        "request_headers_to_add: 1001 of them (expected: at most 1000)"),
                new Row(
                        "repeated.min_items",
                        AndFilter.getDefaultInstance(),
                        "filters: [{not_health_check_filter: {}}]",
                        "filters: 1 of them (expected: at least 2)"),
                new Row(
                        "string.in",
                        io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit.getDefaultInstance(),
                        "{domain: a, request_type: x, rate_limit_service: {grpc_service: {envoy_grpc: {cluster_name:"
                                + " a}}, transport_api_version: V3}}",
                        "request_type: 'x' (expected: one of [internal, external, both, ])"),
                new Row(
                        "string.max_bytes",
                        HeaderValue.getDefaultInstance(),
                        "{key: a, value: " + long16k + "}",
                        "value: 16385 bytes (expected: at most 16384)"),
                new Row(
                        "string.min_len",
                        Cluster.getDefaultInstance(),
                        "{}",
                        "name: '' (expected: at least 1 characters)"),
                new Row(
                        "string.pattern",
                        RouteMatch.getDefaultInstance(),
                        "path_separated_prefix: /a/",
                        "path_separated_prefix: '/a/' (expected: a match of ^[^?#]+[^?#/]$)"),
                new Row(
                        "string.prefix",
                        RateLimit.HitsAddend.getDefaultInstance(),
                        "format: a%",
                        "format: 'a%' (expected: '%...')"),
                new Row(
                        "string.suffix",
                        RateLimit.HitsAddend.getDefaultInstance(),
                        "format: '%a'",
                        "format: '%a' (expected: '...%')"),
                new Row(
                        "string.well_known_regex",
                        HeaderValue.getDefaultInstance(),
                        "{key: a, value: \"a\\rb\"}",
                        "value: a line break or NUL (expected: none)"),
                new Row(
                        "uint32.gt",
                        io.envoyproxy.envoy.config.listener.v3.Listener.getDefaultInstance(),
                        "max_connections_to_accept_per_socket_event: 0",
                        "max_connections_to_accept_per_socket_event: 0 (expected: gt 0)"),
                new Row(
                        "uint32.gte",
                        Cluster.getDefaultInstance(),
                        "{name: a, least_request_lb_config: {choice_count: 1}}",
                        "least_request_lb_config > choice_count: 1 (expected: gte 2)"),
                new Row(
                        "uint32.lt",
                        io.envoyproxy.envoy.config.route.v3.DirectResponseAction.getDefaultInstance(),
                        "status: 600",
                        "status: 600 (expected: lt 600)"),
                new Row(
                        "uint32.lte",
                        Cluster.getDefaultInstance(),
                        "{name: a, outlier_detection: {max_ejection_percent: 101}}",
                        "outlier_detection > max_ejection_percent: 101 (expected: lte 100)"),
                new Row(
                        "uint64.lte",
                        RateLimit.HitsAddend.getDefaultInstance(),
                        "number: 1000000001",
                        "number: 1000000001 (expected: lte 1000000000)"));
    }

    private static List<String> flags() {
        return ResponseFlagFilter.getDescriptor()
                .findFieldByName("flags")
                .getOptions()
                .getExtension(Validate.rules)
                .getRepeated()
                .getItems()
                .getString()
                .getInList();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void refusesWhatBreaksARule(Row row) {
        Message.Builder message = row.type().newBuilderForType();
        Problems reading = Problems.of("m");
        new YamlMessage().read(row.yaml(), message, reading);
        assertThat(reading.list()).isEmpty();
        Problems problems = Problems.of("m");
        new PgvCheck().check(message.build(), problems);
        assertThat(problems.list()).containsExactly("m > " + row.problem());
    }

    /** So that a kind of rule that a newer API brings is not passed over. */
    @Test
    void everyKindOfRuleThatOccursHasItsRow() {
        Set<String> kinds = new TreeSet<>();
        SupportMatrix matrix = SupportMatrix.load();
        for (SupportMatrix.Part part : SupportMatrix.Part.values()) {
            Reachable.obeyed(matrix, part).values().forEach(type -> {
                type.getFields().forEach(field -> kinds(field.getOptions().getExtension(Validate.rules), "", kinds));
                type.getRealOneofs().stream()
                        .filter(choice -> choice.getOptions().getExtension(Validate.required))
                        .forEach(choice -> kinds.add("oneof.required"));
            });
        }
        kinds.removeAll(NO_RULES);
        rows().forEach(row -> kinds.remove(row.kind()));
        assertThat(kinds).as("kinds without a row").isEmpty();
    }

    private static void kinds(Message rules, String path, Set<String> into) {
        rules.getAllFields().forEach((field, value) -> {
            String at = path.isEmpty() ? field.getName() : path + "." + field.getName();
            if (value instanceof Message inner && !(value instanceof Duration)) {
                kinds(inner, at, into);
            } else {
                into.add(at);
            }
        });
    }

    /** Each is what a cluster of a bootstrap says; the real Envoy and we must agree whether it is valid. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{name: a}",
                "{name: ''}",
                "{name: a, connect_timeout: 0s}",
                "{name: a, connect_timeout: 0.001s}",
                "{name: a, lb_policy: 99}",
                "{name: a, least_request_lb_config: {choice_count: 1}, lb_policy: LEAST_REQUEST}",
                "{name: a, outlier_detection: {max_ejection_percent: 101}}",
                "{name: a, outlier_detection: {interval: 0s}}",
                "{name: a, health_checks: [{timeout: 1s}]}",
                "{name: a, health_checks: [{timeout: 1s, interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1,"
                        + " http_health_check: {path: ''}}]}",
                "{name: a, health_checks: [{timeout: 1s, interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1,"
                        + " http_health_check: {path: /}}]}",
                "{name: a, common_lb_config: {healthy_panic_threshold: {value: 101}}}",
                "{name: a, load_assignment: {endpoints: []}}",
                "{name: a, load_assignment: {cluster_name: a, endpoints: [{priority: 129}]}}",
                "{name: a, load_assignment: {cluster_name: a, policy: {overprovisioning_factor: 0}}}",
                "{name: a, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{load_balancing_weight:"
                        + " 0}]}]}}",
                "{name: a, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address:"
                        + " {}}}]}]}}",
            })
    void agreesWithEnvoy(String cluster, @TempDir Path folder) throws IOException, InterruptedException {
        String bootstrap = "static_resources: {clusters: [" + cluster + "]}\n";
        Path file = Files.writeString(folder.resolve("b.yaml"), bootstrap);
        Bootstrap.Builder read = Bootstrap.newBuilder();
        Problems problems = Problems.of("b");
        new YamlMessage().read(bootstrap, read, problems);
        new PgvCheck().check(read.build(), problems);

        Process process = new ProcessBuilder(
                        envoy(), "--mode", "validate", "--base-id", "0", "--disable-hot-restart", "-c", file.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(problems.list().isEmpty())
                .as("%s; Envoy says: %s", problems.list(), said)
                .isEqualTo(process.waitFor() == 0);
    }

    private static String envoy() {
        Optional<Path> found = Stream.concat(
                        Stream.of(
                                Optional.ofNullable(System.getenv("SLUICE_ENVOY"))
                                        .orElse(""),
                                "../.tools/envoy"),
                        Stream.of(System.getenv("PATH").split(File.pathSeparator))
                                .map(folder -> folder + "/envoy"))
                .filter(path -> !path.isEmpty())
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
        String missing = "no Envoy (./sluice tools brings one, or set SLUICE_ENVOY)";
        if (found.isEmpty() && Boolean.parseBoolean(System.getenv("CI"))) {
            fail(missing);
        }
        assumeTrue(found.isPresent(), missing);
        return found.orElseThrow().toString();
    }
}
