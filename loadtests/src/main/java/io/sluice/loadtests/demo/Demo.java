package io.sluice.loadtests.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import io.sluice.loadtests.harness.Registry.Registration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Starts everything, shows real requests and their answers, and stays until Ctrl-C; with {@code --once} it ends after one round, with exit
 * code 0 only when every answer was the expected one.
 */
public final class Demo {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Stage stage;
    private final Script script;

    private Demo(Stage stage, Script script) {
        this.stage = stage;
        this.script = script;
    }

    public static void main(String[] args) throws Exception {
        List<String> words = List.of(args);
        if (!words.isEmpty() && !words.equals(List.of("--once"))) {
            System.err.println(
                    "demo: " + String.join(" ", words) + " is not understood (expected: nothing, or --once)");
            System.exit(2);
        }
        long began = System.nanoTime();
        Script script = new Script(System.out);
        try (Stage stage = Stage.open(script)) {
            Runtime.getRuntime().addShutdownHook(new Thread(stage::close, "stop"));
            Demo demo = new Demo(stage, script);
            demo.play();
            script.title(script.shown() + " answers shown, " + script.wrong() + " not as expected, "
                    + Duration.ofNanos(System.nanoTime() - began).toSeconds() + " s");
            if (words.isEmpty()) {
                script.say("everything stays up; Ctrl-C ends it");
                Thread.currentThread().join();
            }
        }
        System.exit(script.wrong() == 0 ? 0 : 1);
    }

    private void play() throws Exception {
        stage.describe();
        routes();
        weights();
        limit();
        retry();
        failover();
        newcomer();
        trace();
    }

    private void routes() throws Exception {
        script.title("one route table, obeyed by every data plane");
        for (Caller caller : stage.callers()) {
            AggregatedHttpResponse order = caller.get("/orders/1");
            show(caller, "GET /orders/1", order, 200);
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
        script.title("weights of the registrations: orders-1 has 3, orders-2 has 1, in eu; orders-3 alone in us");
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
        script.title("one limit of 10 a minute, shared by all of them");
        int admitted = 0;
        int asked = 0;
        List<Caller> callers = stage.callers();
        Map<String, Integer> each = new TreeMap<>();
        while (asked < 15) {
            Caller caller = callers.get(asked++ % callers.size());
            if (caller.get("/limited").status().code() == 200) {
                admitted++;
                each.merge(caller.name(), 1, Integer::sum);
            }
        }
        script.show("15 x GET /limited, in turn", admitted + " admitted " + each, admitted == 10, "10");
        for (Caller caller : callers) {
            show(caller, "GET /limited", caller.get("/limited"), 429);
        }
    }

    private void retry() {
        script.title("flaky fails every second time; the route tries again");
        for (Caller caller : stage.callers()) {
            int ok = 0;
            for (int i = 0; i < 10; i++) {
                ok += caller.get("/flaky").status().code() == 200 ? 1 : 0;
            }
            script.show(at(caller) + " 10 x GET /flaky", ok + " x 200", ok == 10, "10 x 200");
        }
    }

    private void failover() {
        script.title("eu's orders stop: eu fails over to us; they come back");
        stage.stopOrders("eu");
        List<Caller> inEu =
                stage.callers().stream().filter(c -> c != stage.us()).toList();
        for (Caller caller : inEu) {
            boolean over = within(() -> served(caller).equals("orders-3"));
            script.show(at(caller) + " GET /orders/3", served(caller), over, "orders-3");
        }
        stage.startOrders("eu");
        for (Caller caller : inEu) {
            boolean back = within(
                    () -> !served(caller).equals("orders-3") && served(caller).startsWith("orders-"));
            script.show(at(caller) + " GET /orders/3", served(caller), back, "orders-1 or orders-2");
        }
    }

    private void newcomer() {
        script.title("a service registers while everything runs");
        Registration late = stage.startLate();
        long registered = stage.registry().register(late);
        List<Thread> waiting = new ArrayList<>();
        Map<Caller, Long> after = new java.util.concurrent.ConcurrentHashMap<>();
        for (Caller caller : stage.callers()) {
            waiting.add(Thread.ofPlatform().start(() -> {
                if (within(() -> caller.get("/late").status().code() == 200)) {
                    after.put(caller, System.nanoTime());
                }
            }));
        }
        for (Thread thread : waiting) {
            join(thread);
        }
        for (Caller caller : stage.callers()) {
            Long answered = after.get(caller);
            String shown =
                    answered == null ? "no answer" : "200 after %.1f ms".formatted((answered - registered) / 1e6);
            script.show(at(caller) + " GET /late", shown, answered != null, "200");
        }
    }

    private void trace() throws Exception {
        script.title("one trace, a span per hop");
        if (stage.zipkin().isEmpty()) {
            script.say("left out: no Zipkin here (./sluice tools brings one)");
            return;
        }
        String traceId = "%016x%016x".formatted(System.nanoTime() | 1, System.nanoTime() | 1);
        AggregatedHttpResponse response = stage.eu()
                .get(
                        "/orders/4/owner",
                        "x-b3-traceid",
                        traceId,
                        "x-b3-spanid",
                        traceId.substring(16),
                        "x-b3-sampled",
                        "1");
        show(stage.eu(), "GET /orders/4/owner", response, 200);
        List<String> spans = new ArrayList<>();
        boolean whole = within(() -> {
            spans.clear();
            spans.addAll(spansOf(traceId));
            return spans.size() >= 6;
        });
        script.show(
                "Zipkin's trace " + traceId,
                spans.size() + " spans",
                whole,
                "6: two gateways, orders and users, and both calls");
        spans.forEach(script::say);
        script.say(stage.zipkin().get() + "/zipkin/traces/" + traceId);
    }

    private List<String> spansOf(String traceId) {
        AggregatedHttpResponse answer = stage.zipkinClient().get("/api/v2/trace/" + traceId);
        List<String> spans = new ArrayList<>();
        try {
            for (JsonNode span : JSON.readTree(answer.content().array())) {
                spans.add("%-8s %-12s %-24s %6d us"
                        .formatted(
                                span.path("kind").asText("-"),
                                span.path("localEndpoint").path("serviceName").asText("-"),
                                span.path("name").asText("-"),
                                span.path("duration").asLong()));
            }
        } catch (java.io.IOException e) {
            return List.of();
        }
        return spans;
    }

    private static String served(Caller caller) {
        AggregatedHttpResponse response = caller.get("/orders/3");
        return response.headers()
                .get("x-served-by", "status " + response.status().code());
    }

    private void show(Caller caller, String asked, AggregatedHttpResponse response, int expected) {
        String body = response.contentUtf8().strip();
        script.show(
                at(caller) + " " + asked,
                response.status().code() + (body.isEmpty() ? "" : " " + body),
                response.status().code() == expected,
                String.valueOf(expected));
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
            java.util.concurrent.locks.LockSupport.parkNanos(500_000);
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
