package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;

/** The index answers what Envoy's plain scan answers: the most specific host, then the first of its routes that matches. */
class RouteIndexPropertyTest {
    /** Few letters, so that matchers overlap. */
    private static final String[] SEGMENTS = {"a", "b", "ab", "A", "aB", ""};

    private static final String[] LABELS = {"a", "b", "ab"};

    @Property(tries = 3_000, edgeCases = EdgeCasesMode.NONE, shrinking = ShrinkingMode.BOUNDED)
    void findsTheRouteThatAPlainScanFindsAndSaysWhy(
            @ForAll("tables") List<VirtualHost<Integer>> hosts,
            @ForAll boolean ignorePort,
            @ForAll("requests") List<FakeRequest> requests) {
        RouteTable<Integer> table = RouteTable.of(hosts, ignorePort);
        for (FakeRequest request : requests) {
            Integer expected = scan(hosts, ignorePort, request);
            assertThat(table.match(request)).as("%s", request).isEqualTo(expected);
            RouteExplanation<Integer> why = table.explain(request);
            assertThat(why.chosen().map(one -> one.entry().target()).orElse(null))
                    .as("%s", why)
                    .isEqualTo(expected);
            for (RouteExplanation.Tried<Integer> one : why.tried()) {
                assertThat(one.unmet() == null)
                        .as("%s of %s", one, request)
                        .isEqualTo(one.entry().match().matches(request));
            }
        }
    }

    private static @Nullable Integer scan(List<VirtualHost<Integer>> hosts, boolean ignorePort, FakeRequest request) {
        String name = request.authority().toLowerCase(Locale.ROOT);
        if (ignorePort) {
            name = name.replaceFirst(":[0-9]*$", "");
        }
        VirtualHost<Integer> best = null;
        int bestRank = 0;
        for (VirtualHost<Integer> host : hosts) {
            for (String domain : host.domains()) {
                int rank = rank(domain.toLowerCase(Locale.ROOT), name);
                if (rank > bestRank) {
                    bestRank = rank;
                    best = host;
                }
            }
        }
        if (best != null) {
            for (VirtualHost.Entry<Integer> entry : best.routes()) {
                if (entry.match().matches(request)) {
                    return entry.target();
                }
            }
        }
        return null;
    }

    /** 0 where the domain is not for the name; the higher, the more it is. */
    private static int rank(String domain, String name) {
        int length = domain.length();
        if (domain.equals("*")) {
            return 1;
        }
        if (domain.startsWith("*")) {
            return name.length() >= length && name.endsWith(domain.substring(1)) ? 10_000 + length : 0;
        }
        if (domain.endsWith("*")) {
            return name.length() >= length && name.startsWith(domain.substring(0, length - 1)) ? 100 + length : 0;
        }
        return domain.equals(name) ? 1_000_000 : 0;
    }

    @Provide
    Arbitrary<List<VirtualHost<Integer>>> tables() {
        Arbitrary<RouteMatch> match = Combinators.combine(
                        paths(), headers().list().ofMaxSize(1), queries().list().ofMaxSize(1))
                .as((path, headers, queries) -> new RouteMatch(path, headers, queries, false, null));
        Arbitrary<VirtualHost<Integer>> host = Combinators.combine(
                        domains().list().ofMinSize(1).ofMaxSize(3), match.list().ofMaxSize(20))
                .as((domains, matches) ->
                        new VirtualHost<>("", domains, VirtualHost.TlsRequirement.NONE, numbered(matches)));
        return host.list().ofMinSize(1).ofMaxSize(4).map(RouteIndexPropertyTest::withoutTwins);
    }

    private static List<VirtualHost.Entry<Integer>> numbered(List<RouteMatch> matches) {
        var entries = new ArrayList<VirtualHost.Entry<Integer>>();
        for (RouteMatch match : matches) {
            entries.add(new VirtualHost.Entry<>(match, entries.size()));
        }
        return entries;
    }

    /** Tells routes of different hosts apart, and drops domains that stand twice. */
    private static List<VirtualHost<Integer>> withoutTwins(List<VirtualHost<Integer>> hosts) {
        Set<String> seen = new HashSet<>();
        var kept = new ArrayList<VirtualHost<Integer>>();
        for (VirtualHost<Integer> host : hosts) {
            int base = 100 * kept.size();
            kept.add(new VirtualHost<>(
                    "host-" + kept.size(),
                    host.domains().stream()
                            .filter(domain -> seen.add(domain.toLowerCase(Locale.ROOT)))
                            .toList(),
                    host.tls(),
                    host.routes().stream()
                            .map(entry -> new VirtualHost.Entry<>(entry.match(), base + entry.target()))
                            .toList()));
        }
        return kept;
    }

    private static Arbitrary<String> domains() {
        return Combinators.combine(
                        Arbitraries.of("", "*", "*.", "*-"), names(), Arbitraries.of("", "", ".*", ":80", "*"))
                .as((before, name, after) -> before.isEmpty() || after.isEmpty() ? before + name + after : "*");
    }

    private static Arbitrary<String> names() {
        return Arbitraries.of(LABELS)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3)
                .flatMap(labels -> Arbitraries.of(".", "-").map(dot -> String.join(dot, labels)));
    }

    private static Arbitrary<String> texts() {
        return Arbitraries.of(SEGMENTS).list().ofMaxSize(3).map(segments -> "/" + String.join("/", segments));
    }

    private static Arbitrary<PathMatcher> paths() {
        return Combinators.combine(Arbitraries.of(0, 0, 1, 1, 2, 2, 3), texts(), Arbitraries.of(true, true, false))
                .as((kind, text, caseSensitive) -> switch (kind) {
                    case 0 -> new PathMatcher.Exact(text, caseSensitive);
                    case 1 -> new PathMatcher.Prefix(text, caseSensitive);
                    case 2 -> new PathMatcher.SegmentPrefix(text, caseSensitive);
                    default -> new PathMatcher.Regex(Pattern.compile(text + "[ab]?.*"));
                });
    }

    private static Arbitrary<HeaderMatcher> headers() {
        return Combinators.combine(
                        Arbitraries.of("x-a", "x-b"),
                        Arbitraries.of(new ValueMatcher.Present(), new ValueMatcher.Exact("a", false)),
                        Arbitraries.of(true, false),
                        Arbitraries.of(true, false))
                .as(HeaderMatcher::new);
    }

    private static Arbitrary<QueryMatcher> queries() {
        return Combinators.combine(
                        Arbitraries.of("a", "b"),
                        Arbitraries.<ValueMatcher>of(new ValueMatcher.Present(), new ValueMatcher.Prefix("a", true)))
                .as(QueryMatcher::new);
    }

    @Provide
    Arbitrary<List<FakeRequest>> requests() {
        Arbitrary<String> authority = Combinators.combine(names(), Arbitraries.of("", "", ":80"))
                .as((name, port) -> name + port)
                .flatMap(name -> Arbitraries.of(name, name.toUpperCase(Locale.ROOT)));
        return Combinators.combine(
                        authority,
                        texts(),
                        Arbitraries.of("", "a", "b", "c"),
                        Arbitraries.of("", "a"),
                        Arbitraries.of("", "a", "Ab", "b"))
                .as((host, path, headerA, headerB, query) -> {
                    var request = new FakeRequest(host, path);
                    if (!headerA.isEmpty()) {
                        request.header("x-a", headerA);
                    }
                    if (!headerB.isEmpty()) {
                        request.header("x-b", headerB);
                    }
                    return query.isEmpty() ? request : request.query("a", query);
                })
                .list()
                .ofMinSize(1)
                .ofMaxSize(8);
    }
}
