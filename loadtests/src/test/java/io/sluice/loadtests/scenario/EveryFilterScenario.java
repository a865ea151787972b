package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * We know every filter we send. Rule: from a catalog that uses every word of the dialect (everything.yaml), and with every setting that adds something
 * for Envoys, each client takes all that it is sent: a gateway with delta, a gateway with full states, and an Envoy have each accepted the newest
 * version of every type, nothing was ever refused, and a request passes.
 */
class EveryFilterScenario {
    @Test
    void everythingTheServerSendsIsAcceptedByAll(@TempDir Path folder) throws Exception {
        Map<String, String> settings = Map.of(
                "SLUICE_RATE_LIMIT", "127.0.0.1:" + Ports.free(),
                "SLUICE_ZIPKIN_URL", "http://127.0.0.1:" + Ports.free() + "/api/v2/spans",
                "SLUICE_ACCESS_LOG", "stdout");
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder, settings)) {
            site.registry().write("everything", everything(shop.port()));
            site.registry()
                    .write(
                            "listeners",
                            site.listeners().replace("nodes: gateway", "nodes: gateway, region: eu")
                                    + "  - {name: full, port: %d, address: 127.0.0.1, nodes: gateway, region: us}\n"
                                            .formatted(Ports.free()));
            site.start();
            try (Gateway full = Gateway.start(
                    site.xdsPort(),
                    "full",
                    Ports.free(),
                    Map.of("SLUICE_XDS_PROTOCOL", "sotw"),
                    folder,
                    "--region",
                    "us")) {
                assertThat(full.process().isAlive()).isTrue();
                site.awaitStatus("/plain", 200);
                Site.await(() -> "all accept all\n" + site.state(), () -> allAccepted(site));
                assertThat(site.xdsPage("/snapshots")).contains("\"problems\" : [ ]");
                assertThat(site.xdsPage("/metrics").lines().filter(line -> line.startsWith("xds_refusals")))
                        .isNotEmpty()
                        .allMatch(line -> line.endsWith(" 0.0"));
            }
        }
    }

    private static boolean allAccepted(Site site) {
        try {
            Set<String> nodes = new HashSet<>();
            for (JsonNode client : site.clients()) {
                Set<String> types = new HashSet<>();
                for (JsonNode type : client.path("types")) {
                    if (type.has("nacked")
                            || !type.path("acked")
                                    .path("version")
                                    .equals(type.path("sent").path("version"))) {
                        return false;
                    }
                    if (type.has("acked")) {
                        types.add(type.path("type").asText());
                    }
                }
                if (types.containsAll(Set.of("cluster", "endpoint", "listener", "route"))) {
                    nodes.add(client.path("node").asText());
                }
            }
            return nodes.containsAll(Set.of("gateway", "full", "envoy"));
        } catch (java.io.IOException e) {
            return false;
        }
    }

    private static String everything(int port) throws Exception {
        try (InputStream file = EveryFilterScenario.class.getResourceAsStream("everything.yaml")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                    .replace("PORT", Integer.toString(port));
        }
    }
}
