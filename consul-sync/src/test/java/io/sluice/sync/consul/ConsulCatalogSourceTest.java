package io.sluice.sync.consul;

import static io.sluice.sync.Catalogs.instances;
import static io.sluice.sync.Catalogs.ports;
import static io.sluice.sync.Catalogs.problems;
import static io.sluice.sync.Catalogs.routes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import io.sluice.sync.Catalogs;
import io.sluice.sync.ConsulAgent;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy.Balancing;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsulCatalogSourceTest {
    @Order(1)
    @RegisterExtension
    static final ConsulAgent AGENT = new ConsulAgent();

    @Order(2)
    @RegisterExtension
    static final FaultyConsul CONSUL = new FaultyConsul(AGENT);

    private final Catalogs catalogs = new Catalogs();
    private @Nullable ConsulCatalogSource source;

    @BeforeEach
    void clear() {
        AGENT.clear();
        CONSUL.reset();
    }

    @AfterEach
    void close() {
        if (source != null) {
            source.close();
        }
    }

    private ConsulCatalogSource start(String address) throws Exception {
        return start(address, "");
    }

    private ConsulCatalogSource start(String address, String token) throws Exception {
        ConsulCatalogSource started = new ConsulCatalogSource(address, token, Clock.systemUTC());
        source = started;
        try {
            started.start(catalogs).toCompletableFuture().get(15, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(started.status() + " asked " + CONSUL.asked(), e);
        }
        return started;
    }

    private static void orders(int... ports) {
        for (int port : ports) {
            AGENT.register("orders-" + port, "orders", "127.0.0.1", port, "passing", Map.of());
        }
    }

    private static void route(String service) {
        AGENT.key("sluice/routes/" + service, "routes: [{name: " + service + ", match: /, to: " + service + "}]");
    }

    private static boolean reads(RequestHeaders request, String path) {
        return request.path().startsWith(path);
    }

    private static HttpResponse answer(long index, String body) {
        return HttpResponse.of(
                ResponseHeaders.builder(HttpStatus.OK)
                        .add("X-Consul-Index", Long.toString(index))
                        .build(),
                HttpData.ofUtf8(body));
    }

    @Test
    void tellsOfARegistrationAtOnce() throws Exception {
        int services = 10;
        int rounds = 4;
        for (int i = 0; i < services; i++) {
            AGENT.register("s" + i, "s" + i, "127.0.0.1", 1, "passing", Map.of());
            route("s" + i);
        }
        start(AGENT.address());

        List<Long> micros = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < services; i++) {
                String service = "s" + i;
                int port = 100 + round;
                AGENT.register(service + "-" + round, service, "127.0.0.1", port, "passing", Map.of());
                long answered = System.nanoTime();
                Catalog catalog =
                        catalogs.await(latest -> ports(latest, service).contains(port));
                micros.add((catalogs.timeOf(catalog) - answered) / 1_000);
            }
        }
        Collections.sort(micros);
        System.out.println("registration (HTTP 200) -> listener: p50 " + micros.get(micros.size() / 2) + " us, p90 "
                + micros.get(micros.size() * 9 / 10) + " us, worst " + micros.get(micros.size() - 1) + " us");
        assertThat(micros.get(micros.size() / 2)).isLessThan(100_000);
    }

    @Test
    void refusesBadInstancesOneByOne() throws Exception {
        orders(1);
        AGENT.register("none", "orders", "127.0.0.1", 0, "passing", Map.of());
        AGENT.register("large", "orders", "127.0.0.1", 70_000, "passing", Map.of());
        AGENT.register("host", "orders", "db.internal", 2, "passing", Map.of());
        AGENT.register("junk", "orders", "1.2.3.4.5 ;", 3, "passing", Map.of());
        AGENT.register("node", "orders", "", 5, "passing", Map.of());
        AGENT.register("again", "orders", "127.0.0.1", 5, "passing", Map.of());
        route("orders");
        start(AGENT.address());

        assertThat(ports(catalogs.latest(), "orders")).containsExactly(1, 5);
        assertThat(problems(catalogs.latest()))
                .containsExactly(
                        "service orders instance host: address 'db.internal' (expected: an IP address, such as"
                                + " 10.0.0.7 or fd00::7)",
                        "service orders instance junk: address '1.2.3.4.5 ;' (expected: an IP address, such as"
                                + " 10.0.0.7 or fd00::7)",
                        "service orders instance large: port 70000 (expected: 1..65535)",
                        "service orders instance node: has the address and port of instance again, which is newer"
                                + " (expected: its own)",
                        "service orders instance none: port 0 (expected: 1..65535)");
        orders(6);
        catalogs.await(latest -> ports(latest, "orders").equals(List.of(1, 5, 6)));
    }

    @Test
    void readsWhatAnInstanceSaysOfItself() throws Exception {
        AGENT.register(
                "a",
                "orders",
                "",
                1,
                "warning",
                Map.of(
                        "Tags", List.of("v2", "blue"),
                        "Meta", Map.of("version", "2"),
                        "Weights", Map.of("Passing", 9, "Warning", 4)));
        AGENT.register("b", "orders", "::1", 2, "passing", Map.of("Meta", Map.of("region", "eu", "zone", "eu-1")));
        route("orders");
        start(AGENT.address());

        assertThat(instances(catalogs.latest(), "orders"))
                .containsExactly(
                        new Instance(
                                "a",
                                "127.0.0.1",
                                1,
                                4,
                                Health.WARNING,
                                "dc1",
                                "",
                                Map.of("version", "2"),
                                List.of("blue", "v2")),
                        new Instance(
                                "b",
                                "::1",
                                2,
                                1,
                                Health.PASSING,
                                "eu",
                                "eu-1",
                                Map.of("region", "eu", "zone", "eu-1"),
                                List.of()));

        AGENT.status("a", "passing");
        catalogs.await(latest -> instances(latest, "orders").get(0).weight() == 9);
        AGENT.maintenance("a", true);
        catalogs.await(latest -> health(latest).equals(List.of(Health.MAINTENANCE, Health.PASSING)));
        AGENT.maintenance(true);
        catalogs.await(latest -> health(latest).equals(List.of(Health.MAINTENANCE, Health.MAINTENANCE)));
        AGENT.maintenance(false);
        AGENT.maintenance("a", false);
        AGENT.status("a", "critical");
        catalogs.await(latest -> health(latest).equals(List.of(Health.CRITICAL, Health.PASSING)));
    }

    private static List<Health> health(Catalog catalog) {
        return instances(catalog, "orders").stream().map(Instance::health).toList();
    }

    @Test
    void readsRoutesPoliciesAndListenersFromKeys() throws Exception {
        orders(1);
        AGENT.key("sluice/", "");
        AGENT.key(
                "sluice/a/routes",
                "routes: [{name: a, match: /a, to: orders}, {name: x, match: /x, to: orders, auth: {jwt: x}}]");
        AGENT.key("sluice/b", "policies: {orders: {lb: random}}\nlisteners: [{name: in, port: 81}]");
        AGENT.key("sluice/c", "services: {own: ['127.0.0.1:1']}\npolicies: {odrers: {lb: random}}");
        AGENT.key("sluice/empty", "");
        AGENT.key("other/d", "routes: [{name: d, match: /d, to: orders}]");
        start(AGENT.address());

        Catalog catalog = catalogs.latest();
        assertThat(routes(catalog)).containsExactly("a", "x");
        assertThat(catalog.listeners()).map(ListenerRule::name).containsExactly("in");
        assertThat(catalog.services()).map(Service::name).containsExactly("orders");
        assertThat(catalog.services().get(0).policy().balancing()).isEqualTo(Balancing.RANDOM);
        assertThat(problems(catalog))
                .map(problem -> problem.replaceAll(" \\(expected.*", ""))
                .containsExactly(
                        "sluice/a/routes:1 routes[1]: asks for tokens of 'x', which is not there",
                        "sluice/c:1 services.own: service 'own' is declared here",
                        "sluice/c:2 policies.odrers: policy for service 'odrers', which is not there");

        AGENT.deleteKey("sluice/a/routes");
        catalogs.await(latest -> latest.routes().isEmpty() && latest.services().isEmpty());
    }

    @Test
    void watchesAllServicesWhereAskedTo() throws Exception {
        orders(1);
        AGENT.register("odd", "a b/ü", "127.0.0.1", 2, "passing", Map.of());
        start(AGENT.address() + "?all=true");
        assertThat(catalogs.latest().services()).map(Service::name).containsExactly("a b/ü", "orders");
        assertThat(ports(catalogs.latest(), "a b/ü")).containsExactly(2);

        AGENT.register("users-1", "users", "127.0.0.1", 3, "passing", Map.of());
        catalogs.await(latest -> ports(latest, "users").equals(List.of(3)));
        AGENT.deregister("users-1");
        catalogs.await(latest -> latest.services().size() == 2);
    }

    @Test
    void believesADeregistrationOfAllInstancesWithin5Seconds() throws Exception {
        orders(1, 2, 3, 4);
        route("orders");
        start(AGENT.address());

        IntStream.rangeClosed(1, 4).forEach(port -> AGENT.deregister("orders-" + port));

        catalogs.await(Duration.ofSeconds(5), latest -> ports(latest, "orders").isEmpty());
        assertThat(problems(catalogs.latest()))
                .containsExactly("sluice/routes/orders:1 routes[0]: leads to service 'orders', which is not there"
                        + " (expected: consul)");
    }

    @Test
    void publishesABurstOfChangesAsFew() throws Exception {
        orders(1);
        route("orders");
        start(AGENT.address());
        int before = catalogs.count();

        orders(IntStream.rangeClosed(2, 101).toArray());
        catalogs.await(latest -> ports(latest, "orders").size() == 101);

        assertThat(catalogs.count() - before).isLessThan(60);
    }

    @Test
    void keepsEverythingWhenConsulComesBackEmpty() throws Exception {
        orders(1, 2, 3);
        route("orders");
        route("users");
        AGENT.register("users-9", "users", "127.0.0.1", 9, "passing", Map.of());
        ConsulCatalogSource consul = start(AGENT.address());

        AGENT.stop();
        await().until(() -> consul.status().lostSince().isPresent());
        AGENT.start();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> consul.status().lostSince().isEmpty());

        await().during(Duration.ofSeconds(4)).atMost(Duration.ofSeconds(6)).until(() -> {
            Catalog latest = catalogs.latest();
            return ports(latest, "orders").equals(List.of(1, 2, 3))
                    && ports(latest, "users").equals(List.of(9))
                    && routes(latest).equals(List.of("orders", "users"));
        });
        assertThat(problems(catalogs.latest()))
                .contains(
                        "kv sluice/: kept from before Consul lost its state (expected: that Consul knows it again)",
                        "service orders: kept from before Consul lost its state (expected: that Consul knows it"
                                + " again)");

        // one of three comes back: it may be the first of many, so it must stay the only one for a while
        orders(4);
        await().during(Duration.ofSeconds(1))
                .until(() -> ports(catalogs.latest(), "orders").equals(List.of(1, 2, 3)));
        catalogs.await(latest -> ports(latest, "orders").equals(List.of(4)));
        AGENT.deregister("orders-4");
        catalogs.await(Duration.ofSeconds(5), latest -> ports(latest, "orders").isEmpty());
        assertThat(ports(catalogs.latest(), "users")).containsExactly(9);

        route("orders");
        await().during(Duration.ofSeconds(1))
                .until(() -> routes(catalogs.latest()).equals(List.of("orders", "users")));
        route("users");
        catalogs.await(latest -> problems(latest).stream().noneMatch(problem -> problem.startsWith("kv")));
        assertThat(catalogs.all()).allMatch(catalog -> routes(catalog).equals(List.of("orders", "users")));
    }

    @Test
    void doesNotBelieveAnEmptyAnswerThatASecondLookContradicts() throws Exception {
        orders(1, 2, 3);
        route("orders");
        start(CONSUL.address(""));

        // only the leader that makes sure tells the truth
        CONSUL.fault(request ->
                reads(request, "/v1/health/service/orders") && !request.path().contains("consistent")
                        ? answer(1_000_000, "[]")
                        : null);
        AGENT.status("orders-1", "warning");

        await().during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(4))
                .until(() -> ports(catalogs.latest(), "orders").equals(List.of(1, 2, 3)));
        assertThat(catalogs.all()).allMatch(catalog -> ports(catalog, "orders").size() == 3);
        CONSUL.fault(FaultyConsul.NONE);
    }

    /** Each lie is told to whoever waits as well, as soon as something changes, and for as long as it lasts. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        nothing of a service that the catalog has | /v1/health/service/orders | false | []
        nothing at all                            | /v1/                      | false | none
        what is no list of services               | /v1/                      | false | []
        no body                                   | /v1/                      | false | ''
        null                                      | /v1/                      | false | null
        no keys, as no Consul says it             | /v1/kv                    | false | ''
        a torn answer                             | /v1/                      | false | [{"Node":
        nothing that the token may read           | /v1/                      | true  | none
        a service that the token may not read     | /v1/health/service/orders | true  | []
        keys that the token may not read          | /v1/kv                    | true  | []
        """)
    void keepsWhatItKnewForAsLongAsConsulLies(String what, String paths, boolean filtered, String body)
            throws Exception {
        orders(1, 2, 3);
        route("orders");
        ConsulCatalogSource consul = start(CONSUL.address(""));
        Catalog before = catalogs.latest();

        CONSUL.fault(request -> request.path().matches(paths + ".*")
                ? lie(filtered, body.equals("none") ? nothing(request.path()) : body)
                : null);
        AGENT.status("orders-1", "warning");
        AGENT.status("orders-1", "passing");
        AGENT.register("other", "other", "127.0.0.1", 1, "passing", Map.of());
        AGENT.key("sluice/touched", "");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> consul.status().lostSince().isPresent()
                        || !consul.status().heldBack().isEmpty());
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        assertThat(catalogs.latest().routes()).isEqualTo(before.routes());
        assertThat(ports(catalogs.latest(), "orders")).containsExactly(1, 2, 3);

        CONSUL.fault(FaultyConsul.NONE);
        orders(4);
        catalogs.await(latest -> ports(latest, "orders").equals(List.of(1, 2, 3, 4)));
        await().until(() -> consul.status().heldBack().isEmpty()
                && consul.status().lostSince().isEmpty());
        assertThat(problems(catalogs.latest())).isEmpty();
    }

    private static String nothing(String path) {
        return path.startsWith("/v1/catalog/services") ? "{}" : "[]";
    }

    private static HttpResponse lie(boolean filtered, String body) {
        return HttpResponse.of(
                ResponseHeaders.builder(HttpStatus.OK)
                        .add("X-Consul-Index", "1000000")
                        .add("X-Consul-Results-Filtered-By-ACLs", Boolean.toString(filtered))
                        .build(),
                HttpData.ofUtf8(body));
    }

    /** A token that never saw everything sees what goes as well. */
    @Test
    void believesADropInAnAnswerThatWasAlwaysFiltered() throws Exception {
        orders(1, 2, 3);
        route("orders");
        WebClient agent = WebClient.of("h1c://127.0.0.1:" + AGENT.port());
        CONSUL.fault(request -> HttpResponse.of(agent.execute(request)
                .aggregate()
                .thenApply(said -> HttpResponse.of(
                        said.headers().toBuilder()
                                .add("X-Consul-Results-Filtered-By-ACLs", "true")
                                .build(),
                        said.content()))));
        start(CONSUL.address(""));

        AGENT.deregister("orders-1");
        AGENT.deregister("orders-2");
        AGENT.deregister("orders-3");
        catalogs.await(latest -> ports(latest, "orders").isEmpty());
    }

    @Test
    void doesNotBelieveAServerWithoutALeader() throws Exception {
        orders(1);
        route("orders");
        ConsulCatalogSource consul = start(CONSUL.address("?stale=true"));
        CONSUL.fault(request -> HttpResponse.of(
                ResponseHeaders.builder(HttpStatus.OK)
                        .add("X-Consul-Index", "1000000")
                        .add("X-Consul-KnownLeader", "false")
                        .build(),
                HttpData.ofUtf8("[]")));
        AGENT.status("orders-1", "warning");
        await().until(() -> consul.status().waitingFor().contains("service orders"));
        assertThat(ports(catalogs.latest(), "orders")).containsExactly(1);
    }

    /** The watches of the services would have waited five to ten seconds for their next try by then. */
    @Test
    void readsEverythingAgainOnceTheCatalogCanBeRead() throws Exception {
        int services = 8;
        for (int i = 0; i < services; i++) {
            AGENT.register("s" + i, "s" + i, "127.0.0.1", 1, "passing", Map.of());
            route("s" + i);
        }
        ConsulCatalogSource consul = start(CONSUL.address(""));
        CONSUL.fault(request -> HttpResponse.of(HttpStatus.INTERNAL_SERVER_ERROR));
        for (int i = 0; i < services; i++) {
            AGENT.register("s" + i, "s" + i, "127.0.0.1", 2, "passing", Map.of());
        }
        AGENT.key("sluice/touched", "");
        await().until(() -> consul.status().waitingFor().size() >= services + 2);
        await().pollDelay(Duration.ofSeconds(13)).atMost(Duration.ofSeconds(20)).until(() -> true);

        CONSUL.fault(FaultyConsul.NONE);
        await().atMost(Duration.ofMillis(4_500))
                .until(() -> consul.status().lostSince().isEmpty());
    }

    @Test
    void believesWhatWasDeregisteredWhileItWasAway() throws Exception {
        orders(1, 2, 3);
        AGENT.register("users-9", "users", "127.0.0.1", 9, "passing", Map.of());
        route("orders");
        ConsulCatalogSource consul = start(CONSUL.address(""));

        CONSUL.fault(request -> HttpResponse.of(HttpStatus.INTERNAL_SERVER_ERROR));
        orders(4);
        AGENT.register("users-8", "users", "127.0.0.1", 8, "passing", Map.of());
        AGENT.key("sluice/touched", "");
        await().until(() ->
                consul.status().waitingFor().containsAll(List.of("catalog", "service orders", "kv sluice/")));
        assertThat(ports(catalogs.latest(), "orders")).hasSizeGreaterThanOrEqualTo(3);
        IntStream.rangeClosed(1, 4).forEach(port -> AGENT.deregister("orders-" + port));
        CONSUL.fault(FaultyConsul.NONE);

        await().atMost(Duration.ofSeconds(15))
                .until(() -> consul.status().lostSince().isEmpty());
        assertThat(ports(catalogs.latest(), "orders")).isNotEmpty();
        catalogs.await(Duration.ofSeconds(5), latest -> ports(latest, "orders").isEmpty());
    }

    @Test
    void keepsAServiceWhoseAnswersAreNoAnswersAndGoesOnWithTheOthers() throws Exception {
        orders(1);
        AGENT.register("users-9", "users", "127.0.0.1", 9, "passing", Map.of());
        route("orders");
        route("users");
        ConsulCatalogSource consul = start(CONSUL.address(""));

        // the query under way is still answered by the agent
        CONSUL.fault(request -> reads(request, "/v1/health/service/orders") ? answer(7, "{\"oops\":") : null);
        orders(2, 3);
        await().until(() -> consul.status().waitingFor().equals(List.of("service orders")));
        AGENT.register("users-8", "users", "127.0.0.1", 8, "passing", Map.of());

        catalogs.await(latest -> ports(latest, "users").equals(List.of(8, 9)));
        assertThat(ports(catalogs.latest(), "orders")).doesNotContain(3).contains(1);
        CONSUL.fault(FaultyConsul.NONE);
        catalogs.await(latest -> ports(latest, "orders").equals(List.of(1, 2, 3)));
    }

    @Test
    void asksAtMostFiveTimesASecondWhateverTheIndex() throws Exception {
        orders(1);
        route("orders");
        start(CONSUL.address(""));
        for (long index : new long[] {0, Long.MAX_VALUE}) {
            CONSUL.fault(request -> reads(request, "/v1/catalog/services") ? answer(index, "{\"orders\": []}") : null);
            AGENT.register("wake-" + index, "wake", "127.0.0.1", 1, "passing", Map.of());
            await().until(() -> CONSUL.asked().stream().anyMatch(each -> reads(each, "/v1/catalog/services")));
            CONSUL.asked().clear();
            await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
            assertThat(CONSUL.asked()).hasSizeLessThan(10 + 5 + 5);
        }
    }

    /** Consul wakes a query for a service that it does not know at every registration of any other. */
    @Test
    void asksForNoServiceThatIsNotThere() throws Exception {
        orders(1);
        route("orders");
        for (int i = 0; i < 20; i++) {
            route("missing-" + i);
        }
        start(CONSUL.address(""));

        AGENT.register("missing-7", "missing-7", "127.0.0.1", 7, "passing", Map.of());
        catalogs.await(latest -> ports(latest, "missing-7").equals(List.of(7)));
        AGENT.deregister("missing-7");
        catalogs.await(latest -> ports(latest, "missing-7").isEmpty());
        AGENT.register("missing-7", "missing-7", "127.0.0.1", 8, "passing", Map.of());
        catalogs.await(latest -> ports(latest, "missing-7").equals(List.of(8)));

        assertThat(CONSUL.asked().stream()
                        .map(RequestHeaders::path)
                        .filter(path -> path.startsWith("/v1/health/service/missing"))
                        .map(path -> path.split("\\?")[0])
                        .distinct())
                .containsExactly("/v1/health/service/missing-7");
    }

    @Test
    void readsMoreServicesThanItHasConnections() throws Exception {
        int count = 30;
        for (int i = 0; i < count; i++) {
            AGENT.register("s" + i, "s" + i, "127.0.0.1", 100 + i, "passing", Map.of());
        }
        start(CONSUL.address("?all=true&connections=12"));
        assertThat(catalogs.latest().services()).hasSize(count);

        for (int i = 0; i < count; i++) {
            AGENT.status("s" + i, "warning");
        }
        catalogs.await(latest -> latest.services().stream()
                .allMatch(service -> service.instances().get(0).health() == Health.WARNING));
        assertThat(CONSUL.mostOpen()).isLessThanOrEqualTo(12);
    }

    /** The answer is held back until the source has gone on from both others. */
    @ParameterizedTest
    @ValueSource(strings = {"/v1/catalog/services", "/v1/catalog/service/consul", "/v1/kv/sluice/"})
    void isSyncedWhicheverAnswerIsTheLast(String last) throws Exception {
        CompletableFuture<HttpResponse> held = new CompletableFuture<>();
        Set<String> goneOn = ConcurrentHashMap.newKeySet();
        WebClient agent = WebClient.of("h1c://127.0.0.1:" + AGENT.port());
        CONSUL.fault(request -> {
            String path = request.path().split("\\?")[0];
            if (!request.path().contains("index=")) {
                return path.equals(last) ? HttpResponse.of(held) : null;
            }
            if (goneOn.add(path) && goneOn.size() == 2) {
                held.complete(agent.get(last + "?recurse=true"));
            }
            return null;
        });

        start(CONSUL.address(""));

        assertThat(goneOn).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void sendsItsTokenAndItsOptions() throws Exception {
        start(CONSUL.address("?stale=true&dc=dc1"), "secret");

        assertThat(CONSUL.asked())
                .isNotEmpty()
                .allMatch(request -> "secret".equals(request.get("X-Consul-Token")))
                .allMatch(request -> request.get("accept-encoding", "").contains("gzip"))
                .allMatch(request ->
                        request.path().contains("stale=") && request.path().contains("dc=dc1"));
    }
}
