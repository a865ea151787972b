package io.sluice.gateway.filter.cors;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorsPolicyTest {
    private final CorsFilterParser parser =
            new CorsFilterParser(FilterYaml.MATCHERS, new SimpleMeterRegistry(), () -> 0);

    @ParameterizedTest(name = "{0} before {1} -> {2}")
    @CsvSource(delimiter = '|', textBlock = """
            {}                                           | {allow_methods: GET}                         | GET
            {allow_methods: PUT}                         | {allow_methods: GET}                         | PUT
            {max_age: "1"}                               | {allow_methods: GET, max_age: "2"}           | GET 1
            {allow_credentials: false}                   | {allow_credentials: true}                    | false
            {}                                           | {allow_credentials: true}                    | true
            {allow_origin_string_match: [{exact: a}]}    | {allow_origin_string_match: [{exact: b}]}    | a
            {}                                           | {allow_origin_string_match: [{exact: b}]}    | b
            {filter_enabled: {default_value: {numerator: 0}}} | {filter_enabled: {default_value: {numerator: 100}}} | off
            {}                                           | {filter_enabled: {default_value: {numerator: 0}}} | on
            """)
    void whatALevelLeavesOpenTheNextOneSays(String route, String host, String expected) {
        var policy = (io.sluice.gateway.filter.cors.CorsPolicy) parser.combine(List.of(read(route), read(host)));
        String shown = String.join(
                        " ",
                        policy.methods(),
                        policy.maxAge(),
                        policy.credentials() == null ? "" : policy.credentials().toString(),
                        policy.allows("a") ? "a" : "",
                        policy.allows("b") ? "b" : "",
                        expected.equals("on") || expected.equals("off")
                                ? policy.enabled().hit(0) ? "on" : "off"
                                : "")
                .replaceAll(" +", " ")
                .strip();
        assertThat(shown).isEqualTo(expected);
    }

    private Object read(String json) {
        return parser.parseRoute(FilterYaml.message(CorsPolicy.newBuilder(), json), Problems.of("test"))
                .orElseThrow();
    }
}
