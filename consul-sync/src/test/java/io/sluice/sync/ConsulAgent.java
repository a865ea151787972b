package io.sluice.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A real Consul agent in development mode: it keeps nothing over a restart. One per test class. */
public final class ConsulAgent implements BeforeAllCallback, AfterAllCallback {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> options;
    private final List<Integer> ports = new ArrayList<>();
    private @Nullable Process process;
    private final ClientFactory factory = ClientFactory.builder().build();

    public ConsulAgent(String... options) {
        this.options = List.of(options);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Optional<Path> binary = find();
        if (binary.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("consul is missing: ./sluice tools brings it, or set SLUICE_CONSUL");
        }
        Assumptions.assumeTrue(
                binary.isPresent(), "skipped: consul is missing; ./sluice tools brings it, or set SLUICE_CONSUL");
        ports.addAll(freePorts(4));
        start();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (process != null) {
            stop();
        }
        factory.closeAsync();
    }

    private static Optional<Path> find() {
        Stream<String> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(folder -> folder + "/consul");
        return Stream.concat(
                        Stream.of(
                                System.getenv().getOrDefault("SLUICE_CONSUL", ""), ".tools/consul", "../.tools/consul"),
                        path)
                .filter(file -> !file.isEmpty())
                .map(Path::of)
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private static List<Integer> freePorts(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            List<Integer> free =
                    sockets.stream().map(ServerSocket::getLocalPort).toList();
            for (ServerSocket socket : sockets) {
                socket.close();
            }
            return free;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it, empty. */
    public void start() {
        List<String> command = new ArrayList<>(List.of(
                find().orElseThrow().toString(),
                "agent",
                "-dev",
                "-bind",
                "127.0.0.1",
                "-client",
                "127.0.0.1",
                "-node",
                "local",
                "-http-port",
                ports.get(0).toString(),
                "-server-port",
                ports.get(1).toString(),
                "-serf-lan-port",
                ports.get(2).toString(),
                "-serf-wan-port",
                ports.get(3).toString(),
                "-dns-port",
                "-1",
                "-grpc-port",
                "-1",
                "-log-level",
                "err"));
        command.addAll(options);
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(() ->
                        web().get("/v1/catalog/service/consul").contentUtf8().contains("\"Node\""));
    }

    /** Kills it. */
    public void stop() {
        Process running = Objects.requireNonNull(process);
        running.destroyForcibly();
        try {
            assertThat(running.waitFor(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process = null;
    }

    public int port() {
        return ports.get(0);
    }

    public String address() {
        return "consul://127.0.0.1:" + port();
    }

    private BlockingWebClient web() {
        return WebClient.builder("h1c://127.0.0.1:" + port())
                .factory(factory)
                .build()
                .blocking();
    }

    /** Deregisters everything and empties the KV store. */
    public void clear() {
        try {
            JSON.readTree(web().get("/v1/agent/services").contentUtf8())
                    .fieldNames()
                    .forEachRemaining(this::deregister);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        web().delete("/v1/kv/?recurse=true");
        maintenance(false);
    }

    /** A registration as Consul's API has it, with a TTL check in this state. */
    public void register(String id, String service, String address, int port, String status, Map<String, Object> more) {
        try {
            Map<String, Object> registration = new HashMap<>(Map.of(
                    "ID", id,
                    "Name", service,
                    "Address", address,
                    "Port", port,
                    "Check", Map.of("TTL", "10m", "Status", status)));
            registration.putAll(more);
            put("/v1/agent/service/register", JSON.writeValueAsString(registration));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public void deregister(String id) {
        put("/v1/agent/service/deregister/" + id, "");
    }

    public void status(String id, String status) {
        put("/v1/agent/check/update/service:" + id, "{\"Status\": \"" + status + "\"}");
    }

    public void maintenance(String id, boolean on) {
        put("/v1/agent/service/maintenance/" + id + "?enable=" + on, "");
    }

    /** Of the whole node. */
    public void maintenance(boolean on) {
        put("/v1/agent/maintenance?enable=" + on, "");
    }

    public void key(String key, String value) {
        put("/v1/kv/" + key, value);
    }

    public void deleteKey(String key) {
        web().delete("/v1/kv/" + key);
    }

    private void put(String path, String body) {
        AggregatedHttpResponse response = web().execute(HttpRequest.of(HttpMethod.PUT, path, MediaType.JSON, body));
        assertThat(response.status()).as(response.contentUtf8()).isEqualTo(HttpStatus.OK);
    }
}
