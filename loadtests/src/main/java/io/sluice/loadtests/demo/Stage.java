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
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import zipkin2.reporter.BytesMessageSender;
import zipkin2.reporter.brave.AsyncZipkinSpanHandler;
import zipkin2.reporter.urlconnection.URLConnectionSender;

/** Everything the demo starts, on loopback ports. What is opened last is closed first. */
final class Stage implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Map<String, ExampleService> orders = new HashMap<>();
    private final Map<String, Registration> registrations = new HashMap<>();
    private final Script script;
    private final Path folder;
    private final Registry registry;
    private final Optional<Zipkin> zipkin;
    private final Optional<Consul> consul;
    private final XdsServer xds;
    private final Caller eu;
    private final Caller us;
    private final Optional<Caller> envoy;
    private final WebClient usGateway;
    private boolean closed;

    static Stage open(Script script) throws IOException {
        return new Stage(script);
    }

    private Stage(Script script) throws IOException {
        this.script = script;
        folder = Files.createTempDirectory("sluice-demo");
        open.push(this::deleteFolder);
        script.title("starting");
        CompletableFuture<Optional<Zipkin>> tracing = CompletableFuture.supplyAsync(this::startZipkin);
        consul = startConsul();
        registry = consul.<Registry>map(agent -> new ConsulRegistry(agent.httpPort()))
                .orElseGet(() -> new FileRegistry(newFolder("catalog")));

        int euPort = Ports.free();
        int usPort = Ports.free();
        int envoyPort = Ports.free();
        int rlsPort = Ports.free();
        usGateway = WebClient.of("h1c://127.0.0.1:" + usPort);
        zipkin = tracing.join();
        startServices();
        registry.write("demo", routes(euPort, usPort, envoyPort));
        xds = keep(XdsServer.start(
                registry.source(),
                Ports.free(),
                Ports.free(),
                Map.of("SLUICE_RATE_LIMIT", "127.0.0.1:" + rlsPort),
                folder));
        script.say("xds-server is ready");
        int euMember = Ports.free();
        int usMember = Ports.free();
        startGateway("eu", euMember, usMember, List.of("--rls-port", String.valueOf(rlsPort)));
        startGateway("us", usMember, euMember, List.of());
        script.say("gateways eu and us are ready");
        envoy = startEnvoy(envoyPort);
        eu = new Caller("gateway eu", euPort);
        us = new Caller("gateway us", usPort);
        warmUp();
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.push(opened);
        return opened;
    }

    // --- the parts

    private Optional<Zipkin> startZipkin() {
        if (Part.ZIPKIN.find().isEmpty()) {
            script.say(Part.ZIPKIN.missing());
            return Optional.empty();
        }
        return Optional.of(keep(Zipkin.start(Ports.free())));
    }

    private Optional<Consul> startConsul() {
        if (Part.CONSUL.find().isEmpty()) {
            script.say(Part.CONSUL.missing() + "; a folder of files takes its place");
            return Optional.empty();
        }
        Consul agent = keep(Consul.start(Ports.free()));
        script.say("Consul is ready");
        return Optional.of(agent);
    }

    private Optional<Caller> startEnvoy(int port) {
        if (Part.ENVOY.find().isEmpty()) {
            script.say(Part.ENVOY.missing());
            return Optional.empty();
        }
        keep(Envoy.start(xds.port(), "envoy-eu", "eu", Ports.free(), folder));
        script.say("Envoy is ready");
        return Optional.of(new Caller("envoy eu", port));
    }

    private void startGateway(String region, int member, int otherMember, List<String> more) {
        List<String> words = new ArrayList<>(List.of(
                "--region",
                region,
                "--limiter-port",
                String.valueOf(member),
                "--limiter-members",
                "127.0.0.1:" + otherMember));
        words.addAll(more);
        zipkin.ifPresent(
                server -> words.addAll(List.of("--zipkin-url", "http://127.0.0.1:" + server.port() + "/api/v2/spans")));
        keep(Gateway.start(
                xds.port(),
                "gateway-" + region,
                Ports.free(),
                Map.of(),
                newFolder(region),
                words.toArray(String[]::new)));
    }

    private void startServices() {
        addOrders("orders-1", "eu", 3);
        addOrders("orders-2", "eu", 1);
        addOrders("orders-3", "us", 1);
        register("users", keep(ExampleService.users("users-1", "eu", Ports.free(), tracing("users-1"))), "eu", 1);
        register("users", keep(ExampleService.users("users-2", "us", Ports.free(), tracing("users-2"))), "us", 1);
        register("flaky", keep(ExampleService.flaky("flaky-1", "eu", Ports.free(), tracing("flaky-1"))), "eu", 1);
    }

    private void addOrders(String id, String region, int weight) {
        ExampleService service = ExampleService.orders(id, region, Ports.free(), tracing(id), usGateway);
        orders.put(id, service);
        keep(() -> Objects.requireNonNull(orders.get(id)).close());
        register("orders", service, region, weight);
    }

    private void register(String name, ExampleService service, String region, int weight) {
        Registration registration =
                new Registration(name, service.id(), region, service.port(), weight, Map.of(), name.equals("orders"));
        registrations.put(service.id(), registration);
        registry.register(registration);
    }

    private Tracing tracing(String service) {
        Tracing.Builder builder = Tracing.newBuilder().localServiceName(service);
        zipkin.ifPresent(server -> {
            BytesMessageSender sender =
                    keep(URLConnectionSender.create("http://127.0.0.1:" + server.port() + "/api/v2/spans"));
            builder.addSpanHandler(keep(AsyncZipkinSpanHandler.create(sender)));
        });
        return keep(builder.build());
    }

    // --- what the scenes use

    void describe() {
        script.title("everything runs");
        for (Caller caller : callers()) {
            script.say("%-12s http://127.0.0.1:%d/orders/1".formatted(caller.name(), caller.port()));
        }
        script.say("%-12s http://127.0.0.1:%d/  (clients: /clients)".formatted("xds-server", xds.adminPort()));
        consul.ifPresent(agent -> script.say("%-12s http://127.0.0.1:%d/ui/".formatted("Consul", agent.httpPort())));
        zipkin().ifPresent(url -> script.say("%-12s %s/zipkin/".formatted("Zipkin", url)));
    }

    Registry registry() {
        return registry;
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
        return zipkin.map(server -> "http://127.0.0.1:" + server.port());
    }

    BlockingWebClient zipkinClient() {
        return WebClient.of(zipkin().orElseThrow()).blocking();
    }

    /** Stops the region's copies; Consul finds out by their checks, a folder has to be told. */
    void stopOrders(String region) {
        ordersOf(region).forEach(registration -> {
            Objects.requireNonNull(orders.get(registration.id())).close();
            if (consul.isEmpty()) {
                registry.deregister(registration);
            }
        });
    }

    void startOrders(String region) {
        ordersOf(region).forEach(registration -> {
            orders.put(
                    registration.id(),
                    ExampleService.orders(
                            registration.id(), region, registration.port(), tracing(registration.id()), usGateway));
            if (consul.isEmpty()) {
                registry.register(registration);
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
        ExampleService late = keep(ExampleService.orders("late-1", "eu", Ports.free(), tracing("late-1"), usGateway));
        return new Registration("late", late.id(), "eu", late.port(), 1, Map.of(), false);
    }

    /** Every data plane has its configuration and its limiter when the demo begins. */
    private void warmUp() {
        for (Caller caller : callers()) {
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (caller.get("/orders/0").status().code() != 200) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(caller.name() + " does not answer: "
                            + caller.get("/orders/0").status());
                }
                java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
            }
        }
    }

    // --- documents

    private static String routes(int eu, int us, int envoy) {
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
            """.formatted(eu, us, envoy);
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
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                script.say("not stopped cleanly: " + e);
            }
        }
    }
}
