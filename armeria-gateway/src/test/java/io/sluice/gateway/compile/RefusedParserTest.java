package io.sluice.gateway.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.filter.router.RouterFilterParser;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.Problems;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What listeners, connection managers and routes refuse, each with the way to it. What the support matrix or a proto's own rules refuse stands before. */
class RefusedParserTest {
    private static final String ROUTER = "{name: router, typed_config: {'@type':"
            + " type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}";
    private static final JsonFormat.Parser JSON = JsonFormat.parser()
            .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                    .add(Router.getDescriptor())
                    .add(RouteConfiguration.getDescriptor())
                    .add(PreviousHostsPredicate.getDescriptor())
                    .build());

    private final LogSinks sinks = new LogSinks(new SimpleMeterRegistry());
    private final RequestHeaderTestParser headers = new RequestHeaderTestParser();
    private final ListenerParser listeners = new ListenerParser(
            new HttpConnectionManagerParser(
                    List.of(new RouterFilterParser(name -> null, new PooledUpstream(new SimpleMeterRegistry()))),
                    new AccessLogParser(sinks, headers),
                    false,
                    new io.sluice.gateway.compile.HttpConnectionManager.LocalNode("", "")),
            new TlsContextParser(new DataSourceParser(List.of())));

    @AfterEach
    void close() {
        sinks.close();
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {match: {prefix: /}}                                                                                                      | routes[0] > action: ACTION_NOT_SET is not supported
        {name: named, match: {prefix: /}, non_forwarding_action: {}}                                                              | routes[0] 'named' > action: NON_FORWARDING_ACTION is not supported
        {match: {}, route: {cluster: c}}                                                                                          | routes[0] > match > path_specifier: PATHSPECIFIER_NOT_SET is not supported
        {match: {connect_matcher: {}}, route: {cluster: c}}                                                                       | routes[0] > match > path_specifier: CONNECT_MATCHER is not supported
        {match: {safe_regex: {regex: '(a'}}, route: {cluster: c}}                                                                 | routes[0] > match > safe_regex > regex: '(a' (missing closing )) (expected: RE2 syntax)
        {match: {safe_regex: {regex: '(?=a)'}}, route: {cluster: c}}                                                              | routes[0] > match > safe_regex > regex: '(?=a)'
        {match: {prefix: /, headers: [{name: a, string_match: {}}]}, route: {cluster: c}}                                         | routes[0] > match > headers[0] > string_match > match_pattern: MATCHPATTERN_NOT_SET is not supported
        {match: {prefix: /, headers: [{name: a, safe_regex_match: {regex: '['}}]}, route: {cluster: c}}                           | routes[0] > match > headers[0] > safe_regex_match > regex: '['
        {match: {prefix: /, query_parameters: [{name: a, string_match: {safe_regex: {regex: '*'}}}]}, route: {cluster: c}}        | routes[0] > match > query_parameters[0] > string_match > safe_regex > regex: '*'
        {match: {prefix: /}, route: {inline_cluster_specifier_plugin: {}}}                                                        | routes[0] > route > cluster_specifier: INLINE_CLUSTER_SPECIFIER_PLUGIN is not supported
        {match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 0}]}}}                                      | routes[0] > route > weighted_clusters > clusters: weights of 0 (expected: at least one weight above 0)
        {match: {prefix: /}, route: {cluster: c, regex_rewrite: {pattern: {regex: '('}, substitution: x}}}                        | routes[0] > route > regex_rewrite > regex: '('
        {match: {prefix: /}, route: {cluster: c, host_rewrite_path_regex: {pattern: {regex: '('}, substitution: x}}}              | routes[0] > route > host_rewrite_path_regex > regex: '('
        {match: {prefix: /}, route: {cluster: c, upgrade_configs: [{upgrade_type: CONNECT}]}}                                     | routes[0] > route > upgrade_configs[0] > upgrade_type: CONNECT is not supported
        {match: {prefix: /}, route: {cluster: c, retry_policy: {retry_on: 5xx, retry_host_predicate: [{name: x}]}}}               | routes[0] > route > retry_policy > retry_host_predicate[0]
        {match: {prefix: /}, redirect: {regex_rewrite: {pattern: {regex: '('}}}}                                                  | routes[0] > redirect > regex_rewrite > regex: '('
        {match: {prefix: /}, direct_response: {status: 200, body: {filename: /etc/motd}}}                                         | routes[0] > direct_response > body > filename: not supported
        {match: {prefix: /}, direct_response: {status: 200}, request_headers_to_add: [{header: {key: ':path', value: x}}]}        | routes[0] > request_headers_to_add[0] > header.key: :path (expected: neither Host nor a pseudo header)
        {match: {prefix: /}, direct_response: {status: 200}, response_headers_to_add: [{header: {key: HOST, value: x}}]}          | routes[0] > response_headers_to_add[0] > header.key: host
        {match: {prefix: /}, direct_response: {status: 200}, request_headers_to_remove: [Host]}                                   | routes[0] > headers_to_remove: Host
        {match: {prefix: /}, direct_response: {status: 200}, request_headers_to_add: [{header: {key: a, value: '%NONE%'}}]}       | routes[0] > request_headers_to_add[0] > header.value > format: %NONE%
        {match: {prefix: /}, direct_response: {status: 200}, request_headers_to_add: [{header: {key: a, value: '50% off'}}]}      | routes[0] > request_headers_to_add[0] > header.value > format: % off
        {match: {prefix: /}, direct_response: {status: 200}, request_headers_to_add: [{header: {key: a}, append_action: 9}]}      | routes[0] > request_headers_to_add[0] > append_action: 9
        {match: {prefix: /}, direct_response: {status: 200}, typed_per_filter_config: {gone: {}}}                                 | routes[0] > typed_per_filter_config: 'gone' (expected: a filter of the chain)
        """)
    void refusesRoutes(String route, String message) throws IOException {
        assertThat(problems(manager("{name: all, domains: ['*'], routes: [" + route + "]}")))
                .anySatisfy(problem -> assertThat(problem).contains("virtual_hosts[0] 'all' > " + message));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {name: one, domains: [a.test]}, {name: two, domains: [b.test, A.test]} | route_config > virtual_hosts[1] > domains[1]: 'A.test' (expected: a domain that no other virtual host has)
        {name: one, domains: ['a*.test']}                                      | virtual_hosts[0] 'one' > domains[0]: 'a*.test' (expected: a '*' at the beginning or at the end)
        {name: one, domains: ['*'], require_tls: 7}                            | virtual_hosts[0] 'one' > require_tls: 7 (expected: NONE, EXTERNAL_ONLY or ALL)
        """)
    void refusesVirtualHosts(String hosts, String message) throws IOException {
        assertThat(problems(manager(hosts)))
                .anySatisfy(problem -> assertThat(problem).contains(message));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        route_config: {}, http_filters: []                                                                         | http_filters: none (expected: at least the router)
        route_config: {}, http_filters: [{name: a}]                                                                | http_filters[0] > config_type: CONFIGTYPE_NOT_SET is not supported
        route_config: {}, http_filters: [{name: a, typed_config: {'@type': x/envoy.config.route.v3.RouteConfiguration}}] | http_filters[0] > typed_config: x/envoy.config.route.v3.RouteConfiguration is not supported
        route_config: {}, http_filters: [ROUTER, ROUTER]                                                           | http_filters[0] > typed_config: type.googleapis.com/envoy.extensions.filters.http.router.v3.Router (expected: the router at the end of the chain)
        http_filters: [ROUTER]                                                                                     | route_specifier: ROUTESPECIFIER_NOT_SET is not supported
        route_config: {}, http_filters: [ROUTER], upgrade_configs: [{upgrade_type: CONNECT}]                       | upgrade_configs[0] > upgrade_type: CONNECT is not supported
        route_config: {}, http_filters: [ROUTER], internal_address_config: {cidr_ranges: [{address_prefix: here}]} | internal_address_config > cidr_ranges: here (expected: an IP address and a length)
        """)
    void refusesConnectionManagers(String fields, String message) throws IOException {
        assertThat(problems("{stat_prefix: x, " + fields.replace("ROUTER", ROUTER) + "}"))
                .anySatisfy(problem -> assertThat(problem)
                        .contains("filter_chains[0] > filters[0] > typed_config<HttpConnectionManager> > " + message));
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        address: {pipe: {path: /tmp/x}}                                                   | Listener 'edge' > address > address: PIPE is not supported
        address: {socket_address: {address: edge.test, port_value: 1}}                    | Listener 'edge' > address > socket_address > address: 'edge.test' (expected: an IP address)
        address: {socket_address: {address: 127.0.0.1, port_value: 1, protocol: UDP}}     | Listener 'edge' > address > socket_address > protocol: UDP is not supported
        address: {socket_address: {address: 127.0.0.1, port_value: 1}}                    | Listener 'edge' > filter_chains: none (expected: at least one, or a default_filter_chain)
        filter_chains: [{}, {}]                                                           | Listener 'edge' > filter_chains[1] > filters: 0 of them (expected: one, an HttpConnectionManager)
        filter_chains: [{}]                                                               | Listener 'edge' > filter_chains[0] > filters: 0 of them (expected: one, an HttpConnectionManager)
        default_filter_chain: {filters: [{name: tcp}]}                                    | Listener 'edge' > default_filter_chain > filters[0] > typed_config
        """)
    void refusesListeners(String fields, String message) throws IOException {
        Listener listener =
                read("{name: edge, " + fields + "}", Listener.newBuilder()).build();
        assertThat(problems(listener)).anySatisfy(problem -> assertThat(problem).contains(message));
    }

    @Test
    void refusesBytesThatAreNoMessage() throws IOException {
        Any broken = Any.newBuilder()
                .setTypeUrl("type.googleapis.com/"
                        + HttpConnectionManager.getDescriptor().getFullName())
                .setValue(com.google.protobuf.ByteString.copyFromUtf8("no message"))
                .build();
        assertThat(problems(around(broken)))
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("filters[0] > typed_config: "));
    }

    @Test
    void tellsEverythingAtOnce() throws IOException {
        assertThat(problems(manager("{name: all, domains: ['*'], routes: [{match: {prefix: /}}, {match: {}, route:"
                        + " {cluster: c}}]}")))
                .hasSize(2);
    }

    private static String manager(String hosts) {
        return "{stat_prefix: x, http_filters: [" + ROUTER + "], route_config: {name: routes, virtual_hosts: [" + hosts
                + "]}}";
    }

    private List<String> problems(String manager) throws IOException {
        return problems(around(
                Any.pack(read(manager, HttpConnectionManager.newBuilder()).build())));
    }

    private List<String> problems(Listener listener) {
        Problems problems = Problems.of("Listener 'edge'");
        assertThat(listeners.parse(listener, name -> Optional.empty(), false, problems))
                .isEmpty();
        return problems.list();
    }

    private static Listener around(Any manager) throws IOException {
        return read(
                        "{name: edge, address: {socket_address: {address: 127.0.0.1, port_value: 1}}}",
                        Listener.newBuilder())
                .addFilterChains(
                        FilterChain.newBuilder().addFilters(Filter.newBuilder().setTypedConfig(manager)))
                .build();
    }

    private static <B extends Message.Builder> B read(String yaml, B builder) throws IOException {
        JSON.merge(new ObjectMapper(new YAMLFactory()).readTree(yaml).toString(), builder);
        return builder;
    }
}
