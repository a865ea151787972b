package io.sluice.loadtests.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import io.sluice.loadtests.demo.Caller.Answered;
import io.sluice.loadtests.harness.Registry.Registration;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Starts everything, shows real requests and their answers, and stays until Ctrl-C; with {@code --once} it ends after one round, with exit
 * code 0 only when every answer was the expected one.
 */
public final class Demo {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** A server's and a client's for each data plane that is passed, a server's for each service. */
    private static final int SPANS = 6;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Stage stage;
    private final Script script;

    private Demo(Stage stage, Script script) {
        this.stage = stage;
        this.script = script;
    }

    public static void main(String[] args) throws InterruptedException {
        List<String> words = List.of(args);
        if (!words.isEmpty() && !words.equals(List.of("--once"))) {
            System.err.println(
                    "demo: " + String.join(" ", words) + " is not understood (expected: nothing, or --once)");
            System.exit(2);
        }
        Script script = new Script(System.out);
        Stage stage = new Stage(script);
        Runtime.getRuntime().addShutdownHook(new Thread(stage::close, "stop"));
        try {
            stage.open();
        } catch (IllegalStateException e) {
            System.err.println("demo: " + e.getMessage());
            System.exit(1);
        }
        new Demo(stage, script).play();
        script.title("%d answers shown, %d not as expected; %d s"
                .formatted(script.shown(), script.wrong(), script.elapsed().toSeconds()));
        if (words.isEmpty()) {
            script.say("everything stays up; Ctrl-C ends it");
            Thread.currentThread().join();
        }
        System.exit(script.wrong() == 0 ? 0 : 1);
    }

    private void play() throws InterruptedException {
        stage.describe();
        routes();
        weights();
        limit();
        retry();
        failover();
        newcomer();
        trace();
    }

    private void routes() {
        script.title("one route table, obeyed by every data plane");
        for (Caller caller : stage.callers()) {
            show(caller, "GET /orders/1", caller.get("/orders/1"), 200);
            show(caller, "GET /users/7", caller.get("/users/7"), 200);
            String greeting = caller.greet("Ada");
            script.show(
                    at(caller) + " gRPC sluice.demo.Users/Greet \"Ada\"",
                    greeting,
                    greeting.startsWith("hello Ada"),
                    "hello Ada, ...");
            show(caller, "GET /nowhere", caller.get("/nowhere"), 404);
        }
    }

    private void weights() {
        script.title("spread by weight: orders-1 (weight 3) and orders-2 (1) are in eu, orders-3 (1) is in us; the own"
                + " region is preferred");
        for (Caller caller : stage.callers()) {
            Map<String, Integer> spread = caller.spread("/orders/2", 40);
            boolean us = caller == stage.us();
            script.show(
                    at(caller) + " 40 x GET /orders/2",
                    spread.toString(),
                    us ? spread.equals(Map.of("orders-3", 40)) : threeToOne(spread),
                    us ? "{orders-3=40}" : "about {orders-1=30, orders-2=10}");
        }
    }

    private static boolean threeToOne(Map<String, Integer> spread) {
        int first = spread.getOrDefault("orders-1", 0);
        return first >= 27 && first <= 33 && first + spread.getOrDefault("orders-2", 0) == 40;
    }

    private void limit() {
        List<Caller> callers = stage.callers();
        script.title("one limit of 10 a minute, shared by all " + callers.size());
        Map<String, Integer> admitted = new TreeMap<>();
        List<String> statuses = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            Caller caller = callers.get(i % callers.size());
            int status = caller.get("/limited").status();
            statuses.add(String.valueOf(status));
            if (status == 200) {
                admitted.merge(caller.name(), 1, Integer::sum);
            }
        }
        int sum = admitted.values().stream().mapToInt(i -> i).sum();
        script.say("15 x GET /limited, each in turn: " + String.join(" ", statuses));
        script.show("admitted", sum + " " + admitted, sum == 10, "10");
        for (Caller caller : callers) {
            show(caller, "GET /limited", caller.get("/limited"), 429);
        }
    }

    private void retry() {
        script.title("flaky answers every second request with 503; the route tries again");
        for (Caller caller : stage.callers()) {
            int failedBefore = stage.flaky().failures();
            int ok = 0;
            for (int i = 0; i < 10; i++) {
                ok += caller.get("/flaky").status() == 200 ? 1 : 0;
            }
            int hidden = stage.flaky().failures() - failedBefore;
            script.show(
                    at(caller) + " 10 x GET /flaky",
                    ok + " x 200, " + hidden + " x 503 hidden",
                    ok == 10 && hidden > 0,
                    "10 x 200, some hidden");
        }
    }

    private void failover() {
        List<Caller> inEu =
                stage.callers().stream().filter(c -> c != stage.us()).toList();
        script.title("eu's orders stop: eu fails over to us");
        long stopped = System.nanoTime();
        stage.stopOrders("eu");
        Map<Caller, Double> over =
                measured(inEu, stopped, caller -> served(caller).equals("orders-3"));
        inEu.forEach(caller -> showAfter(caller, "GET /orders/3", over, served(caller), "orders-3"));
        script.title("eu's orders come back");
        long started = System.nanoTime();
        stage.startOrders("eu");
        Map<Caller, Double> back = measured(inEu, started, caller -> {
            String instance = served(caller);
            return instance.equals("orders-1") || instance.equals("orders-2");
        });
        inEu.forEach(caller -> showAfter(caller, "GET /orders/3", back, served(caller), "orders-1 or orders-2"));
    }

    private void newcomer() {
        script.title("a service registers while everything runs; its route stood already");
        stage.callers().forEach(caller -> show(caller, "GET /late", caller.get("/late"), 503));
        Registration late = stage.startLate();
        long registered = stage.registry().register(late);
        Map<Caller, Double> after = measured(
                stage.callers(), registered, caller -> caller.get("/late").status() == 200);
        stage.callers().forEach(caller -> showAfter(caller, "GET /late", after, served(caller, "/late"), "late-1"));
    }

    private void trace() {
        script.title("one trace, a span per hop: orders asks users, through the gateway in us");
        if (stage.zipkin().isEmpty()) {
            script.say("left out: no Zipkin here");
            return;
        }
        for (Caller caller : stage.callers()) {
            if (caller != stage.us()) {
                trace(caller, caller == stage.eu() ? "gateway-eu" : "envoy-eu");
            }
        }
    }

    private void trace(Caller caller, String entry) {
        String traceId = "%016x%016x"
                .formatted(
                        ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE),
                        ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
        show(
                caller,
                "GET /orders/4/owner",
                caller.get(
                        "/orders/4/owner",
                        "x-b3-traceid",
                        traceId,
                        "x-b3-spanid",
                        traceId.substring(16),
                        "x-b3-sampled",
                        "1"),
                200);
        List<String> hops = List.of(entry, "orders", "gateway-us", "users");
        List<JsonNode> spans = new ArrayList<>();
        boolean whole = within(() -> {
            spans.clear();
            spans.addAll(spansOf(traceId));
            return hopsOf(spans).containsAll(hops) && spans.size() >= SPANS;
        });
        script.show(
                "Zipkin's trace " + traceId, spans.size() + " spans of " + hopsOf(spans), whole, "spans of " + hops);
        spans.forEach(span -> script.say("%-6s %-12s %-28s %7d us"
                .formatted(
                        span.path("kind").asText("-").toLowerCase(java.util.Locale.ROOT),
                        service(span),
                        span.path("name").asText("-"),
                        span.path("duration").asLong())));
        script.say(stage.zipkin().orElseThrow() + "/zipkin/traces/" + traceId);
    }

    private static SortedSet<String> hopsOf(List<JsonNode> spans) {
        return spans.stream().map(Demo::service).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String service(JsonNode span) {
        return span.path("localEndpoint").path("serviceName").asText("-");
    }

    private List<JsonNode> spansOf(String traceId) {
        AggregatedHttpResponse answer = stage.zipkinClient().get("/api/v2/trace/" + traceId);
        List<JsonNode> spans = new ArrayList<>();
        try {
            JSON.readTree(answer.content().array()).forEach(spans::add);
        } catch (IOException e) {
            return List.of(); // not there yet
        }
        spans.sort(java.util.Comparator.comparingLong(
                span -> span.path("timestamp").asLong()));
        return spans;
    }

    private interface Wanted {
        boolean by(Caller caller);
    }

    /** Milliseconds until each had what was wanted; asked by all at once, as their users would. */
    private static Map<Caller, Double> measured(List<Caller> callers, long since, Wanted wanted) {
        Map<Caller, Double> millis = new HashMap<>();
        List<Thread> asking = callers.stream()
                .map(caller -> Thread.ofVirtual().start(() -> {
                    if (within(() -> wanted.by(caller))) {
                        synchronized (millis) {
                            millis.put(caller, (System.nanoTime() - since) / 1e6);
                        }
                    }
                }))
                .toList();
        asking.forEach(Demo::join);
        return millis;
    }

    private void showAfter(Caller caller, String asked, Map<Caller, Double> millis, String answer, String expected) {
        Double after = millis.get(caller);
        script.show(
                at(caller) + " " + asked,
                answer + (after == null ? "" : " after %.0f ms".formatted(after)),
                after != null,
                expected);
    }

    private static String served(Caller caller) {
        return served(caller, "/orders/3");
    }

    private static String served(Caller caller, String path) {
        return caller.get(path).servedBy();
    }

    private void show(Caller caller, String asked, Answered answer, int expected) {
        script.show(at(caller) + " " + asked, answer.toString(), answer.status() == expected, String.valueOf(expected));
    }

    private static String at(Caller caller) {
        return "%-10s".formatted(caller.name());
    }

    private static boolean within(BooleanSupplier wanted) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!wanted.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(1_000_000);
        }
        return true;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
