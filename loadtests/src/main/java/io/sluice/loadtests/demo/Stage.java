package io.sluice.loadtests.demo;

import brave.Tracing;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.ConsulRegistry;
import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.FileRegistry;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Registry;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.XdsServer;
import io.sluice.loadtests.harness.Zipkin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import zipkin2.reporter.BytesMessageSender;
import zipkin2.reporter.brave.AsyncZipkinSpanHandler;
import zipkin2.reporter.urlconnection.URLConnectionSender;

/** Everything the demo starts, on loopback ports. */
final class Stage implements AutoCloseable {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    /** Kept, so that its level stays: what it says at the end, that Zipkin is gone, is meant so. */
    private static final Logger REPORTER = Logger.getLogger("zipkin2.reporter");

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<String, ExampleService> orders = new ConcurrentHashMap<>();
    private final Map<String, Registration> registrations = new TreeMap<>();
    private final Script script;
    private final Path folder;
    private final int zipkinPort = Ports.free();
    private final int rlsPort = Ports.free();
    private final boolean traced = Part.ZIPKIN.find().isPresent();
    private final Caller eu = new Caller("gateway eu", Ports.free());
    private final Caller us = new Caller("gateway us", Ports.free());
    private final Optional<Caller> envoy;
    private final WebClient usGateway;
    private @Nullable Registry registry;
    private @Nullable Consul consul;
    private @Nullable XdsServer xds;
    private @Nullable ExampleService flaky;
    private boolean closed;

    Stage(Script script) {
        this.script = script;
        REPORTER.setLevel(Level.OFF);
        envoy = Part.ENVOY.find().map(there -> new Caller("Envoy eu", Ports.free()));
        usGateway = WebClient.of("h1c://127.0.0.1:" + us.port());
        try {
            folder = Files.createTempDirectory("sluice-demo");
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary folder", e);
        }
    }

    /**
     * Starts all, what does not need each other at the same time, and returns when every data plane answers.
     *
     * @throws IllegalStateException when something does not start, with its last lines
     */
    void open() {
        script.title("starting");
        Stream.of(Part.CONSUL, Part.ENVOY, Part.ZIPKIN)
                .filter(part -> part.find().isEmpty())
                .forEach(part -> script.step("left out: " + part.missing()
                        + (part == Part.CONSUL ? "; a folder of YAML files takes its place" : "")));
        try {
            CompletableFuture<?> tracing = traced ? begin("Zipkin", () -> Zipkin.start(zipkinPort)) : done();
            CompletableFuture<?> control = CompletableFuture.runAsync(this::startRegistry)
                    .thenRun(this::startServices)
                    .thenRun(this::startXds);
            control.thenCompose(ready -> CompletableFuture.allOf(
                            begin("gateway eu, which also counts the limits", () -> startGateway("eu")),
                            begin("gateway us", () -> startGateway("us")),
                            envoy.isPresent() ? begin("Envoy", this::startEnvoy) : done()))
                    .join();
            callers().forEach(this::warmUp);
            tracing.join();
        } catch (CompletionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw new IllegalStateException(String.valueOf(cause.getMessage()), cause);
        }
    }

    private static CompletableFuture<@Nullable Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<@Nullable Void> begin(String name, Supplier<? extends AutoCloseable> start) {
        return CompletableFuture.runAsync(
                () -> {
                    keep(start.get());
                    script.step(name);
                },
                command -> Thread.ofVirtual().start(command));
    }

    /** What is opened while everything is being closed goes the same way. */
    private <T extends AutoCloseable> T keep(T opened) {
        synchronized (open) {
            if (!closed) {
                open.push(opened);
                return opened;
            }
        }
        close(opened);
        throw new IllegalStateException("stopped");
    }

    // --- the parts

    private void startRegistry() {
        if (Part.CONSUL.find().isPresent()) {
            Consul agent = keep(Consul.start(Ports.free()));
            consul = agent;
            registry = new ConsulRegistry(agent.httpPort());
            script.step("Consul");
        } else {
            registry = new FileRegistry(newFolder("catalog"));
        }
    }

    private void startXds() {
        registry().write("demo", routes());
        registry().write("warm-up", "routes: [{match: /warm-up, to: orders, limit: {rate: 1000/s}}]\n");
        Map<String, String> forEnvoys = new TreeMap<>(Map.of("SLUICE_RATE_LIMIT", "127.0.0.1:" + rlsPort));
        spans().ifPresent(url -> forEnvoys.put("SLUICE_ZIPKIN_URL", url));
        xds = keep(XdsServer.start(registry().source(), Ports.free(), Ports.free(), forEnvoys, folder));
        script.step("xds-server");
    }

    private Gateway startGateway(String region) {
        List<String> words = new ArrayList<>(List.of("--region", region));
        if (region.equals("eu")) {
            words.addAll(List.of("--limiter-port", "" + Ports.free(), "--rls-port", "" + rlsPort));
            // two busy cores stop a JVM for longer than the default, 5 ms; then it would admit its share uncounted
            words.addAll(List.of("--limiter-deadline", "80ms"));
        }
        spans().ifPresent(url -> words.addAll(List.of("--zipkin-url", url)));
        return Gateway.start(
                xds().port(),
                "gateway-" + region,
                Ports.free(),
                Map.of(),
                newFolder(region),
                words.toArray(String[]::new));
    }

    private Envoy startEnvoy() {
        return Envoy.start(xds().port(), "envoy-eu", "eu", Ports.free(), folder);
    }

    private void startServices() {
        addOrders("orders-1", "eu", 3);
        addOrders("orders-2", "eu", 1);
        addOrders("orders-3", "us", 1);
        register("users", keep(ExampleService.users("users-1", "eu", Ports.free(), tracing("users"))), "eu", 1);
        register("users", keep(ExampleService.users("users-2", "us", Ports.free(), tracing("users"))), "us", 1);
        ExampleService failing = keep(ExampleService.flaky("flaky-1", "eu", Ports.free(), tracing("flaky")));
        flaky = failing;
        register("flaky", failing, "eu", 1);
        script.step("services orders (3 copies), users (2), flaky");
    }

    private void addOrders(String id, String region, int weight) {
        ExampleService service = ExampleService.orders(id, region, Ports.free(), tracing("orders"), usGateway);
        orders.put(id, service);
        keep(() -> Objects.requireNonNull(orders.get(id)).close());
        register("orders", service, region, weight);
    }

    private void register(String name, ExampleService service, String region, int weight) {
        Registration registration =
                new Registration(name, service.id(), region, service.port(), weight, Map.of(), name.equals("orders"));
        registrations.put(service.id(), registration);
        registry().register(registration);
    }

    private Tracing tracing(String service) {
        Tracing.Builder builder = Tracing.newBuilder().localServiceName(service);
        // reporters end with this JVM: closing them waits for a Zipkin that is stopped at the same time
        spans().ifPresent(url -> {
            BytesMessageSender sender = URLConnectionSender.create(url);
            builder.addSpanHandler(AsyncZipkinSpanHandler.create(sender));
        });
        return keep(builder.build());
    }

    private Optional<String> spans() {
        return zipkin().map(url -> url + "/api/v2/spans");
    }

    /** Until a data plane has its configuration and has opened its connections: the first answers shown are not the first ones given. */
    private void warmUp(Caller caller) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        Caller.Answered answer = caller.get("/orders/0");
        while (answer.status() != 200 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(20_000_000);
            answer = caller.get("/orders/0");
        }
        if (answer.status() != 200) {
            throw new IllegalStateException(
                    caller.name() + " answers GET /orders/0 with " + answer + " (expected: 200)\n"
                            + BlockingWebClient.of("http://127.0.0.1:" + xds().adminPort())
                                    .get("/clients")
                                    .contentUtf8());
        }
        for (int i = 0; i < 10; i++) {
            caller.get("/warm-up");
        }
    }

    // --- what the scenes use

    void describe() {
        script.title("where everything listens");
        for (Caller caller : callers()) {
            at(caller.name(), "http://127.0.0.1:" + caller.port() + "/orders/1");
        }
        at(
                "xds-server",
                "http://127.0.0.1:" + xds().adminPort() + "/  (its clients: /clients; gRPC on " + xds().port() + ")");
        if (consul != null) {
            at("Consul", "http://127.0.0.1:" + consul.httpPort() + "/ui/");
        }
        zipkin().ifPresent(url -> at("Zipkin", url + "/zipkin/"));
    }

    private void at(String name, String place) {
        script.say("%-12s %s".formatted(name, place));
    }

    Registry registry() {
        return Objects.requireNonNull(registry);
    }

    private XdsServer xds() {
        return Objects.requireNonNull(xds);
    }

    ExampleService flaky() {
        return Objects.requireNonNull(flaky);
    }

    List<Caller> callers() {
        return Stream.concat(Stream.of(eu, us), envoy.stream()).toList();
    }

    Caller eu() {
        return eu;
    }

    Caller us() {
        return us;
    }

    Optional<String> zipkin() {
        return traced ? Optional.of("http://127.0.0.1:" + zipkinPort) : Optional.empty();
    }

    BlockingWebClient zipkinClient() {
        return WebClient.of(zipkin().orElseThrow()).blocking();
    }

    /** Stops the region's copies; Consul finds out by their checks, a folder has to be told. */
    void stopOrders(String region) {
        ordersOf(region).forEach(registration -> {
            Objects.requireNonNull(orders.get(registration.id())).close();
            if (consul == null) {
                registry().deregister(registration);
            }
        });
    }

    void startOrders(String region) {
        ordersOf(region).forEach(registration -> {
            orders.put(
                    registration.id(),
                    ExampleService.orders(
                            registration.id(), region, registration.port(), tracing("orders"), usGateway));
            if (consul == null) {
                registry().register(registration);
            }
        });
    }

    private List<Registration> ordersOf(String region) {
        return registrations.values().stream()
                .filter(r -> r.service().equals("orders") && r.region().equals(region))
                .toList();
    }

    /** A service that runs and is not registered yet. */
    Registration startLate() {
        ExampleService late = keep(ExampleService.orders("late-1", "eu", Ports.free(), tracing("late"), usGateway));
        return Registration.of("late", late.id(), "eu", late.port());
    }

    // --- documents

    private String routes() {
        return """
            listeners:
              - {name: eu, port: %d, address: 127.0.0.1, region: eu, nodes: gateway}
              - {name: us, port: %d, address: 127.0.0.1, region: us, nodes: gateway}
              - {name: envoy, port: %d, address: 127.0.0.1, nodes: envoy}
            policies:
              users: {protocol: grpc}
            routes:
              - match: /orders/**
                to: orders
                retry: {times: 2, on: [connect-failure, reset]}
              - match: /users/**
                to: users
              - match: /sluice.demo.Users/**
                to: users
              - match: /flaky
                to: flaky
                retry: {times: 2, on: [503]}
              - match: /limited
                to: orders
                limit: {per: everyone, rate: 10/min}
              - match: /late
                to: late
            """.formatted(eu.port(), us.port(), envoy.map(Caller::port).orElse(0));
    }

    // --- the end

    private Path newFolder(String name) {
        try {
            return Files.createDirectories(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deleteFolder() throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Stops all at the same time: nothing here needs another's orderly end. Safe to be called twice, and while {@link #open} is under way. */
    @Override
    public void close() {
        List<AutoCloseable> all;
        synchronized (open) {
            closed = true;
            all = List.copyOf(open);
            open.clear();
        }
        List<Thread> closing = all.stream()
                .map(opened -> Thread.ofVirtual().start(() -> close(opened)))
                .toList();
        try {
            for (Thread thread : closing) {
                thread.join();
            }
            deleteFolder();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            script.say("not removed: " + folder + ": " + e);
        }
    }

    private void close(AutoCloseable opened) {
        try {
            opened.close();
        } catch (Exception e) {
            script.say("not stopped cleanly: " + e);
        }
    }
}
