package io.sluice.loadtests.load;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.bodyString;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Simulation;
import io.sluice.loadtests.harness.Part;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * New users each second, through the gateway and through Envoy, who obey the same bootstrap: they read, write, take a large answer and meet an
 * upstream that fails at first. Only errors fail it: latencies on a shared machine are to be looked at, not asserted.
 */
public final class BothDataPlanes extends Simulation {
    private static final Duration TIME = Duration.ofSeconds(Long.getLong("load.seconds", 20));
    private static final double USERS = Double.parseDouble(System.getProperty("load.users", "50"));

    private final Site site = Site.start();

    public BothDataPlanes() {
        List<PopulationBuilder> populations = new ArrayList<>();
        populations.add(users("gateway", site.gatewayPort()));
        site.envoyPort()
                .ifPresentOrElse(
                        port -> populations.add(users("envoy", port)),
                        () -> System.out.println("envoy is left out: " + Part.ENVOY.missing()));
        setUp(populations)
                .assertions(
                        global().failedRequests().count().is(0L),
                        global().allRequests().count().gt(0L));
    }

    @Override
    public void after() {
        site.close();
    }

    private static PopulationBuilder users(String name, int port) {
        return scenario(name)
                .exec(exec(http(name + " read")
                                .get("/orders/1")
                                .check(status().is(200), bodyString().is("ok")))
                        .exec(http(name + " write")
                                .post("/orders")
                                .body(StringBody("x".repeat(1024)))
                                .check(status().is(200)))
                        .exec(http(name + " large").get("/large").check(status().is(200)))
                        .exec(http(name + " retried").get("/flaky").check(status().is(200))))
                .injectOpen(constantUsersPerSec(USERS).during(TIME))
                .protocols(http.baseUrl("http://127.0.0.1:" + port).disableWarmUp());
    }
}
