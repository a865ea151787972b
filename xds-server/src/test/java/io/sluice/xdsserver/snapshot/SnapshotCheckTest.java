package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.NodeSettings;
import io.sluice.xdsserver.translate.Translation;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row takes one thing out of a whole translation, or puts one in twice. */
class SnapshotCheckTest {
    private static final Translation WHOLE = translate();

    private static Translation translate() {
        NodeSettings shared = new NodeSettings(
                Optional.of(InetSocketAddress.createUnresolved("10.0.0.9", 8081)),
                Optional.of(URI.create("http://10.0.0.8:9411/api/v2/spans")),
                true,
                true);
        Catalog one = TestCatalogs.of("orders");
        Catalog catalog = new Catalog(
                one.services(), one.listeners(), List.of(one.routes().get(0)), one.problems());
        return new CatalogTranslator(shared, new NodeGroup(NodeGroup.Kind.ENVOY, "")).translate(catalog);
    }

    @Test
    void aWholeTranslationHasNoDanglingReference() {
        assertThat(SnapshotCheck.danglingReferences(WHOLE)).isEmpty();
    }

    static Stream<Arguments> broken() {
        return Stream.of(
                row(
                        "route to no cluster",
                        t -> clusters(t, "orders"),
                        "route configuration 'edge': no cluster 'orders'"),
                row(
                        "cluster without endpoints",
                        SnapshotCheckTest::noEndpoints,
                        "cluster 'orders': no endpoints 'orders'"),
                row(
                        "listener without routes",
                        SnapshotCheckTest::noRoutes,
                        "listener 'edge': no route configuration 'edge'"),
                row(
                        "limiter without its cluster",
                        t -> clusters(t, "sluice_rate_limit"),
                        "listener 'edge' filter 'envoy.filters.http.ratelimit': no cluster 'sluice_rate_limit'"),
                row(
                        "tracer without its cluster",
                        t -> clusters(t, "sluice_zipkin"),
                        "listener 'edge': no cluster 'sluice_zipkin'"),
                row("two of one name", SnapshotCheckTest::twoListeners, "listener 'edge': there are two"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void findsA(String what, UnaryOperator<Translation> breaking, String found) {
        assertThat(SnapshotCheck.danglingReferences(breaking.apply(WHOLE))).containsExactly(found);
    }

    private static Arguments row(String what, UnaryOperator<Translation> breaking, String found) {
        return Arguments.of(what, breaking, found);
    }

    private static Translation clusters(Translation whole, String without) {
        return new Translation(
                whole.listeners(),
                whole.routes(),
                whole.clusters().stream()
                        .filter(cluster -> !cluster.getName().equals(without))
                        .toList(),
                whole.endpoints(),
                List.of(),
                List.of());
    }

    private static Translation noEndpoints(Translation whole) {
        return new Translation(whole.listeners(), whole.routes(), whole.clusters(), List.of(), List.of(), List.of());
    }

    private static Translation noRoutes(Translation whole) {
        return new Translation(whole.listeners(), List.of(), whole.clusters(), whole.endpoints(), List.of(), List.of());
    }

    private static Translation twoListeners(Translation whole) {
        var twice = new ArrayList<>(whole.listeners());
        twice.addAll(whole.listeners());
        return new Translation(twice, whole.routes(), whole.clusters(), whole.endpoints(), List.of(), List.of());
    }
}
