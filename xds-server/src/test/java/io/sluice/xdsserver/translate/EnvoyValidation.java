package io.sluice.xdsserver.translate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.sluice.xdsserver.snapshot.ResourceType;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The real Envoy's word on a translation: {@code --mode validate} with everything that would come by ADS written into the bootstrap. */
final class EnvoyValidation {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path envoy;

    private EnvoyValidation(Path envoy) {
        this.envoy = envoy;
    }

    /** Skips the test where there is no Envoy; in CI that is a failure. */
    static EnvoyValidation orSkip() {
        Optional<Path> binary = find();
        if (binary.isEmpty() && "true".equals(System.getenv("CI"))) {
            throw new IllegalStateException("envoy is missing: ./sluice tools brings it, or set SLUICE_ENVOY");
        }
        Assumptions.assumeTrue(
                binary.isPresent(), "skipped: envoy is missing; ./sluice tools brings it, or set SLUICE_ENVOY");
        return new EnvoyValidation(binary.get());
    }

    private static Optional<Path> find() {
        Stream<String> path = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(folder -> folder + "/envoy");
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("SLUICE_ENVOY", ""), ".tools/envoy", "../.tools/envoy"),
                        path)
                .filter(file -> !file.isEmpty())
                .map(file -> Path.of(file).toAbsolutePath())
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** @return what Envoy says; empty when it accepts all of it */
    String complaints(Translation translation, Path folder) throws IOException, InterruptedException {
        Path bootstrap = Files.writeString(folder.resolve("bootstrap.json"), bootstrap(translation));
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(
                        envoy.toString(), "--mode", "validate", "-c", bootstrap.toString(), "--log-level", "error")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "no answer within 60 s";
        }
        return process.exitValue() == 0 ? "" : Files.readString(output, StandardCharsets.UTF_8);
    }

    private static String bootstrap(Translation translation) {
        Map<String, ClusterLoadAssignment> endpoints = translation.endpoints().stream()
                .collect(Collectors.toMap(ClusterLoadAssignment::getClusterName, Function.identity()));
        Map<String, RouteConfiguration> routes = translation.routes().stream()
                .collect(Collectors.toMap(RouteConfiguration::getName, Function.identity()));
        ObjectNode root = JSON.createObjectNode();
        root.putObject("node").put("id", "golden").put("cluster", "golden");
        ObjectNode statics = root.putObject("static_resources");
        translation.clusters().stream()
                .map(cluster -> inline(cluster, endpoints))
                .forEach(cluster -> statics.withArray("clusters").add(GoldenCase.json(ResourceType.CLUSTER, cluster)));
        translation.listeners().stream()
                .map(listener -> inline(listener, routes))
                .forEach(listener ->
                        statics.withArray("listeners").add(GoldenCase.json(ResourceType.LISTENER, listener)));
        return root.toPrettyString();
    }

    private static Cluster inline(Cluster cluster, Map<String, ClusterLoadAssignment> endpoints) {
        return cluster.getType() == Cluster.DiscoveryType.EDS
                ? cluster.toBuilder()
                        .clearEdsClusterConfig()
                        .setType(Cluster.DiscoveryType.STATIC)
                        .setLoadAssignment(endpoints.get(cluster.getName()))
                        .build()
                : cluster;
    }

    private static Listener inline(Listener listener, Map<String, RouteConfiguration> routes) {
        Listener.Builder inlined = listener.toBuilder();
        var filter = inlined.getFilterChainsBuilder(0).getFiltersBuilder(0);
        try {
            HttpConnectionManager manager = filter.getTypedConfig().unpack(HttpConnectionManager.class);
            filter.setTypedConfig(Any.pack(manager.toBuilder()
                    .setRouteConfig(routes.get(manager.getRds().getRouteConfigName()))
                    .build()));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
        return inlined.build();
    }
}
