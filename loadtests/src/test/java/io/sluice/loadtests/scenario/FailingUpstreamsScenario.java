package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Upstreams that fail are left alone, and asked again when they are well. Rules: where everything is answered by 503, retries add at most a fifth to
 * what the upstreams are asked; an endpoint of which half the answers are failures is out within a second, meets its health checks only, at most five a
 * second, and is back within three seconds once it is well; of endpoints that fail without exception those that may go are out within ten seconds, and
 * never more than {@code max_ejection_percent}; where none is well all are asked, or none and callers hear so at once, as the cluster says; an endpoint
 * that joins has little to do at first.
 */
class FailingUpstreamsScenario {
    private static final String CHECKED = """
        health_checks: [{timeout: 1s, interval: 0.3s, no_traffic_interval: 0.3s, unhealthy_threshold: 1, healthy_threshold: 1, http_health_check: {path: /health}}]
        """;

    @TempDir
    Path folder;

    private final List<Endpoint> endpoints = new ArrayList<>();

    /** Answers as its mood says. */
    private static final class Endpoint {
        private final RecordingUpstream server = RecordingUpstream.http1(this::answer);
        private final AtomicInteger asked = new AtomicInteger();
        private final AtomicInteger checked = new AtomicInteger();
        private volatile int failuresInTen;
        private volatile boolean passesChecks = true;
        private volatile Duration takes = Duration.ZERO;

        private Answer answer(RecordedRequest request) {
            if (request.path().equals("/health")) {
                checked.incrementAndGet();
                return reply(passesChecks ? 200 : 503);
            }
            return new Answer.Delayed(takes, reply(asked.incrementAndGet() % 10 < failuresInTen ? 503 : 200));
        }

        private static Answer reply(int status) {
            return new Answer.Reply(status, Headers.NONE, List.of(), Headers.NONE, List.of());
        }

        /** Fails all of its requests and checks, or none. */
        private void well(boolean well) {
            failuresInTen = well ? 0 : 10;
            passesChecks = well;
        }
    }

    private StaticBootstrap endpoints(int count) {
        for (int i = 0; i < count; i++) {
            endpoints.add(new Endpoint());
        }
        return StaticBootstrap.to(
                endpoints.stream().map(one -> one.server.port()).toArray(Integer[]::new));
    }

    @AfterEach
    void stop() {
        endpoints.forEach(endpoint -> endpoint.server.close());
    }

    private Gateway start(StaticBootstrap bootstrap) throws IOException {
        return Gateway.start(bootstrap.write(folder), bootstrap.adminPort(), Map.of());
    }

    private int sum(Function<Endpoint, AtomicInteger> count) {
        return endpoints.stream().mapToInt(one -> count.apply(one).get()).sum();
    }

    private static int out(StaticBootstrap bootstrap) {
        return (int) Site.get(bootstrap.adminPort(), "/clusters")
                .text()
                .lines()
                .filter(line -> line.contains("/failed_outlier_check"))
                .count();
    }

    @Test
    void aBudgetKeepsRetriesFromBecomingTheLoad() throws IOException {
        StaticBootstrap bootstrap = endpoints(2)
                .routes("- {match: {prefix: /}, route: {cluster: up, retry_policy: {retry_on: 5xx, num_retries: 3}}}")
                .cluster("circuit_breakers: {thresholds: [{max_requests: 100000, max_connections: 100000,"
                        + " max_pending_requests: 100000, retry_budget: {budget_percent: {value: 20},"
                        + " min_retry_concurrency: 1}}]}");
        endpoints.forEach(endpoint -> {
            endpoint.well(false);
            endpoint.takes = Duration.ofMillis(20);
        });
        try (Gateway gateway = start(bootstrap);
                Crowd crowd = Crowd.eager(bootstrap.port(), "/", 40)) {
            crowd.during(Duration.ofSeconds(5)).close();
            assertThat(crowd.answers())
                    .as("%s", crowd)
                    .isEqualTo(crowd.answers(503))
                    .isPositive();
            double factor = sum(one -> one.asked) / (double) crowd.answers();
            System.out.printf("all fail: the upstreams are asked %.2f times for each request%n", factor);
            assertThat(factor).isBetween(1.01, 1.2);
            assertThat(gateway.process().isAlive()).isTrue();
        }
    }

    @Test
    void oneThatFailsHalfItsRequestsIsOutInASecondAndBackInThree() throws IOException {
        StaticBootstrap bootstrap = endpoints(4)
                .cluster(CHECKED)
                .cluster("outlier_detection: {interval: 0.4s, base_ejection_time: 60s, max_ejection_percent: 50,"
                        + " consecutive_5xx: 1000, enforcing_success_rate: 0, failure_percentage_threshold: 40,"
                        + " enforcing_failure_percentage: 100, failure_percentage_minimum_hosts: 2,"
                        + " failure_percentage_request_volume: 5}");
        Endpoint bad = endpoints.getFirst();
        try (Gateway gateway = start(bootstrap);
                Crowd crowd = Crowd.steady(bootstrap.port(), "/", 20, 200)) {
            Site.await(gateway.process()::output, () -> bad.asked.get() > 20);
            bad.failuresInTen = 5;
            bad.passesChecks = false;
            long wrong = System.nanoTime();
            Site.await(() -> "it is out\n" + gateway.process().output(), () -> quiet(bad, crowd));
            Duration took = Duration.ofNanos(System.nanoTime() - wrong);
            int asked = bad.asked.get();
            int checked = bad.checked.get();
            crowd.during(Duration.ofSeconds(2));
            assertThat(bad.asked.get() - asked).as("requests while it is out").isZero();
            assertThat(bad.checked.get() - checked).as("checks in two seconds").isBetween(2, 10);

            bad.well(true);
            long well = System.nanoTime();
            Site.await(gateway.process()::output, () -> bad.asked.get() > asked);
            Duration back = Duration.ofNanos(System.nanoTime() - well);
            System.out.printf("half fail: out within %d ms, back within %d ms%n", took.toMillis(), back.toMillis());
            assertThat(took).isLessThan(Duration.ofSeconds(2)); // the rule's one, and how long we look for quiet
            assertThat(back).isLessThan(Duration.ofSeconds(3));
        }
    }

    /** Whether it was left out while forty others were served. */
    private static boolean quiet(Endpoint endpoint, Crowd crowd) {
        int asked = endpoint.asked.get();
        int answers = crowd.answers();
        Site.await(crowd::toString, () -> crowd.answers() > answers + 40);
        return endpoint.asked.get() == asked;
    }

    @Test
    void noMoreThanHalfAreEjected() throws IOException {
        StaticBootstrap bootstrap = endpoints(4)
                .cluster("outlier_detection: {interval: 0.5s, base_ejection_time: 1s, max_ejection_time: 1s,"
                        + " max_ejection_percent: 50, consecutive_5xx: 5}");
        endpoints.subList(0, 3).forEach(endpoint -> endpoint.well(false));
        try (Gateway gateway = start(bootstrap);
                Crowd crowd = Crowd.steady(bootstrap.port(), "/", 20, 200)) {
            long began = System.nanoTime();
            Site.await(gateway.process()::output, () -> out(bootstrap) == 2);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            int most = 0;
            for (int i = 0; i < 40; i++) {
                crowd.during(Duration.ofMillis(50));
                most = Math.max(most, out(bootstrap));
            }
            System.out.printf("three of four fail: two out after %d ms, at most %d%n", took.toMillis(), most);
            assertThat(took).isLessThan(Duration.ofSeconds(10));
            assertThat(most).isEqualTo(2);
            endpoints.forEach(endpoint -> endpoint.well(true));
            Site.await(gateway.process()::output, () -> out(bootstrap) == 0);
            int failed = crowd.answers(503);
            crowd.during(Duration.ofSeconds(1));
            assertThat(crowd.answers(503)).isEqualTo(failed);
        }
    }

    @Test
    void whereNoneIsWellAllAreAsked() throws IOException {
        StaticBootstrap bootstrap = endpoints(3).cluster(CHECKED);
        endpoints.forEach(endpoint -> endpoint.passesChecks = false);
        try (Gateway gateway = start(bootstrap)) {
            awaitAllOut(bootstrap, gateway);
            try (Crowd crowd = Crowd.eager(bootstrap.port(), "/", 6)) {
                crowd.during(Duration.ofSeconds(1)).close();
                assertThat(crowd.answers(200)).as("%s", crowd).isEqualTo(crowd.answers());
            }
            assertThat(endpoints)
                    .allSatisfy(endpoint -> assertThat(endpoint.asked.get()).isPositive());
        }
    }

    @Test
    void whereNoneIsWellAndPanicFailsCallersHearSoAtOnce() throws IOException {
        StaticBootstrap bootstrap = endpoints(3)
                .cluster(CHECKED)
                .cluster("common_lb_config: {zone_aware_lb_config: {fail_traffic_on_panic: true}}");
        endpoints.forEach(endpoint -> endpoint.passesChecks = false);
        try (Gateway gateway = start(bootstrap)) {
            awaitAllOut(bootstrap, gateway);
            int asked = sum(one -> one.asked);
            try (Crowd crowd = Crowd.eager(bootstrap.port(), "/", 6)) {
                crowd.during(Duration.ofSeconds(1)).close();
                System.out.printf(
                        "none is well: 503 within %.1f ms (median of %d)%n", crowd.millis(503, 0.5), crowd.answers());
                assertThat(crowd.answers(503)).as("%s", crowd).isEqualTo(crowd.answers());
                assertThat(crowd.millis(503, 0.5)).isLessThan(100);
            }
            assertThat(sum(one -> one.asked)).isEqualTo(asked);
        }
    }

    private void awaitAllOut(StaticBootstrap bootstrap, Gateway gateway) {
        Site.await(
                gateway.process()::output,
                () -> Site.get(bootstrap.adminPort(), "/clusters")
                                .text()
                                .lines()
                                .filter(line -> line.contains("/failed_active_hc"))
                                .count()
                        == endpoints.size());
    }

    @Test
    void whoJoinsBeginsWithLittle() throws IOException {
        StaticBootstrap bootstrap = endpoints(3)
                .cluster(CHECKED)
                .cluster("lb_policy: ROUND_ROBIN\n"
                        + "round_robin_lb_config: {slow_start_config: {slow_start_window: 6s, min_weight_percent:"
                        + " {value: 10}}}");
        Endpoint newcomer = endpoints.getLast();
        newcomer.passesChecks = false;
        try (Gateway gateway = start(bootstrap);
                Crowd crowd = Crowd.steady(bootstrap.port(), "/", 20, 200)) {
            // those that were there from the start are slow starters as well
            crowd.during(Duration.ofSeconds(7));
            newcomer.passesChecks = true;
            Site.await(gateway.process()::output, () -> newcomer.asked.get() > 0);
            double first = share(newcomer, crowd);
            crowd.during(Duration.ofSeconds(7));
            double later = share(newcomer, crowd);
            System.out.printf("a newcomer among three: %.2f of the requests at first, %.2f later%n", first, later);
            assertThat(first).isLessThan(0.2);
            assertThat(later).isBetween(0.28, 0.38);
        }
    }

    /** Of the requests of a second. */
    private double share(Endpoint one, Crowd crowd) {
        IntSupplier all = () -> sum(each -> each.asked);
        int before = one.asked.get();
        int allBefore = all.getAsInt();
        crowd.during(Duration.ofSeconds(1));
        return (one.asked.get() - before) / (double) (all.getAsInt() - allBefore);
    }
}
