package io.sluice.gateway.tracing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A real Zipkin that keeps its spans in memory. One per test class: it takes seconds to start. */
final class ZipkinServer implements BeforeAllCallback, AfterAllCallback {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ClientFactory factory = ClientFactory.builder().build();
    private int port;
    private @Nullable Process process;

    @Override
    public void beforeAll(ExtensionContext context) {
        Optional<Path> jar = find();
        if (jar.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("zipkin is missing: ./sluice tools brings it, or set SLUICE_ZIPKIN");
        }
        Assumptions.assumeTrue(
                jar.isPresent(), "skipped: zipkin is missing; ./sluice tools brings it, or set SLUICE_ZIPKIN");
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(jar.orElseThrow());
    }

    private static Optional<Path> find() {
        return Stream.of(System.getenv().getOrDefault("SLUICE_ZIPKIN", ""), ".tools/zipkin.jar", "../.tools/zipkin.jar")
                .filter(file -> !file.isEmpty())
                .map(Path::of)
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private void start(Path jar) {
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-jar",
                        jar.toString(),
                        "--armeria.ports[0].ip=127.0.0.1",
                        "--armeria.ports[0].port=" + port,
                        "--armeria.ports[0].protocols[0]=http")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("STORAGE_TYPE", "mem");
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(100))
                .ignoreExceptions()
                .until(() -> web().get("/health").status().code() == 200);
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        if (process != null) {
            process.destroyForcibly();
            process.waitFor(10, TimeUnit.SECONDS);
        }
        factory.closeAsync();
    }

    URI collector() {
        return URI.create("http://127.0.0.1:" + port + "/api/v2/spans");
    }

    /** The spans of a trace, by their time, once there are so many. */
    List<JsonNode> trace(String id, int spans) {
        return await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(() -> read(id), found -> found.size() >= spans);
    }

    private List<JsonNode> read(String id) throws IOException {
        JsonNode found = JSON.readTree(web().get("/api/v2/trace/" + id).contentUtf8());
        return StreamSupport.stream(found.spliterator(), false)
                .sorted((a, b) -> Long.compare(time(a), time(b)))
                .toList();
    }

    private static long time(JsonNode span) {
        return Objects.requireNonNull(span.get("timestamp")).asLong();
    }

    private BlockingWebClient web() {
        return WebClient.builder("h1c://127.0.0.1:" + port)
                .factory(factory)
                .build()
                .blocking();
    }
}
