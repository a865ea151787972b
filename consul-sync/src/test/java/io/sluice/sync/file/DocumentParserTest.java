package io.sluice.sync.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ListenerRule.NodeKind;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Limit;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.RegexRewrite;
import io.sluice.sync.model.RouteRule.Retry;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.sync.model.RouteRule.Value;
import io.sluice.sync.model.RouteRule.Value.Kind;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.model.ServicePolicy.Balancing;
import io.sluice.sync.model.ServicePolicy.HealthCheck;
import io.sluice.sync.model.ServicePolicy.OutlierDetection;
import io.sluice.sync.model.ServicePolicy.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentParserTest {

    private static Document parse(String text) {
        return new DocumentParser("file:test").parse("a.yaml", text);
    }

    private static Catalog catalog(String text) {
        CatalogDraft draft = CatalogDraft.of(List.of(parse(text)));
        return draft.catalog(draft.services().stream().map(Written::value).toList(), Set.of(), List.of());
    }

    /** Its only problem, as a person reads it. */
    private static String problem(String text) {
        List<Problem> problems = catalog(text).problems();
        assertThat(problems).hasSize(1);
        return problems.get(0).toString();
    }

    @Test
    void readsTheFiveLines() {
        Catalog catalog = catalog("""
            services:
              orders: [{address: "127.0.0.1:9001", weight: 3, region: eu}, {address: "[::1]:9002", region: us, zone: b, tags: [x], meta: {version: 1.10}, health: warning}]
            routes:
              - match: /orders/**
                to: orders
                limit: {per: address, rate: 60/min}
                retry: {times: 3, on: [connect-failure, 503]}
            """);

        assertThat(catalog.problems()).isEmpty();
        assertThat(catalog.listeners()).containsExactly(ListenerRule.DEFAULT);
        assertThat(catalog.services())
                .containsExactly(new Service(
                        "orders",
                        ServicePolicy.DEFAULT,
                        List.of(
                                new Instance(
                                        "127.0.0.1:9001",
                                        "127.0.0.1",
                                        9001,
                                        3,
                                        Health.PASSING,
                                        "eu",
                                        "",
                                        Map.of(),
                                        List.of()),
                                new Instance(
                                        "[::1]:9002",
                                        "::1",
                                        9002,
                                        1,
                                        Health.WARNING,
                                        "us",
                                        "b",
                                        Map.of("version", "1.10"),
                                        List.of("x")))));
        assertThat(catalog.routes())
                .containsExactly(new RouteRule(
                        "a.yaml/orders/**",
                        "a.yaml:4",
                        List.of(),
                        List.of("*"),
                        new Match(new Path.SegmentPrefix("/orders"), List.of(), List.of(), List.of()),
                        new Action.Forward(
                                List.of(new Target("orders", 1)), Optional.empty(), Optional.empty(), Optional.empty()),
                        Optional.empty(),
                        Optional.of(new Retry(List.of("connect-failure"), List.of(503), 3, Optional.empty())),
                        List.of(new Limit("a.yaml/orders/**", new Limit.Key.Address(), 60, Duration.ofMinutes(1))),
                        HeaderChanges.NONE,
                        HeaderChanges.NONE));
    }

    @Test
    void readsEverythingARouteCanSay() {
        Catalog catalog = catalog("""
            services: {a: ["127.0.0.1:1"], b: ["127.0.0.1:2"]}
            listeners:
              - {name: in, port: 8443, address: "127.0.0.1", region: eu, nodes: envoy}
              - {name: in2, port: 8443, region: us}
            routes:
              - name: all
                match:
                  path: ~/v[0-9]+/(.*)
                  methods: [GET, PUT]
                  headers: {X-A: x, x-b: {prefix: y}, x-c: {present: false}, x-d: {regex: "z+", invert: true}}
                  query: {q: {present: true}, r: "1"}
                hosts: [Shop.example.com, "*.example.com"]
                listeners: in
                to: {a: 90, b: 10}
                rewrite: {regex: "^/v[0-9]+/(.*)$", substitution: '/\\1', host: inner}
                timeout: 0s
                retry: {on: 5xx, per_try_timeout: 250ms}
                limit: [{rate: 5/s}, {per: "header:X-Team", rate: 7 / day, name: team}]
                headers: {request: {set: {X-Set: on}, remove: X-Gone}, response: {add: {x-add: "100%%"}}}
            """);

        assertThat(catalog.problems()).isEmpty();
        assertThat(catalog.listeners())
                .containsExactly(
                        new ListenerRule("in", "127.0.0.1", 8443, Optional.of("eu"), NodeKind.ENVOY),
                        new ListenerRule("in2", "0.0.0.0", 8443, Optional.of("us"), NodeKind.ANY));
        assertThat(catalog.routes())
                .containsExactly(new RouteRule(
                        "all",
                        "a.yaml:6",
                        List.of("in"),
                        List.of("shop.example.com", "*.example.com"),
                        new Match(
                                new Path.Regex("/v[0-9]+/(.*)"),
                                List.of("GET", "PUT"),
                                List.of(
                                        new Value("x-a", Kind.EXACT, "x", false),
                                        new Value("x-b", Kind.PREFIX, "y", false),
                                        new Value("x-c", Kind.PRESENT, "", true),
                                        new Value("x-d", Kind.REGEX, "z+", true)),
                                List.of(
                                        new Value("q", Kind.PRESENT, "", false),
                                        new Value("r", Kind.EXACT, "1", false))),
                        new Action.Forward(
                                List.of(new Target("a", 90), new Target("b", 10)),
                                Optional.empty(),
                                Optional.of(new RegexRewrite("^/v[0-9]+/(.*)$", "/\\1")),
                                Optional.of("inner")),
                        Optional.of(Duration.ZERO),
                        Optional.of(new Retry(List.of("5xx"), List.of(), 1, Optional.of(Duration.ofMillis(250)))),
                        List.of(
                                new Limit("all", new Limit.Key.Everyone(), 5, Duration.ofSeconds(1)),
                                new Limit("team", new Limit.Key.Header("x-team"), 7, Duration.ofDays(1))),
                        new HeaderChanges(List.of("x-gone"), Map.of("x-set", "on"), Map.of()),
                        new HeaderChanges(List.of(), Map.of(), Map.of("x-add", "100%%"))));
    }

    @Test
    void readsPoliciesBesideInstancesAndApart() {
        Catalog catalog = catalog("""
            services:
              a:
                instances: ["127.0.0.1:1"]
                protocol: grpc
                lb: least_request
                connect_timeout: 2s
                health_check: {path: /health}
                outlier: {consecutive_5xx: 3}
                limits: {connections: 1, pending: 2, requests: 3, retries: 0}
              b: ["127.0.0.1:2"]
            policies:
              b: {lb: random, outlier: {interval: 1s, ejection: 2m, max_percent: 50}, health_check: {path: /, interval: 1s, timeout: 500ms, healthy: 1, unhealthy: 4}}
            """);

        assertThat(catalog.problems()).isEmpty();
        assertThat(catalog.services().get(0).policy())
                .isEqualTo(new ServicePolicy(
                        Protocol.HTTP2,
                        Balancing.LEAST_REQUEST,
                        Optional.of(Duration.ofSeconds(2)),
                        Optional.of(new HealthCheck("/health", Duration.ofSeconds(5), Duration.ofSeconds(1), 2, 3)),
                        Optional.of(new OutlierDetection(3, Duration.ofSeconds(10), Duration.ofSeconds(30), 10)),
                        OptionalInt.of(1),
                        OptionalInt.of(2),
                        OptionalInt.of(3),
                        OptionalInt.of(0),
                        Optional.empty()));
        assertThat(catalog.services().get(1).policy())
                .isEqualTo(new ServicePolicy(
                        Protocol.HTTP1,
                        Balancing.RANDOM,
                        Optional.empty(),
                        Optional.of(new HealthCheck("/", Duration.ofSeconds(1), Duration.ofMillis(500), 1, 4)),
                        Optional.of(new OutlierDetection(5, Duration.ofSeconds(1), Duration.ofMinutes(2), 50)),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        Optional.empty()));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        /a           | Exact[value=/a]
        /            | Exact[value=/]
        /a/**        | SegmentPrefix[value=/a]
        /**          | Prefix[value=/]
        /a*          | Prefix[value=/a]
        ~/a/[0-9]+   | Regex[value=/a/[0-9]+]
        GET,POST /a  | Exact[value=/a]
        """)
    void readsPaths(String match, String expected) {
        RouteRule route = catalog("routes: [{match: \"" + match + "\", respond: {status: 200}}]")
                .routes()
                .get(0);

        assertThat(route.match().path()).hasToString(expected);
        assertThat(route.match().methods()).isEqualTo(match.startsWith("GET") ? List.of("GET", "POST") : List.of());
    }

    /** The path and reason of what is wrong in one route that is good but for this. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        # match
        match: a                                   | match: path 'a' (expected: /a for that path, /a/** for all under it, /a* for a prefix, or ~regex)
        match: /a/*                                | match: path '/a/*' could mean one segment or all (expected: /a/** for all under it, or ~/a/[^/]+ for one segment)
        match: /a*b                                | match: path '/a*b' (expected: /a for that path, /a/** for all under it, /a* for a prefix, or ~regex)
        match: /a?b=c                              | match: path '/a?b=c' (expected: a path without ? and #; parameters under query)
        match: /a//**                              | match: path '/a//**' (expected: /a/**)
        match: ~/a(                                | match: regex '/a(': missing closing ) (expected: RE2 syntax, that matches the whole text)
        match: ~/(?=a)                             | match: regex '/(?=a)': invalid or unsupported Perl syntax (expected: RE2 syntax, that matches the whole text)
        match: get /a                              | match: method 'get' (expected: a method in capitals, such as GET)
        match: [/a]                                | match: a list (expected: a mapping, 'name: value')
        match:                                     | match: empty (expected: a mapping, 'name: value')
        match: {}                                  | match: matches nothing in particular (expected: path, methods, headers or query; path: /** for everything)
        match: {pth: /a}                           | match.pth: unknown word 'pth' (expected: path)
        match: {headers: {"x y": z}}               | match.headers.x y: header name 'x y' (expected: a header's name, such as x-team)
        match: {headers: {x: {exakt: z}}}          | match.headers.x.exakt: unknown word 'exakt' (expected: exact)
        match: {headers: {x: {exact: z, prefix: z}}} | match.headers.x: 2 conditions on 'x' (expected: one of contains, exact, prefix, present, regex, suffix)
        match: {headers: {x: {present: ja}}}       | match.headers.x.present: ja (expected: true or false)
        match: {headers: {x: {prefix: ""}}}        | match.headers.x.prefix: '' (expected: what to look for)
        match: {query: {q: {present: false}}}      | match.query.q: a parameter that must not be there, or not so (expected: present: true, or a value)
        match: {path: /a, path: /b}                | match.path: stands here a second time, first on line 3 (expected: once)
        # hosts, names, listeners
        hosts: http://a                            | hosts: host 'http://a' (expected: shop.example.com, *.example.com, www.* or *)
        hosts: ["a.*.com"]                         | hosts[0]: host 'a.*.com' (expected: shop.example.com, *.example.com, www.* or *)
        name: a b                                  | name: name 'a b' (expected: at most 200 ASCII characters without spaces)
        listeners: {a: b}                          | listeners: a mapping (expected: text)
        # to
        to:                                        | to: empty (expected: a mapping, 'name: value')
        to: []                                     | to: no service with a weight (expected: at least one service, with a weight above 0)
        to: {a: 0}                                 | to: no service with a weight (expected: at least one service, with a weight above 0)
        to: {a: -1}                                | to.a: -1 (expected: 0..1000000)
        to: {a: much}                              | to.a: much (expected: 0..1000000)
        to: [{weight: 1}]                          | to[0]: 'service' is missing (expected: 'service')
        to: [a, a]                                 | to: service 'a' stands here twice (expected: each service once)
        to: [{service: a, wait: 1}]                | to[0].wait: unknown word 'wait' (expected: one of service, weight)
        # timeouts and retries
        timeout: 5                                 | timeout: 5 (expected: a duration with its unit, such as 5s or 250ms)
        timeout: 5 s                               | timeout: 5 s (expected: a duration with its unit, such as 5s or 250ms)
        timeout: -5s                               | timeout: -5s (expected: a duration with its unit, such as 5s or 250ms)
        timeout: 999999999d                        | timeout: 999999999d (expected: at most 365d)
        timeot: 5s                                 | timeot: unknown word 'timeot' (expected: timeout)
        retry: 3                                   | retry: 3 (expected: a mapping, 'name: value')
        retry: {times: 0}                          | retry.times: 0 (expected: 1..100)
        retry: {times: 99999999999}                | retry.times: 99999999999 (expected: 1..100)
        retry: {on: conect-failure}                | retry.on: unknown word 'conect-failure' (expected: connect-failure, or a status code such as 503)
        retry: {on: [5xx, 999]}                    | retry.on[1]: 999 (expected: 100..599)
        retry: {per_try_timeout: 0s}               | retry.per_try_timeout: 0s (expected: more than 0s)
        # limits
        limit: {per: everyone}                     | limit: 'rate' is missing (expected: 'rate')
        limit: {rate: 60}                          | limit.rate: rate '60' (expected: requests per s, min, h or d, such as 60/min)
        limit: {rate: 60/month}                    | limit.rate: unit 'month' (expected: requests per s, min, h or d, such as 60/min)
        limit: {rate: 5000000000/s}                | limit.rate: rate '5000000000/s' (expected: at most 4294967295 requests)
        limit: {per: user, rate: 1/s}              | limit.per: unknown word 'user' (expected: everyone, address, sub, claim:NAME or header:NAME)
        limit: {per: sub, rate: 1/s}               | : limits by a claim and asks for no token (expected: auth: {jwt: PROVIDER} beside it)
        limit: {per: "claim:", rate: 1/s}          | limit.per: claim '' (expected: at most 100 ASCII characters without spaces)
        limit: {per: "header:", rate: 1/s}         | limit.per: header name '' (expected: a header's name, such as x-team)
        limit: [{rate: 1/s}, {rate: x}]            | limit[1].rate: rate 'x' (expected: requests per s, min, h or d, such as 60/min)
        # rewrites and headers
        rewrite: {}                                | rewrite: rewrites nothing (expected: prefix, regex with substitution, or host)
        rewrite: {prefix: a}                       | rewrite.prefix: 'a' (expected: a path that begins with /)
        rewrite: {regex: a}                        | rewrite: 'regex' and 'substitution' go together (expected: both, or neither)
        rewrite: {regex: "(a)", substitution: '\\2'} | rewrite.substitution: '\\2' in '\\2' (expected: \\0 to \\1, or \\\\)
        rewrite: {prefix: /, regex: a, substitution: b} | rewrite.prefix: 'prefix' beside 'regex' (expected: one of them)
        rewrite: {host: a b}                       | rewrite.host: host 'a b' (expected: a host, such as shop.example.com)
        headers: {request: {set: {host: a}}}       | headers.request.set.host: 'host' is not changed as a header (expected: rewrite: {host: ...})
        headers: {request: {set: {":path": a}}}    | headers.request.set.:path: header name ':path' (expected: a header's name, such as x-team)
        headers: {request: {set: {a: "b\\nc"}}}    | headers.request.set.a: a value with a control character (expected: one line of text)
        headers: {request: {add: [a]}}             | headers.request.add: a list (expected: a mapping, 'name: value')
        headers: {reqest: {}}                      | headers.reqest: unknown word 'reqest' (expected: request)
        # what is not there yet
        mirror: b                                  | mirror: 'mirror' is not supported yet (expected: any of auth, headers, hosts, limit, listeners, match, name, redirect, respond, retry, rewrite, timeout, to)
        cache: 5s                                  | cache: 'cache' is not supported yet (expected: any of auth, headers, hosts, limit, listeners, match, name, redirect, respond, retry, rewrite, timeout, to)
        # tokens
        auth: {}                                   | auth: 'jwt' is missing (expected: 'jwt')
        auth: {jwt: corp, optional: maybe}         | auth.optional: maybe (expected: true or false)
        # one end
        redirect: {path: /b}                       | : leads to more than one end (expected: one of to, redirect, respond)
        """)
    void refusesARouteWith(String line, String expected) {
        String route = "routes:\n  - " + line + "\n";
        route += line.startsWith("match:") ? "" : "    match: /a\n";
        route += line.startsWith("to:") ? "" : "    to: a\n";

        Catalog catalog = catalog("services: {a: ['127.0.0.1:1']}\n" + route);

        String at = expected.startsWith(": ") ? "routes[0]" : "routes[0].";
        assertThat(catalog.problems()).map(Problem::toString).containsExactly("a.yaml:3 " + at + expected);
        assertThat(catalog.routes()).allMatch(kept -> kept.action().equals(new Action.Direct(503, "")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        {match: /a}                                              | leads nowhere (expected: one of to, redirect, respond)
        {respond: {status: 200}}                                 | 'match' is missing (expected: 'match')
        {match: /a, respond: {}}                                 | 'status' is missing (expected: 'status')
        {match: /a, respond: {status: 99}}                       | 99 (expected: 200..599)
        {match: /a, respond: {status: 200}, retry: {times: 2}}   | means nothing without 'to' (expected: only beside 'to')
        {match: /a, respond: {status: 200}, limit: {rate: 1/s}}  | means nothing without 'to' (expected: only beside 'to')
        {match: /a, redirect: {}}                                | leads to where it came from (expected: scheme, host, port, path or prefix)
        {match: /a, redirect: {path: /b, prefix: /c}}            | 'prefix' beside 'path' (expected: one of them)
        {match: /a, redirect: {path: /b, status: 200}}           | unknown word '200' (expected: one of 301, 302, 303, 307, 308)
        {match: /a, redirect: {scheme: ftp}}                     | unknown word 'ftp' (expected: one of http, https)
        {match: /a, redirect: {port: 0}}                         | 0 (expected: 1..65535)
        {match: ~/a, redirect: {prefix: /b}}                     | redirects the prefix of a regex path (expected: redirect: {path})
        {match: ~/a, to: a, rewrite: {prefix: /b}}               | rewrites the prefix of a regex path (expected: rewrite: {regex, substitution})
        {match: /a, to: b}                                       | leads to service 'b', which is not there (expected: a)
        {match: /a, to: a, auth: {jwt: corp}}                    | asks for tokens of 'corp', which is not there (expected: there is none yet)
        {match: /a, to: a, listeners: egde}                      | on listener 'egde', which is not there (expected: edge)
        text                                                     | text (expected: a mapping, 'name: value')
        """)
    void refusesTheRoute(String route, String expected) {
        assertThat(problem("services: {a: ['127.0.0.1:1']}\nroutes:\n  - " + route))
                .startsWith("a.yaml:3 routes[0]")
                .endsWith(": " + expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        route: []                                                 | a.yaml:1 route: unknown word 'route' (expected: routes)
        consumers: []                                             | a.yaml:1 consumers: 'consumers' is not supported yet (expected: one of certificates, listeners, policies, providers, routes, services)
        routes: {}                                                | a.yaml:1 routes: a mapping (expected: a list)
        services: []                                              | a.yaml:1 services: a list (expected: a mapping, 'name: value')
        just text                                                 | a.yaml:1: just text (expected: a mapping, 'name: value')
        routes: [\\n  {match: /a                                | a.yaml:2: does not parse: expected ',' or '}', but got <stream end> (expected: YAML; see docs/yaml.md)
        a: b: c                                                 | a.yaml:1: does not parse: mapping values are not allowed here (expected: YAML; see docs/yaml.md)
        a: *b                                                   | a.yaml:1: does not parse: found undefined alias b (expected: YAML; see docs/yaml.md)
        {? [a] : b}                                             | a.yaml:1: a key that is not text (expected: 'name: value')
        <<: {}                                                  | a.yaml:1 <<: unknown word '<<' (expected: one of certificates, listeners, policies, providers, routes, services)
        services: {a: {}}                                         | a.yaml:1 services.a: 'instances' is missing (expected: 'instances')
        services: {a: 1}                                          | a.yaml:1 services.a: 1 (expected: a mapping, 'name: value')
        services: {"a b": []}                                     | a.yaml:1 services.a b: name 'a b' (expected: at most 128 ASCII characters without spaces)
        services: {a: [localhost:80]}                             | a.yaml:1 services.a[0]: address 'localhost:80' (expected: an IP address, such as 10.0.0.7 or fd00::7, and its port)
        services: {a: ["127.0.0.1"]}                              | a.yaml:1 services.a[0]: address '127.0.0.1' (expected: IP:PORT, such as 10.0.0.7:80 or [fd00::7]:80)
        services: {a: ["::1:80"]}                                 | a.yaml:1 services.a[0]: address '::1:80' (expected: IP:PORT, such as 10.0.0.7:80 or [fd00::7]:80)
        services: {a: ["127.0.0.1:0"]}                            | a.yaml:1 services.a[0]: port '0' (expected: 1..65535)
        services: {a: ["127.0.0.1:70000"]}                        | a.yaml:1 services.a[0]: port '70000' (expected: 1..65535)
        services: {a: ["0.0.0.0:80"]}                             | a.yaml:1 services.a[0]: address '0.0.0.0:80' (expected: an IP address, such as 10.0.0.7 or fd00::7, and its port)
        services: {a: ["127.0.0.1:1", "127.0.0.1:1"]}             | a.yaml:1 services.a[1]: 127.0.0.1:1 stands here twice (expected: each address once)
        services: {a: [{address: "127.0.0.1:1", weight: 70000}]}  | a.yaml:1 services.a[0].weight: 70000 (expected: 0..65535)
        services: {a: [{address: "127.0.0.1:1", health: ill}]}    | a.yaml:1 services.a[0].health: unknown word 'ill' (expected: one of critical, maintenance, passing, warning)
        services: {a: [{weight: 1}]}                              | a.yaml:1 services.a[0]: 'address' is missing (expected: 'address')
        services: {a: {instances: [], lb: fair}}                  | a.yaml:1 services.a.lb: unknown word 'fair' (expected: one of least_request, random, round_robin)
        services: {a: {instances: [], protocol: http3}}           | a.yaml:1 services.a.protocol: unknown word 'http3' (expected: http1)
        services: {a: {instances: [], health_check: {}}}          | a.yaml:1 services.a.health_check: 'path' is missing (expected: 'path')
        services: {a: {instances: [], subsets: {}}}               | a.yaml:1 services.a.subsets: 'subsets' is not supported yet (expected: any of connect_timeout, health_check, instances, lb, limits, outlier, protocol, tls)
        services: {a: [], a: []}                                  | a.yaml:1 services.a: stands here a second time, first on line 1 (expected: once)
        policies: {b: {lb: random}}                               | a.yaml:1 policies.b: policy for service 'b', which is not there (expected: there is none yet)
        policies: {b: {outlier: {max_percent: 101}}}              | a.yaml:1 policies.b.outlier.max_percent: 101 (expected: 0..100)
        providers: {a: {keys: '{"keys": [{}]}'}}                  | a.yaml:1 providers.a: 'issuer' is missing (expected: 'issuer')
        providers: {a: {issuer: i}}                               | a.yaml:1 providers.a: 'keys' is missing (expected: 'keys')
        providers: {a: {issuer: i, keys: hello}}                  | a.yaml:1 providers.a.keys: keys that are no set (expected: {service, path}, or a text such as '{"keys": [...]}')
        providers: {a: {issuer: i, keys: '{"keys": []}'}}         | a.yaml:1 providers.a.keys: keys that are no set (expected: {service, path}, or a text such as '{"keys": [...]}')
        providers: {a: {issuer: i, keys: {service: b, path: c}}}  | a.yaml:1 providers.a.keys.path: path 'c' (expected: a path such as /certs)
        providers: {a: {issuer: i, keys: {service: b, path: /c}}} | a.yaml:1 providers.a: keys from service 'b', which is not there (expected: there is none yet)
        listeners: [{name: a}]                                    | a.yaml:1 listeners[0]: 'port' is missing (expected: 'port')
        listeners: [{name: a, port: 65536}]                       | a.yaml:1 listeners[0].port: 65536 (expected: 0..65535)
        listeners: [{name: a, port: 1, address: localhost}]       | a.yaml:1 listeners[0].address: address 'localhost' (expected: an IP address, such as 10.0.0.7 or fd00::7)
        listeners: [{name: a, port: 1, nodes: envoys}]            | a.yaml:1 listeners[0].nodes: unknown word 'envoys' (expected: envoy)
        listeners: [{name: a, port: 1}, {name: b, port: 1}]       | a.yaml:1 listeners[1]: port 1 is taken by 'a' at a.yaml:1 (expected: another port or address, or another region or kind of nodes)
        listeners: [{name: a, port: 1}, {name: a, port: 2}]       | a.yaml:1 listeners[1]: 'a' stands here a second time, first at a.yaml:1 (expected: once)
        listeners: [{name: a, port: !!str 1, filters: {}}]        | a.yaml:1 listeners[0].filters: 'filters' is not supported yet (expected: any of address, name, nodes, port, region, tls)
        listeners: [{name: !secret a, port: 1}]                   | a.yaml:1 listeners[0].name: tag !secret (expected: text without a tag)
        """)
    void refuses(String text, String expected) {
        assertThat(problem(text.replace("\\n", "\n"))).isEqualTo(expected);
    }

    @Test
    void saysEverythingThatIsWrongInOneRoute() {
        assertThat(catalog("""
            routes:
              - match: /a
                to: {a: x, b: y}
                timeot: 5s
                retry:
                  times: 0
                  when: 5xx
            """).problems())
                .map(Problem::toString)
                .containsExactly(
                        "a.yaml:3 routes[0].to.a: x (expected: 0..1000000)",
                        "a.yaml:3 routes[0].to.b: y (expected: 0..1000000)",
                        "a.yaml:6 routes[0].retry.times: 0 (expected: 1..100)",
                        "a.yaml:7 routes[0].retry.when: unknown word 'when' (expected: one of on, per_try_timeout,"
                                + " times)",
                        "a.yaml:4 routes[0].timeot: unknown word 'timeot' (expected: timeout)");
    }

    @Test
    void leavesOutOnlyWhatIsWrong() {
        Catalog catalog = catalog("""
            services:
              a: ["127.0.0.1:1", "127.0.0.1:70000", "localhost:1"]
              b: nonsense
            listeners: [{name: in, port: 1}, {name: out, port: x}]
            routes:
              - {match: /1, to: a}
              - {match: /2, to: a, auth: {jwt: corp}}
              - {match: 3, to: a}
              - {match: /4, to: a, listeners: [in]}
            """);

        assertThat(catalog.services()).hasSize(1);
        assertThat(catalog.services().get(0).instances()).map(Instance::id).containsExactly("127.0.0.1:1");
        assertThat(catalog.listeners()).map(ListenerRule::name).containsExactly("in");
        assertThat(catalog.routes()).map(RouteRule::name).containsExactly("a.yaml/1", "a.yaml/2", "a.yaml/4");
        assertThat(catalog.routes().get(1).action()).isEqualTo(new Action.Direct(503, ""));
        assertThat(catalog.problems()).hasSize(6);
    }

    @Test
    void opensNoDefaultPortInPlaceOfARefusedListener() {
        assertThat(catalog("listeners: [{name: edge, port: x}]").listeners()).isEmpty();
    }

    @Test
    void publishesAMissingServiceWithoutInstances() {
        Catalog catalog = catalog("routes: [{match: /a, to: later}]");

        assertThat(catalog.services()).containsExactly(new Service("later", ServicePolicy.DEFAULT, List.of()));
        assertThat(catalog.routes().get(0).action()).isInstanceOf(Action.Forward.class);
    }

    @Test
    void givesEachRouteAName() {
        assertThat(catalog("""
            routes:
              - {match: /a, hosts: x, respond: {status: 200}}
              - {match: /a, respond: {status: 200}}
              - {name: mine, match: /b, respond: {status: 200}}
              - {name: mine, match: /c, respond: {status: 200}}
            """).routes())
                .map(RouteRule::name)
                .containsExactly("a.yaml/a", "a.yaml/a#2", "mine", "mine@a.yaml:5");
    }

    @Test
    void refusesAliasesThatMultiply() {
        StringBuilder laughs = new StringBuilder("a: &a0 [x]\n");
        for (int i = 1; i <= 60; i++) {
            laughs.append("b").append(i).append(": [*a0, *a0]\n");
        }

        assertThat(problem(laughs.toString())).contains("does not parse: Number of aliases");
    }

    @Test
    void readsAllDocumentsOfAText() {
        assertThat(catalog("services: {a: []}\n---\nservices: {b: []}\n---\n").services())
                .map(Service::name)
                .containsExactly("a", "b");
    }
}
