package io.sluice.gateway.filter.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The descriptor of {@code GET /orders/1?tier=gold%20a&tier=x} with {@code x-tenant: acme} from the address given. */
class DescriptorActionTest {
    private static final RouteLimitParser PARSER = new RouteLimitParser(
            (matcher, problems) ->
                    Optional.of(headers -> matcher.getName().equals("x-tenant") && headers.contains("x-tenant")),
            "edge-nodes");

    @ParameterizedTest(name = "{0} -> {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {generic_key: {descriptor_value: a}}                                                 | 10.1.2.3 | generic_key=a
            {generic_key: {descriptor_key: k, descriptor_value: a}}                              | 10.1.2.3 | k=a
            {source_cluster: {}}                                                                 | 10.1.2.3 | source_cluster=edge-nodes
            {destination_cluster: {}}                                                            | 10.1.2.3 | destination_cluster=orders
            {remote_address: {}}                                                                 | 10.1.2.3 | remote_address=10.1.2.3
            {masked_remote_address: {}}                                                          | 10.1.2.3 | masked_remote_address=10.1.2.3/32
            {masked_remote_address: {v4_prefix_mask_len: 20}}                                    | 10.1.255.3 | masked_remote_address=10.1.240.0/20
            {masked_remote_address: {v4_prefix_mask_len: 0}}                                     | 10.1.2.3 | masked_remote_address=0.0.0.0/0
            {request_headers: {header_name: x-tenant, descriptor_key: t}}                        | 10.1.2.3 | t=acme
            {request_headers: {header_name: X-Many, descriptor_key: m}}                          | 10.1.2.3 | m=1,2
            {request_headers: {header_name: x-none, descriptor_key: t}}                          | 10.1.2.3 | none
            {request_headers: {header_name: x-none, descriptor_key: t, skip_if_absent: true}}, {remote_address: {}} | 10.1.2.3 | remote_address=10.1.2.3
            {remote_address: {}}, {request_headers: {header_name: x-none, descriptor_key: t}}    | 10.1.2.3 | none
            {query_parameters: {query_parameter_name: tier, descriptor_key: q}}                  | 10.1.2.3 | q=gold a
            {query_parameters: {query_parameter_name: none, descriptor_key: q}}                  | 10.1.2.3 | none
            {header_value_match: {descriptor_value: v, headers: [{name: x-tenant, present_match: true}]}} | 10.1.2.3 | header_match=v
            {header_value_match: {descriptor_key: k, descriptor_value: v, headers: [{name: x-none, present_match: true}]}} | 10.1.2.3 | none
            {header_value_match: {descriptor_value: v, expect_match: false, headers: [{name: x-none, present_match: true}]}} | 10.1.2.3 | header_match=v
            {metadata: {descriptor_key: s, metadata_key: {key: jwt, path: [{key: claims}, {key: sub}]}}} | 10.1.2.3 | s=alice
            {metadata: {descriptor_key: s, metadata_key: {key: jwt, path: [{key: none}]}}}        | 10.1.2.3 | none
            {metadata: {descriptor_key: s, metadata_key: {key: jwt, path: [{key: none}]}, default_value: d}} | 10.1.2.3 | s=d
            {metadata: {descriptor_key: s, metadata_key: {key: jwt, path: [{key: none}]}, skip_if_absent: true}}, {generic_key: {descriptor_value: a}} | 10.1.2.3 | generic_key=a
            {generic_key: {descriptor_value: a}}, {destination_cluster: {}}                      | 10.1.2.3 | generic_key=a destination_cluster=orders
            """)
    void describes(String actions, String address, String expected) throws InvalidProtocolBufferException {
        Problems problems = Problems.of("route");
        Optional<List<RouteLimit>> limits = PARSER.limits(List.of(rateLimit(actions)), problems);
        assertThat(problems.list()).isEmpty();

        FakeExchange exchange = new FakeExchange(RequestHeaders.of(
                        HttpMethod.GET,
                        "/orders/1?tier=gold%20a&tier=x",
                        "x-tenant",
                        "acme",
                        "x-many",
                        "1",
                        "x-many",
                        "2"))
                .from(address);
        exchange.metadata("jwt").put("claims", Map.of("sub", "alice"));
        var descriptors = new ArrayList<Descriptor>();
        limits.orElseThrow().get(0).describe(exchange, descriptors);
        String found = descriptors.isEmpty()
                ? "none"
                : String.join(
                        " ",
                        descriptors.get(0).entries().stream()
                                .map(entry -> entry.key() + "=" + entry.value())
                                .toList());
        assertThat(found).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {stage: 11}                                                             | stage: 11 (expected: 0..10)
            {limit: {dynamic_metadata: {metadata_key: {key: a, path: [{key: b}]}}}} | limit: not supported
            {apply_on_stream_done: true}                                            | apply_on_stream_done: not supported
            {actions: [{extension: {name: x}}]}                                     | actions[0] > action_specifier: EXTENSION is not supported
            {hits_addend: {format: "%BYTES_SENT%"}}                                 | hits_addend > format: not supported
            {actions: [{masked_remote_address: {v4_prefix_mask_len: 33}}]}          | v4_prefix_mask_len: 33 (expected: 0..32)
            """)
    void refusesByPath(String limit, String expected) throws InvalidProtocolBufferException {
        Problems problems = Problems.of("route");
        RateLimit.Builder message = RateLimit.newBuilder();
        JsonFormat.parser().merge(limit, message);
        assertThat(PARSER.limits(List.of(message.build()), problems)).isEmpty();
        assertThat(problems.toString()).startsWith("route > rate_limits[0] > ").contains(expected);
    }

    private static RateLimit rateLimit(String actions) throws InvalidProtocolBufferException {
        RateLimit.Builder message = RateLimit.newBuilder();
        JsonFormat.parser().merge("{actions: [" + actions + "]}", message);
        return message.build();
    }
}
