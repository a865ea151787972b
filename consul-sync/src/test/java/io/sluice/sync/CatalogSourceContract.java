package io.sluice.sync;

import static io.sluice.sync.Catalogs.instances;
import static io.sluice.sync.Catalogs.ports;
import static io.sluice.sync.Catalogs.problems;
import static io.sluice.sync.Catalogs.routes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.sync.World.Member;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.source.CatalogSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a CatalogSource promises, whatever it looks at. */
abstract class CatalogSourceContract {
    private static final String ROUTE = "  - {name: r, match: /orders/**, to: orders}\n";

    private World world;
    private CatalogSource source;
    private final Catalogs catalogs = new Catalogs();

    /** With nothing in it. */
    abstract World newWorld();

    @BeforeEach
    void create() {
        world = newWorld();
        source = CatalogSources.create(world.address());
    }

    @AfterEach
    void close() {
        source.close();
        world.close();
    }

    private void start(Member... orders) throws Exception {
        world.service("orders", orders);
        world.routes(ROUTE);
        source.start(catalogs).toCompletableFuture().get(15, TimeUnit.SECONDS);
    }

    @Test
    void reportsAWholeCatalogFirst() throws Exception {
        world.service("users", Member.on(3));
        start(Member.on(1), new Member(2, 5, Health.WARNING));

        Catalog first = catalogs.all().get(0);
        assertThat(ports(first, "orders")).containsExactly(1, 2);
        assertThat(instances(first, "orders").get(1).weight()).isEqualTo(5);
        assertThat(instances(first, "orders").get(1).health()).isEqualTo(Health.WARNING);
        assertThat(routes(first)).containsExactly("r");
        assertThat(first.problems()).isEmpty();
        assertThat(first.listeners()).hasSize(1);
        assertThat(source.status().synced()).isTrue();
        assertThat(source.status().waitingFor()).isEmpty();
    }

    @Test
    void reportsInstancesThatComeAndGo() throws Exception {
        start(Member.on(1));

        world.service("orders", Member.on(1), Member.on(2));
        catalogs.await(catalog -> ports(catalog, "orders").equals(List.of(1, 2)));

        world.service("orders", Member.on(2));
        catalogs.await(catalog -> ports(catalog, "orders").equals(List.of(2)));

        world.service("orders");
        catalogs.await(
                Duration.ofSeconds(5), catalog -> ports(catalog, "orders").isEmpty());
        assertThat(routes(catalogs.latest())).containsExactly("r");
    }

    @Test
    void reportsWeightAndHealth() throws Exception {
        start(Member.on(1));

        world.service("orders", new Member(1, 7, Health.PASSING));
        catalogs.await(catalog -> only(catalog).weight() == 7);

        for (Health health : List.of(Health.CRITICAL, Health.WARNING, Health.MAINTENANCE, Health.PASSING)) {
            world.service("orders", new Member(1, 7, health));
            catalogs.await(catalog -> only(catalog).health() == health);
        }
    }

    private static Instance only(Catalog catalog) {
        return instances(catalog, "orders").get(0);
    }

    @Test
    void reportsRoutesThatComeAndGo() throws Exception {
        start(Member.on(1));

        world.routes(ROUTE + "  - {name: s, match: /s, respond: {status: 200}}\n");
        catalogs.await(catalog -> routes(catalog).equals(List.of("r", "s")));

        world.routes("  - {name: s, match: /s, respond: {status: 200}}\n");
        catalogs.await(catalog -> routes(catalog).equals(List.of("s")));
    }

    @Test
    void leavesOutABadInstanceBesideGoodOnes() throws Exception {
        start(Member.on(1), Member.on(70_000), Member.on(2));

        assertThat(ports(catalogs.latest(), "orders")).containsExactly(1, 2);
        assertThat(problems(catalogs.latest()))
                .singleElement()
                .asString()
                .contains("orders")
                .contains("70000")
                .endsWith("(expected: 1..65535)");

        world.service("orders", Member.on(1), Member.on(70_000), Member.on(2), Member.on(3));
        catalogs.await(catalog -> ports(catalog, "orders").equals(List.of(1, 2, 3)));
    }

    @Test
    void leavesOutABadRouteBesideGoodOnesAndSaysWhere() throws Exception {
        start(Member.on(1));

        world.routes("  - {name: bad, match: nowhere, to: orders}\n" + ROUTE);
        Catalog catalog = catalogs.await(latest -> !latest.problems().isEmpty());

        assertThat(routes(catalog)).containsExactly("r");
        assertThat(problems(catalog))
                .singleElement()
                .asString()
                .startsWith(world.routesDocument() + ":2 routes[0].match: path 'nowhere' (expected: ");
        assertThat(catalog.problems().get(0).source()).isEqualTo(source.name());
    }

    @Test
    void keepsTheRoutesOfATextThatDoesNotParse() throws Exception {
        start(Member.on(1));

        world.routes(ROUTE + "  - {match: [");
        Catalog catalog = catalogs.await(latest -> !latest.problems().isEmpty());

        assertThat(routes(catalog)).containsExactly("r");
        assertThat(problems(catalog))
                .singleElement()
                .asString()
                .contains(world.routesDocument() + ":3: does not parse");

        world.routes(ROUTE);
        catalogs.await(latest -> latest.problems().isEmpty());
    }

    @Test
    void publishesAMissingServiceWithoutInstances() throws Exception {
        start(Member.on(1));

        world.routes("  - {name: r, match: /, to: odrers}\n");
        Catalog catalog = catalogs.await(latest -> !latest.problems().isEmpty());

        assertThat(problems(catalog))
                .singleElement()
                .asString()
                .startsWith(world.routesDocument() + ":2 routes[0]: leads to service 'odrers', which is not there")
                .endsWith("(expected: orders)");
        assertThat(instances(catalog, "odrers")).isEmpty();
    }

    @Test
    void keepsTheLastCatalogWhileAway() throws Exception {
        start(Member.on(1), Member.on(2));
        Catalog before = catalogs.latest();

        world.away();
        await().atMost(Duration.ofSeconds(15))
                .until(() -> source.status().lostSince().isPresent());
        assertThat(source.status().waitingFor()).isNotEmpty();
        world.back();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> source.status().lostSince().isEmpty());

        assertThat(catalogs.latest().services()).isEqualTo(before.services());
        assertThat(catalogs.latest().routes()).isEqualTo(before.routes());
        world.service("orders", Member.on(1), Member.on(3));
        catalogs.await(catalog -> ports(catalog, "orders").equals(List.of(1, 3)));
        assertThat(routes(catalogs.latest())).containsExactly("r");
    }

    @Test
    void callsNobodyAfterItWasClosed() throws Exception {
        start(Member.on(1));

        source.close();
        int count = catalogs.count();
        world.service("orders", Member.on(2));

        await().during(Duration.ofMillis(500)).until(() -> catalogs.count() == count);
    }
}
