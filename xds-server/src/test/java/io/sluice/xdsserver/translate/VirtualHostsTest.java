package io.sluice.xdsserver.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Rules are read from top to bottom by the person who wrote them, by host first by Envoy: both must come to the same rule. */
class VirtualHostsTest {
    private static final Comparator<String> LONGEST =
            Comparator.comparingInt(String::length).reversed();

    @Property(tries = 3000)
    void theFirstRuleThatMatchesDecidesWhateverHostsTheOthersName(
            @ForAll("rules") List<List<String>> hosts, @ForAll("requestHosts") String host) {
        List<RouteRule> rules = new ArrayList<>();
        for (int i = 0; i < hosts.size(); i++) {
            rules.add(rule("rule-" + i, hosts.get(i)));
        }
        List<VirtualHost> virtualHosts = VirtualHosts.of(rules, VirtualHostsTest::named);

        assertThat(asEnvoyDoes(virtualHosts, host)).isEqualTo(fromTopToBottom(rules, host));
    }

    @Property(tries = 500)
    void noDomainStandsTwice(@ForAll("rules") List<List<String>> hosts) {
        List<RouteRule> rules = hosts.stream().map(each -> rule("rule", each)).toList();

        assertThat(VirtualHosts.of(rules, VirtualHostsTest::named).stream()
                        .flatMap(virtualHost -> virtualHost.getDomainsList().stream()))
                .doesNotHaveDuplicates();
        assertThat(VirtualHosts.of(rules, VirtualHostsTest::named).stream().map(VirtualHost::getName))
                .doesNotHaveDuplicates();
    }

    @Provide
    Arbitrary<List<List<String>>> rules() {
        Arbitrary<String> host = Arbitraries.of(
                "*",
                "a.x.y",
                "b.x.y",
                "a.y",
                "*.y",
                "*.x.y",
                "*-x.y",
                "a.*",
                "a.x.*",
                "b.*",
                "a.x.y:80",
                "*.y:81",
                "[::1]",
                "[::1]:80");
        return host.list().ofMinSize(1).ofMaxSize(3).list().ofMaxSize(6);
    }

    @Provide
    Arbitrary<String> requestHosts() {
        Arbitrary<String> names = Arbitraries.of(
                "a.x.y", "b.x.y", "A.X.Y", "c.x.y", "a.y", "b.y", "x.y", "a-x.y", "a.z", "b.z", "y", "[::1]");
        return names.flatMap(name -> Arbitraries.of("", ":80", ":81", ":9").map(port -> name + port));
    }

    private static RouteRule rule(String name, List<String> hosts) {
        return new RouteRule(
                name,
                "here",
                List.of(),
                hosts,
                new Match(new Path.Prefix("/"), List.of(), List.of(), List.of()),
                new Action.Direct(200, ""),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                HeaderChanges.NONE,
                HeaderChanges.NONE);
    }

    private static Route named(RouteRule rule) {
        return Route.newBuilder().setName(rule.name()).build();
    }

    private static Optional<String> fromTopToBottom(List<RouteRule> rules, String host) {
        return rules.stream()
                .filter(rule ->
                        rule.hosts().stream().anyMatch(pattern -> isMet(pattern, host.toLowerCase(Locale.ROOT))))
                .map(RouteRule::name)
                .findFirst();
    }

    private static boolean isMet(String pattern, String host) {
        String bare = host.replaceFirst(":\\d+$", "");
        String port = host.substring(bare.length());
        String wanted = pattern.replaceFirst("(?<=[\\]a-z*]):\\d+$", "");
        String wantedPort = pattern.substring(wanted.length());
        return (wantedPort.isEmpty() || wantedPort.equals(port)) && isMetByName(wanted, bare);
    }

    private static boolean isMetByName(String pattern, String name) {
        if (pattern.startsWith("*")) {
            String end = pattern.substring(1);
            return name.endsWith(end) && name.length() > end.length();
        }
        if (pattern.endsWith("*")) {
            String begin = pattern.substring(0, pattern.length() - 1);
            return name.startsWith(begin) && name.length() > begin.length();
        }
        return name.equals(pattern);
    }

    // --- Envoy: one virtual host, by the best domain; then its routes in order

    private static Optional<String> asEnvoyDoes(List<VirtualHost> virtualHosts, String host) {
        String name = host.toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
        return best(virtualHosts, name)
                .flatMap(virtualHost -> virtualHost.getRoutesList().stream()
                        .filter(route ->
                                route.getMatch().getHeadersList().stream().allMatch(header -> isMet(header, host)))
                        .map(Route::getName)
                        .findFirst());
    }

    private static Optional<VirtualHost> best(List<VirtualHost> virtualHosts, String name) {
        return domain(virtualHosts, name)
                .flatMap(domain -> virtualHosts.stream()
                        .filter(virtualHost -> virtualHost.getDomainsList().contains(domain))
                        .findFirst());
    }

    private static Optional<String> domain(List<VirtualHost> virtualHosts, String name) {
        List<String> domains = virtualHosts.stream()
                .flatMap(virtualHost -> virtualHost.getDomainsList().stream())
                .filter(domain -> isMetByName(domain, name))
                .toList();
        return domains.stream()
                .filter(name::equals)
                .findFirst()
                .or(() -> domains.stream()
                        .filter(domain -> domain.startsWith("*") && domain.length() > 1)
                        .min(LONGEST))
                .or(() -> domains.stream().filter(domain -> !domain.equals("*")).min(LONGEST))
                .or(() -> domains.stream().findFirst());
    }

    private static boolean isMet(HeaderMatcher header, String host) {
        assertThat(header.getName()).isEqualTo(":authority");
        StringMatcher value = header.getStringMatch();
        assertThat(value.getIgnoreCase()).isTrue();
        return switch (value.getMatchPatternCase()) {
            case PREFIX -> host.toLowerCase(Locale.ROOT).startsWith(value.getPrefix());
            case SUFFIX -> host.toLowerCase(Locale.ROOT).endsWith(value.getSuffix());
            default -> throw new AssertionError(value);
        };
    }
}
