package io.sluice.loadtests.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Consul;
import io.sluice.loadtests.harness.ConsulRegistry;
import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.FileRegistry;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.Registry;
import io.sluice.loadtests.harness.Response;
import io.sluice.loadtests.harness.XdsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A registry, an xds-server, a gateway and an Envoy, each a process on ports that it gets back when it is started again. What is started last is
 * stopped first.
 */
final class Site implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(30);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REGION = "eu";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final Path folder;
    private final int xdsPort = Ports.free();
    private final int xdsAdminPort = Ports.free();
    private final int gatewayAdminPort = Ports.free();
    private final int envoyAdminPort = Ports.free();
    private final int gatewayPort = Ports.free();
    private final int envoyPort = Ports.free();
    private final Registry registry;
    private final Map<String, String> xdsSettings;
    private @Nullable XdsServer xds;
    private @Nullable Gateway gateway;

    private Site(Path folder, Registry registry, Map<String, String> xdsSettings) {
        this.folder = folder;
        this.registry = registry;
        this.xdsSettings = xdsSettings;
    }

    /** Routes and services from YAML files; needs the real Envoy. */
    static Site onFiles(Path folder) throws IOException {
        return onFiles(folder, Map.of());
    }

    /** @param xdsSettings {@code SLUICE_*} of the xds-server */
    static Site onFiles(Path folder, Map<String, String> xdsSettings) throws IOException {
        RealParts.require(Part.ENVOY);
        return new Site(folder, new FileRegistry(Files.createDirectories(folder.resolve("catalog"))), xdsSettings);
    }

    /** Routes and services from a Consul that runs; needs the real Envoy. */
    static Site on(Consul consul, Path folder) {
        return on(new ConsulRegistry(consul.httpPort()), folder);
    }

    /** The same, however it is reached. */
    static Site on(ConsulRegistry registry, Path folder) {
        RealParts.require(Part.ENVOY);
        return new Site(folder, registry, Map.of());
    }

    Registry registry() {
        return registry;
    }

    int gatewayPort() {
        return gatewayPort;
    }

    int envoyPort() {
        return envoyPort;
    }

    /** Gateway and Envoy by name. */
    Map<String, Integer> doors() {
        return Map.of("gateway", gatewayPort, "Envoy", envoyPort);
    }

    /** The listeners of both, and these routes. */
    void routes(String routes) {
        registry.write("routes", listeners() + "routes:\n" + routes.indent(2));
    }

    String listeners() {
        return """
            listeners:
              - {name: gateway, port: %d, address: 127.0.0.1, nodes: gateway}
              - {name: envoy, port: %d, address: 127.0.0.1, nodes: envoy}
            """.formatted(gatewayPort, envoyPort);
    }

    /** Starts all that is not the registry. */
    Site start() {
        startXds();
        // Envoy ends with the thread that started it, and a thread of the common pool after a minute without work
        ExecutorService starting = Executors.newSingleThreadExecutor();
        open.push(starting::shutdown);
        CompletableFuture<Envoy> second = CompletableFuture.supplyAsync(
                () -> Envoy.start(xdsPort, "envoy", REGION, envoyAdminPort, folder), starting);
        startGateway();
        open.push(second.join());
        return this;
    }

    XdsServer startXds() {
        xds = XdsServer.start(registry.source(), xdsPort, xdsAdminPort, xdsSettings, folder);
        open.push(xds);
        return xds;
    }

    Gateway startGateway() {
        gateway = Gateway.start(
                xdsPort,
                "gateway",
                gatewayAdminPort,
                Map.of("SLUICE_CONFIG_CACHE", folder.resolve("last-good").toString()),
                folder,
                "--region",
                REGION);
        open.push(gateway);
        return gateway;
    }

    int xdsPort() {
        return xdsPort;
    }

    Path folder() {
        return folder;
    }

    XdsServer xds() {
        return Optional.ofNullable(xds).orElseThrow();
    }

    Gateway gateway() {
        return Optional.ofNullable(gateway).orElseThrow();
    }

    /** A page of the xds-server's admin. */
    String xdsPage(String path) throws IOException {
        return Http1Client.get(xdsAdminPort, "127.0.0.1", path).text();
    }

    /** The same where there must be one. */
    String page(String path) {
        try {
            return xdsPage(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode clients() throws IOException {
        return JSON.readTree(xdsPage("/clients")).path("clients");
    }

    /** Whether every node took all that it is to have. */
    boolean isLive() {
        try {
            for (JsonNode client : clients()) {
                if (!client.path("live").asBoolean()) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** What one data plane answers to a GET; status 0 where it does not. */
    static Response get(int port, String path) {
        try {
            return Http1Client.get(port, "scenario", path);
        } catch (IOException e) {
            return nothing(e);
        }
    }

    /** What stands for an answer that there is none of. */
    static Response nothing(IOException why) {
        return new Response(0, Headers.NONE, Bytes.utf8(why.toString()), Headers.NONE, List.of(), Response.End.RESET);
    }

    static String servedBy(int port, String path) {
        Response response = get(port, path);
        return response.headers().get("x-served-by").orElse("status " + response.status());
    }

    /** Until both data planes answer a GET with that status. */
    void awaitStatus(String path, int status) {
        doors().forEach((name, port) -> {
            await(
                    () -> name + " answers " + path + " with " + status + ", not with " + get(port, path) + "\n"
                            + state(),
                    () -> get(port, path).status() == status);
        });
    }

    /** What the programs say of themselves, for the message of a failure. */
    String state() {
        try {
            return xdsPage("/clients")
                    + xds().process().output()
                    + gateway().process().output();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** @param wish what is waited for; asked only when it does not come */
    static void await(Supplier<String> wish, BooleanSupplier wanted) {
        try {
            Awaitility.await()
                    .atMost(SOON)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(2))
                    .until(wanted::getAsBoolean);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError("not within " + SOON + ": " + wish.get(), e);
        }
    }

    @Override
    public void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }
}
