package io.sluice.gateway.filter.rbac;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RbacFilterTest {
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final RbacFilterParser parser =
            new RbacFilterParser(FilterYaml.MATCHERS, FilterYaml.MATCHERS, FilterYaml.MATCHERS, metrics);

    private static FakeExchange exchange() {
        return new FakeExchange(RequestHeaders.builder(HttpMethod.GET, "/a/b?c#d")
                .add("x-role", "guest")
                .add("x-role", "admin")
                .build());
    }

    private boolean passes(FakeExchange exchange, String json) {
        HttpFilter filter = FilterYaml.filter(parser, FilterYaml.message(RBAC.newBuilder(), json), exchange);
        return filter.onRequestHeaders(exchange, exchange.request(), true) == Next.CONTINUE;
    }

    /** The caller is 203.0.113.77, the peer and the listener are what the fake stream says. */
    @ParameterizedTest(name = "{0} {1} -> {2}")
    @CsvSource(delimiter = '|', textBlock = """
            ALLOW | any: true                                                                  | true
            DENY  | any: true                                                                  | false
            LOG   | any: true                                                                  | true
            ALLOW | header: {name: x-role, string_match: {exact: admin}}                       | true
            ALLOW | header: {name: x-role, string_match: {exact: root}}                        | false
            ALLOW | url_path: {path: {exact: "/a/b"}}                                          | true
            ALLOW | url_path: {path: {prefix: "/b"}}                                           | false
            ALLOW | remote_ip: {address_prefix: 203.0.113.0, prefix_len: 24}                   | true
            ALLOW | direct_remote_ip: {address_prefix: 203.0.113.0, prefix_len: 24}            | false
            ALLOW | source_ip: {address_prefix: 203.0.113.0, prefix_len: 24}                   | false
            ALLOW | authenticated: {}                                                          | false
            ALLOW | not_id: {any: true}                                                        | false
            ALLOW | and_ids: {ids: [{any: true}, {not_id: {any: true}}]}                       | false
            ALLOW | or_ids: {ids: [{not_id: {any: true}}, {any: true}]}                        | true
            ALLOW | metadata: {filter: jwt, path: [{key: p}, {key: sub}], value: {string_match: {exact: bob}}} | true
            ALLOW | metadata: {filter: jwt, path: [{key: p}, {key: n}], value: {double_match: {exact: 2}}}     | true
            ALLOW | metadata: {filter: jwt, path: [{key: p}, {key: g}], value: {list_match: {one_of: {string_match: {exact: b}}}}} | true
            ALLOW | metadata: {filter: jwt, path: [{key: p}, {key: x}], value: {present_match: true}}          | false
            ALLOW | metadata: {filter: other, path: [{key: p}], value: {present_match: true}, invert: true}    | true
            """)
    void decidesByPrincipals(String action, String principal, boolean expected) {
        FakeExchange exchange = exchange();
        exchange.metadata("jwt").put("p", Map.of("sub", "bob", "n", 2.0, "g", List.of("a", "b")));
        assertThat(passes(
                        exchange,
                        "{rules: {action: %s, policies: {p: {permissions: [{any: true}], principals: [{%s}]}}}}"
                                .formatted(action, principal)))
                .isEqualTo(expected);
    }

    @Test
    void tellsWhichPolicyRefusedAndWhatTheShadowThinks() {
        FakeExchange exchange = exchange();
        String all = "{permissions: [{any: true}], principals: [{any: true}]}";
        assertThat(passes(
                        exchange,
                        "{rules: {action: DENY, policies: {\"b c\": %s, z: %s}}, shadow_rules: {policies: {s: %s}}, shadow_rules_stat_prefix: x_}"
                                .formatted(all, all, all)))
                .isFalse();
        assertThat(Objects.requireNonNull(exchange.reply).details())
                .isEqualTo("rbac_access_denied_matched_policy[b_c]");
        assertThat(exchange.metadata("envoy.filters.http.rbac"))
                .containsEntry("x_shadow_engine_result", "allowed")
                .containsEntry("x_shadow_effective_policy_id", "s");
        assertThat(metrics.counter("envoy.http.rbac.denied", "envoy_http_conn_manager_prefix", "edge")
                        .count())
                .isEqualTo(1);
        assertThat(metrics.counter("envoy.http.rbac.x_shadow_allowed", "envoy_http_conn_manager_prefix", "edge")
                        .count())
                .isEqualTo(1);
    }

    @Test
    void refusesWhatItCannotDecideWithItsPlace() {
        Problems problems = Problems.of("rbac");
        parser.parse(
                "rbac",
                FilterYaml.message(
                        RBAC.newBuilder(),
                        "{rules: {policies: {p: {permissions: [{destination_ip: {address_prefix: x}}], principals: [{filter_state: {key: k}}]}}}}"),
                problems);
        assertThat(problems.list())
                .containsExactly(
                        "rbac > rules > policies['p'] > permissions[0] > destination_ip > address_prefix: x/0 (expected: an IP address and a length)",
                        "rbac > rules > policies['p'] > principals[0] > identifier: FILTER_STATE is not supported by armeria-gateway; see docs/xds-support.md");
    }
}
