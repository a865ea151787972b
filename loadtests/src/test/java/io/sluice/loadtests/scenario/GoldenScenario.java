package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.ProgramProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the xds-server makes for gateways is what the gateway takes. Rule: all golden snapshots of gateway groups, written into one bootstrap with the
 * case's number before each name, pass the gateway's own {@code --mode validate}.
 */
class GoldenScenario {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> CLUSTER_NAMES = Set.of("cluster", "cluster_name", "collector_cluster");

    private final ObjectNode statics = JSON.createObjectNode();
    private final ArrayNode clusters = statics.putArray("clusters");
    private final ArrayNode listeners = statics.putArray("listeners");
    private int cases;

    @Test
    void theGatewayTakesEveryGoldenSnapshotForGateways(@TempDir Path folder) throws IOException {
        for (Path golden : goldens()) {
            for (ObjectNode snapshot : YAML.readerFor(ObjectNode.class)
                    .<ObjectNode>readValues(golden.toFile())
                    .readAll()) {
                if (snapshot.path("group").asText().startsWith("gateway/")) {
                    add(snapshot);
                }
            }
        }
        assertThat(cases).isGreaterThan(10);
        ObjectNode bootstrap = JSON.createObjectNode();
        bootstrap.putObject("node").put("id", "golden").put("cluster", "golden");
        bootstrap.set("static_resources", statics);
        Path file = Files.writeString(folder.resolve("bootstrap.json"), bootstrap.toPrettyString());

        try (ProgramProcess gateway = Gateway.validate(file)) {
            assertThat(gateway.awaitExit(Duration.ofSeconds(60)))
                    .as(gateway.output())
                    .isZero();
        }
    }

    private static List<Path> goldens() throws IOException {
        Path root = Home.find().root().resolve("xds-server/src/test/resources/translate");
        try (Stream<Path> files = Files.walk(root, 2)) {
            return files.filter(file -> file.endsWith("snapshot.yaml")).sorted().toList();
        }
    }

    private void add(ObjectNode snapshot) {
        String prefix = "case-" + cases++ + "-";
        rename(snapshot, prefix);
        for (JsonNode cluster : snapshot.path("clusters")) {
            String name = cluster.path("name").asText();
            ObjectNode own = clusters.addObject().setAll((ObjectNode) cluster);
            own.put("name", prefix + name);
            if (own.path("type").asText().equals("EDS")) {
                own.remove("eds_cluster_config");
                own.put("type", "STATIC");
                own.set("load_assignment", named(snapshot.path("endpoints"), "cluster_name", prefix + name));
            }
        }
        for (JsonNode listener : snapshot.path("listeners")) {
            ObjectNode own = listeners.addObject().setAll((ObjectNode) listener);
            own.put("name", prefix + own.path("name").asText());
            ((ObjectNode) own.at("/address/socket_address")).put("port_value", 0);
            ObjectNode manager = (ObjectNode) own.at("/filter_chains/0/filters/0/typed_config");
            String table = manager.at("/rds/route_config_name").asText();
            manager.remove("rds");
            manager.set("route_config", named(snapshot.path("routes"), "name", table));
        }
    }

    private static JsonNode named(JsonNode all, String field, String name) {
        for (JsonNode one : all) {
            if (one.path(field).asText().equals(name)) {
                return one;
            }
        }
        throw new AssertionError(field + " '" + name + "' in " + all);
    }

    private static void rename(JsonNode node, String prefix) {
        for (JsonNode share : node.path("weighted_clusters").path("clusters")) {
            ((ObjectNode) share).put("name", prefix + share.path("name").asText());
        }
        if (node instanceof ObjectNode object) {
            for (String field : CLUSTER_NAMES) {
                if (object.path(field).isTextual()) {
                    object.put(field, prefix + object.path(field).asText());
                }
            }
        }
        node.forEach(child -> rename(child, prefix));
    }
}
