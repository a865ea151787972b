package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which virtual host and which route a request meets. Source: Envoy docs, config.route.v3.VirtualHost, "domains"; config_impl.cc. */
class RouteTableTest {
    private static final List<VirtualHost.Entry<String>> NO_ROUTES = List.of();

    @ParameterizedTest(name = "{1} among {0}: {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        a.com                  | a.com          | a.com
        a.com                  | A.Com          | a.com
        A.COM                  | a.com          | A.COM
        a.com                  | b.com          | -
        a.com                  | a.com:8080     | -
        a.com:8080             | a.com:8080     | a.com:8080
        a.com *                | a.com:8080     | *
        *.a.com                | x.a.com        | *.a.com
        *.a.com                | a.com          | -
        *.a.com                | .a.com         | -
        *.a.com                | x.y.a.com      | *.a.com
        *-x.a.com              | b-x.a.com      | *-x.a.com
        *-x.a.com              | -x.a.com       | -
        *.com *.a.com          | x.a.com        | *.a.com
        *.com *.a.com          | x.b.com        | *.com
        a.*                    | a.org          | a.*
        a.*                    | a.             | -
        a.* a.b.*              | a.b.org        | a.b.*
        a.* *.org              | a.org          | *.org
        a.org a.* *.org *      | a.org          | a.org
        *                      | anything       | *
        *.a.com *              | b.com          | *
        *.a.com                | x.a.com:80     | -
        *.a.com *.a.com:80     | x.a.com:80     | *.a.com:80
        [::1]                  | [::1]          | [::1]
        """)
    void choosesTheVirtualHost(String domains, String authority, @Nullable String expected) {
        assertThat(chosen(domains, authority, false)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{1} among {0}: {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        a.com         | a.com:8080      | a.com
        a.com         | A.COM:8080      | a.com
        a.com         | a.com           | a.com
        a.com:8080    | a.com:8080      | -
        *.a.com       | x.a.com:80      | *.a.com
        [::1]         | [::1]:443       | [::1]
        [::1]         | [::1]           | [::1]
        """)
    void disregardsThePortWhereToldTo(String domains, String authority, @Nullable String expected) {
        assertThat(chosen(domains, authority, true)).isEqualTo(expected);
    }

    private static @Nullable String chosen(String domains, String authority, boolean ignorePort) {
        List<VirtualHost<String>> hosts = Stream.of(domains.split(" "))
                .map(domain -> host(domain, NO_ROUTES, domain))
                .toList();
        VirtualHost<String> found = RouteTable.of(hosts, ignorePort).virtualHost(new FakeRequest(authority, "/"));
        return found == null ? null : found.name();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.com A.com", "* *", "*.a.com *.A.com", "a.* a.*"})
    void refusesADomainThatStandsTwice(String domains) {
        String[] two = domains.split(" ");
        List<VirtualHost<String>> hosts = List.of(host("first", NO_ROUTES, two[0]), host("second", NO_ROUTES, two[1]));
        assertThat(RouteTable.firstTwice(hosts)).contains(two[1]);
        assertThatThrownBy(() -> RouteTable.of(hosts, false)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesDomainsThatOnlyLookAlike() {
        List<VirtualHost<String>> hosts = List.of(
                host("first", NO_ROUTES, "a.com", "*.a.com", "a.com:80"), host("second", NO_ROUTES, "a.*", "*"));
        assertThat(RouteTable.firstTwice(hosts)).isEmpty();
        assertThat(RouteTable.of(hosts, false)).isNotNull();
    }

    @ParameterizedTest(name = "{1} among {0}: {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        regex:/a.* exact:/a             | /a      | 0
        exact:/a regex:/a.*             | /a      | 0
        prefix:/ exact:/a               | /a      | 0
        exact:/a prefix:/               | /b      | 1
        prefix:/a/b prefix:/a prefix:/  | /a/c    | 1
        prefix:/a prefix:/a/b           | /a/b    | 0
        segment:/a prefix:/a            | /ab     | 1
        EXACT:/A exact:/a               | /a      | 0
        exact:/a EXACT:/A               | /a      | 0
        PREFIX:/A/ prefix:/a            | /a/b    | 0
        prefix:/b                       | /a      | -
        exact:/a exact:/a               | /a      | 0
        """)
    void takesTheFirstRouteThatMatches(String routes, String path, @Nullable String expected) {
        String[] kinds = routes.split(" ");
        var entries = IntStream.range(0, kinds.length)
                .mapToObj(i -> new VirtualHost.Entry<>(onlyPath(Paths.of(kinds[i])), String.valueOf(i)))
                .toList();
        RouteTable<String> table = RouteTable.of(List.of(host("all", entries, "*")), false);
        assertThat(table.match(new FakeRequest("a.com", path))).isEqualTo(expected);
    }

    @Test
    void doesNotLookIntoAnotherHostWhenNoRouteMatches() {
        var specific = List.of(new VirtualHost.Entry<>(onlyPath(Paths.of("exact:/a")), "specific"));
        var any = List.of(new VirtualHost.Entry<>(onlyPath(Paths.of("prefix:/")), "any"));
        RouteTable<String> table =
                RouteTable.of(List.of(host("specific", specific, "a.com"), host("any", any, "*")), false);
        assertThat(table.match(new FakeRequest("a.com", "/b"))).isNull();
        assertThat(table.match(new FakeRequest("b.com", "/b"))).isEqualTo("any");
    }

    /** What is counted is what a match costs: how many routes were asked for more than their path. */
    @ParameterizedTest(name = "{0} routes")
    @ValueSource(ints = {10, 1_000, 10_000})
    void asksOnlyTheRoutesWhosePathFits(int routes) {
        var entries = IntStream.range(0, routes)
                .mapToObj(i -> new VirtualHost.Entry<>(
                        new RouteMatch(
                                Paths.of((i % 2 == 0 ? "exact:/service-" : "segment:/service-") + i),
                                List.of(new HeaderMatcher("x-tenant", new ValueMatcher.Present(), false, false)),
                                List.of(),
                                false,
                                null),
                        i))
                .toList();
        RouteTable<Integer> table = RouteTable.of(List.of(host("all", entries, "*")), false);
        FakeRequest last = new FakeRequest("a.com", "/service-" + (routes - 1) + "/x").header("x-tenant", "t");
        assertThat(table.match(last)).isEqualTo(routes - 1);
        assertThat(last.headerAsked()).isEqualTo(1);
    }

    private static RouteMatch onlyPath(PathMatcher path) {
        return new RouteMatch(path, List.of(), List.of(), false, null);
    }

    private static <T> VirtualHost<T> host(String name, List<VirtualHost.Entry<T>> routes, String... domains) {
        return new VirtualHost<>(name, List.of(domains), VirtualHost.TlsRequirement.NONE, routes);
    }
}
