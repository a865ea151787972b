package io.sluice.loadtests.bench;

import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.XdsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * From a service's registration, on its way to Consul's agent, to the end of the first answer that the service itself gave through a proxy. The
 * routes are there before: 503 until then.
 */
final class Registrations {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long BETWEEN_TRIES_NANOS = 300_000;

    private final Plan plan;
    private final Consumer<String> say;
    private final HttpClient consul =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    Registrations(Plan plan, Consumer<String> say) {
        this.plan = plan;
        this.say = say;
    }

    /** A row for each percentile; none where there is no Consul. */
    List<Report.Row> measure(Path work, int upstreamPort) throws IOException, InterruptedException {
        if (Part.CONSUL.find().isEmpty()) {
            say.accept("registrations are left out: " + Part.CONSUL.missing());
            return List.of();
        }
        Map<Proxy, Integer> ports = new EnumMap<>(Proxy.class);
        ports.put(Proxy.GATEWAY, Ports.free());
        ports.put(Proxy.ENVOY, Ports.free());
        try (Consul agent = Consul.start(Ports.free())) {
            put(agent.httpPort(), "/v1/kv/sluice/bench", document(ports));
            try (XdsServer xds = XdsServer.start(
                            "consul://127.0.0.1:" + agent.httpPort(), Ports.free(), Ports.free(), Map.of(), work);
                    Gateway gateway = Gateway.start(xds.port(), "bench-gateway", Ports.free(), Map.of(), work)) {
                if (Part.ENVOY.find().isEmpty()) {
                    ports.remove(Proxy.ENVOY);
                    return rows(register(agent.httpPort(), ports, upstreamPort));
                }
                try (Envoy envoy = Envoy.start(xds.port(), "bench-envoy", "eu", Ports.free(), work)) {
                    say.accept("gateway and Envoy obey the xds-server: processes "
                            + gateway.process().pid() + " and "
                            + envoy.process().pid());
                    return rows(register(agent.httpPort(), ports, upstreamPort));
                }
            }
        }
    }

    private Map<Proxy, List<Double>> register(int consulPort, Map<Proxy, Integer> ports, int upstreamPort)
            throws IOException, InterruptedException {
        Map<Proxy, List<Double>> millis = new EnumMap<>(Proxy.class);
        try (ExecutorService callers = Executors.newFixedThreadPool(ports.size())) {
            for (Map.Entry<Proxy, Integer> proxy : ports.entrySet()) {
                awaitStatus(proxy.getValue(), path(0), 503); // it has its routes
            }
            for (int i = 0; i < plan.registrations(); i++) {
                String path = path(i);
                Map<Proxy, CompletableFuture<Long>> answered = new EnumMap<>(Proxy.class);
                ports.forEach((proxy, port) -> answered.put(
                        proxy, CompletableFuture.supplyAsync(() -> awaitStatus(port, path, 200), callers)));
                long began = System.nanoTime();
                put(
                        consulPort,
                        "/v1/agent/service/register",
                        String.format(Locale.ROOT, """
                        {"Name": "%s", "ID": "%s", "Address": "127.0.0.1", "Port": %d}""", service(i), service(i), upstreamPort));
                StringBuilder line = new StringBuilder();
                answered.forEach((proxy, at) -> {
                    double took = (at.join() - began) / 1e6;
                    millis.computeIfAbsent(proxy, absent -> new ArrayList<>()).add(took);
                    line.append(String.format(Locale.ROOT, " %s %.1f ms", proxy.label(), took));
                });
                say.accept("registration " + (i + 1) + " of " + plan.registrations() + ":" + line);
            }
        }
        return millis;
    }

    private static List<Report.Row> rows(Map<Proxy, List<Double>> millis) {
        List<Report.Row> rows = new ArrayList<>();
        for (int percent : List.of(50, 90, 99)) {
            Map<Proxy, Samples> samples = new EnumMap<>(Proxy.class);
            millis.forEach((proxy, all) -> {
                Samples each = new Samples(all);
                samples.put(proxy, percent == 50 ? each : new Samples(List.of(each.percentile(percent))));
            });
            rows.add(new Report.Row(
                    "registration → first routed request, p" + percent,
                    "ms",
                    samples,
                    percent == 50 ? Optional.of(new Report.Target.AtMost(25)) : Optional.empty()));
        }
        return rows;
    }

    /** Asks again and again. @return when the answer was that status */
    private static long awaitStatus(int port, String path, int status) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String seen = "no answer";
        while (System.nanoTime() < deadline) {
            try (Http1Client client = Http1Client.connect(port)) {
                while (System.nanoTime() < deadline) {
                    client.send("GET " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
                    int got = client.read("GET", PATIENCE).status();
                    if (got == status) {
                        return System.nanoTime();
                    }
                    seen = Integer.toString(got);
                    if (got == 0) {
                        break; // the connection is gone
                    }
                    LockSupport.parkNanos(BETWEEN_TRIES_NANOS);
                }
            } catch (IOException e) {
                seen = e.toString();
                LockSupport.parkNanos(BETWEEN_TRIES_NANOS);
            }
        }
        throw new IllegalStateException(
                "GET " + path + ": " + seen + " within " + PATIENCE + " (expected: " + status + ")");
    }

    private String document(Map<Proxy, Integer> ports) {
        StringBuilder yaml =
                new StringBuilder(String.format(Locale.ROOT, """
                listeners:
                  - {name: gateway, port: %d, address: 127.0.0.1, nodes: gateway}
                  - {name: envoy, port: %d, address: 127.0.0.1, nodes: envoy}
                routes:
                """, ports.get(Proxy.GATEWAY), ports.get(Proxy.ENVOY)));
        for (int i = 0; i < plan.registrations(); i++) {
            yaml.append(String.format(
                    Locale.ROOT,
                    "  - {match: %s, to: %s, rewrite: {prefix: %s}}\n",
                    path(i),
                    service(i),
                    Upstream.SMALL));
        }
        return yaml.toString();
    }

    private static String path(int i) {
        return "/registered/" + i;
    }

    private static String service(int i) {
        return "registered-" + i;
    }

    private void put(int port, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = consul.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new UncheckedIOException(
                    new IOException("Consul: PUT " + path + ": " + response.statusCode() + " " + response.body()));
        }
    }
}
