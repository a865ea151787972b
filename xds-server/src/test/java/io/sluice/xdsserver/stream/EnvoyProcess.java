package io.sluice.xdsserver.stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.UnprocessedRequestException;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A real Envoy that gets everything from one xDS server. */
final class EnvoyProcess implements AutoCloseable {
    private final Process process;
    private final Path folder;

    private EnvoyProcess(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
    }

    /** Skips the test where there is no Envoy; in CI that is a failure. */
    static EnvoyProcess start(Path folder, int xdsPort, Variant variant) throws IOException {
        Optional<Path> binary = find();
        if (binary.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("envoy is missing: ./sluice tools brings it, or set SLUICE_ENVOY");
        }
        Assumptions.assumeTrue(
                binary.isPresent(), "skipped: envoy is missing; ./sluice tools brings it, or set SLUICE_ENVOY");
        Path bootstrap = Files.writeString(folder.resolve("bootstrap.yaml"), """
            node: {id: envoy-1, cluster: test, locality: {region: eu}}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
            dynamic_resources:
              ads_config:
                api_type: %s
                transport_api_version: V3
                set_node_on_first_message_only: true
                grpc_services: [{envoy_grpc: {cluster_name: xds}}]
              cds_config: {ads: {}, resource_api_version: V3}
              lds_config: {ads: {}, resource_api_version: V3}
            static_resources:
              clusters:
              - name: xds
                connect_timeout: 1s
                typed_extension_protocol_options:
                  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                    explicit_http_config: {http2_protocol_options: {}}
                load_assignment:
                  cluster_name: xds
                  endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
            """.formatted(
                        variant == Variant.DELTA ? "DELTA_GRPC" : "GRPC", xdsPort));
        Process process = new ProcessBuilder(
                        binary.get().toString(),
                        "-c",
                        bootstrap.toString(),
                        "--admin-address-path",
                        folder.resolve("admin").toString(),
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        return new EnvoyProcess(process, folder);
    }

    private static Optional<Path> find() {
        Stream<String> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(name -> name + "/envoy");
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("SLUICE_ENVOY", ""), ".tools/envoy", "../.tools/envoy"),
                        path)
                .filter(file -> !file.isEmpty())
                .map(file -> Path.of(file).toAbsolutePath())
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** {@code LIVE}, or anything else before. */
    String state() {
        return admin("/ready").strip();
    }

    boolean shows(String text) {
        return admin("/config_dump?include_eds").contains(text);
    }

    /** Where a listener that asked for port 0 has come to listen. */
    Optional<BlockingWebClient> listener(String name) throws IOException {
        for (JsonNode listener :
                new ObjectMapper().readTree(admin("/listeners?format=json")).path("listener_statuses")) {
            if (listener.path("name").asText().equals(name)) {
                int port =
                        listener.at("/local_address/socket_address/port_value").asInt();
                return Optional.of(WebClient.of("http://127.0.0.1:" + port).blocking());
            }
        }
        return Optional.empty();
    }

    private String admin(String path) {
        if (!process.isAlive()) {
            throw new AssertionError("Envoy has ended: " + log());
        }
        try {
            String address = Files.readString(folder.resolve("admin"));
            if (address.isEmpty()) {
                return "";
            }
            AggregatedHttpResponse answer =
                    WebClient.of("http://" + address).blocking().get(path);
            return answer.status().equals(HttpStatus.OK) ? answer.contentUtf8() : "";
        } catch (IOException | UnprocessedRequestException e) {
            return ""; // not there yet
        }
    }

    String log() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Without a word to anybody. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
