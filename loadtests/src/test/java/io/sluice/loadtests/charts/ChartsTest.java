package io.sluice.loadtests.charts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.XdsServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChartsTest {
    /** What the chart itself gives the program, so that values do not. */
    private static final Map<String, Set<String>> GIVEN = Map.of("armeria-gateway", Set.of("node-id", "mode"));

    private static final Pattern VERSION =
            Pattern.compile("<artifactId>sluice</artifactId>\\s*<version>([^<]+)</version>");
    private static final Pattern SETTING = Pattern.compile("(?m)^  ([a-z][a-z-]+): ");

    @ParameterizedTest
    @ValueSource(strings = {"armeria-gateway", "xds-server"})
    void valuesCarryTheNamesOfTheSettings(String chart) throws IOException {
        JsonNode values =
                Helm.YAML.readTree(Helm.chart(chart).resolve("values.yaml").toFile());
        ProgramProcess help = chart.equals("xds-server")
                ? XdsServer.run(List.of("--help"), Map.of(), Helm.chart(chart))
                : Gateway.run(List.of("--help"), Map.of(), Helm.chart(chart));
        assertThat(help.awaitExit(Duration.ofSeconds(60))).isZero();
        Set<String> expected = SETTING.matcher(help.output())
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(expected).contains("admin-port");
        expected.removeAll(GIVEN.getOrDefault(chart, Set.of()));
        assertThat(new TreeSet<>(names(values.get("settings")))).isEqualTo(expected);
    }

    /** The image that the chart names by itself is the one that this build makes. */
    @ParameterizedTest
    @ValueSource(strings = {"armeria-gateway", "xds-server"})
    void theChartIsOfThisVersion(String chart) throws IOException {
        Matcher version = VERSION.matcher(Files.readString(Helm.chart("..").resolve("pom.xml")));
        assertThat(version.find()).isTrue();
        JsonNode about =
                Helm.YAML.readTree(Helm.chart(chart).resolve("Chart.yaml").toFile());
        assertThat(about.get("appVersion").asText()).isEqualTo(version.group(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"armeria-gateway", "xds-server"})
    void helmFindsNothingToComplainAbout(String chart) {
        RealParts.require(Part.HELM);
        Helm.Ended ended = Helm.run("lint", "--strict", Helm.chart(chart).toString());
        assertThat(ended.code()).as(ended.output()).isZero();
    }

    @ParameterizedTest(name = "{0} with {1}: {2}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        armeria-gateway | -                                                     | ConfigMap Deployment PodDisruptionBudget Service
        armeria-gateway | serviceMonitor.enabled=true                           | ConfigMap Deployment PodDisruptionBudget Service ServiceMonitor
        armeria-gateway | disruptionBudget.enabled=false                        | ConfigMap Deployment Service
        armeria-gateway | sidecar.enabled=true,serviceMonitor.enabled=true      | ConfigMap ConfigMap
        armeria-gateway | settings.role=ratelimit,settings.limiter-port=5701,settings.rls-port=8081 | ConfigMap Deployment PodDisruptionBudget Service
        xds-server      | -                                                     | ConfigMap Deployment PodDisruptionBudget Service
        xds-server      | serviceMonitor.enabled=true,consulToken.existingSecret=token | ConfigMap Deployment PodDisruptionBudget Service ServiceMonitor
        """)
    void rendersWhatItShould(String chart, String set, String kinds) throws IOException {
        RealParts.require(Part.HELM);
        List<ObjectNode> resources = set == null ? Helm.render(chart) : Helm.render(chart, set);
        assertThat(resources.stream()
                        .map(resource -> resource.get("kind").asText())
                        .sorted())
                .containsExactly(kinds.split(" "));
        for (ObjectNode resource : resources) {
            switch (resource.get("kind").asText()) {
                case "Deployment" -> checkPod(resource.at("/spec/template/spec"));
                case "Service" -> checkService(resource, one(resources, "Deployment"));
                case "PodDisruptionBudget" ->
                    assertThat(one(resources, "Deployment").at("/spec/template/metadata/labels"))
                            .isEqualTo(resource.at("/spec/selector/matchLabels"));
                case "ServiceMonitor" -> checkMonitor(resource, one(resources, "Service"));
                default -> assertThat(resource.at("/data").size()).isPositive();
            }
        }
    }

    @Test
    void theSidecarIsAPatchOfAPod() throws IOException {
        RealParts.require(Part.HELM);
        ObjectNode patch = Helm.render("armeria-gateway", "sidecar.enabled=true").stream()
                .filter(resource -> resource.at("/metadata/name").asText().endsWith("-sidecar"))
                .findFirst()
                .orElseThrow();
        JsonNode pod = Helm.YAML.readTree(patch.at("/data/patch.yaml").asText()).at("/spec/template/spec");
        checkPod(pod);
        assertThat(pod.at("/containers/0/resources/limits/memory").asText()).isEqualTo("192Mi");
        assertThat(environment(pod, "JAVA_TOOL_OPTIONS").get("value").asText()).contains("-Xmx48m");
    }

    @Test
    void aCatalogInTheValuesIsReadByTheFileSource() throws IOException {
        RealParts.require(Part.HELM);
        String catalog = "catalog={\"routes\": [{\"match\": \"/healthz\", \"respond\": {\"status\": 200}}]}";
        List<ObjectNode> resources = Helm.render("xds-server", catalog, "settings.source=file:/etc/sluice-catalog");
        JsonNode pod = one(resources, "Deployment").at("/spec/template/spec");
        checkPod(pod);
        JsonNode document = Helm.YAML.readTree(resources.stream()
                .filter(resource -> resource.at("/metadata/name").asText().endsWith("-catalog"))
                .findFirst()
                .orElseThrow()
                .at("/data/catalog.yaml")
                .asText());
        assertThat(document.at("/routes/0/match").asText()).isEqualTo("/healthz");
        assertThat(pod.at("/containers/0/volumeMounts").toString()).contains("/etc/sluice-catalog");

        Helm.Ended without =
                Helm.run("template", "site", Helm.chart("xds-server").toString(), "--set-json", catalog);
        assertThat(without.code()).isNotZero();
        assertThat(without.output()).contains("expected: file:/etc/sluice-catalog");
    }

    /** The file that the pod mounts, read by the program itself; only what is the machine's is overridden. */
    @ParameterizedTest
    @ValueSource(strings = {"armeria-gateway", "xds-server"})
    void theProgramStartsFromTheRenderedSettings(String chart, @TempDir Path folder) throws IOException {
        RealParts.require(Part.HELM);
        String settings =
                one(Helm.render(chart), "ConfigMap").at("/data/settings.yaml").asText();
        Path file = Files.writeString(folder.resolve("settings.yaml"), settings);
        int adminPort = Ports.free();
        List<String> words = new ArrayList<>(List.of("--settings", file.toString(), "--admin-address", "127.0.0.1"));
        words.addAll(List.of("--admin-port", Integer.toString(adminPort)));
        Path catalog = Files.createDirectory(folder.resolve("catalog"));
        boolean gateway = chart.equals("armeria-gateway");
        if (!gateway) {
            words.addAll(List.of("--catalog-cache", folder.toString()));
        }
        words.addAll(
                gateway
                        ? List.of("--node-id", "pod", "--xds", "127.0.0.1:1", "--config-cache", folder.toString())
                        : List.of("--source", "file:" + catalog, "--address", "127.0.0.1", "--port", "0"));
        try (ProgramProcess process =
                gateway ? Gateway.run(words, Map.of(), folder) : XdsServer.run(words, Map.of(), folder)) {
            process.awaitReady(() -> Probe.ok(adminPort, "/metrics"), Duration.ofSeconds(60));
        }
    }

    private static void checkPod(JsonNode pod) {
        JsonNode container = pod.at("/containers/0");
        Map<String, Integer> ports = StreamSupport.stream(container.get("ports").spliterator(), false)
                .collect(Collectors.toMap(
                        port -> port.get("name").asText(),
                        port -> port.get("containerPort").asInt()));
        assertThat(ports.values()).doesNotHaveDuplicates().allMatch(port -> port > 0);
        for (String probe : List.of("startupProbe", "readinessProbe")) {
            assertThat(container.at("/" + probe + "/httpGet/path").asText()).isEqualTo("/ready");
            assertThat(ports)
                    .containsKey(container.at("/" + probe + "/httpGet/port").asText());
        }
        assertThat(ports)
                .containsKey(container.at("/livenessProbe/tcpSocket/port").asText());
        assertThat(container.at("/resources/requests/memory").asText()).endsWith("Mi");
        assertThat(container.at("/resources/limits/memory").asText()).endsWith("Mi");
        assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                .isTrue();
        assertThat(texts(container.get("args"))).startsWith("--settings", "/etc/sluice/settings.yaml");
        assertThat(texts(container.at("/volumeMounts"), "name")).isSubsetOf(texts(pod.get("volumes"), "name"));
        if (pod.has("terminationGracePeriodSeconds")) {
            assertThat(pod.get("enableServiceLinks").asBoolean(true)).isFalse();
            assertThat(pod.get("terminationGracePeriodSeconds").asInt()).isGreaterThanOrEqualTo(30);
        }
    }

    private static void checkService(JsonNode service, JsonNode deployment) {
        assertThat(deployment.at("/spec/template/metadata/labels")).isEqualTo(service.at("/spec/selector"));
        assertThat(texts(service.at("/spec/ports"), "targetPort"))
                .containsExactlyInAnyOrderElementsOf(
                        texts(deployment.at("/spec/template/spec/containers/0/ports"), "name"));
    }

    private static void checkMonitor(JsonNode monitor, JsonNode service) {
        for (String label : names(monitor.at("/spec/selector/matchLabels"))) {
            assertThat(service.at("/metadata/labels/" + label.replace("/", "~1")))
                    .isEqualTo(monitor.at("/spec/selector/matchLabels/" + label.replace("/", "~1")));
        }
        assertThat(texts(service.at("/spec/ports"), "name"))
                .contains(monitor.at("/spec/endpoints/0/port").asText());
        assertThat(monitor.at("/spec/endpoints/0/path").asText()).isEqualTo("/metrics");
    }

    private static JsonNode environment(JsonNode pod, String name) {
        return StreamSupport.stream(pod.at("/containers/0/env").spliterator(), false)
                .filter(variable -> variable.get("name").asText().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode one(List<ObjectNode> resources, String kind) {
        return resources.stream()
                .filter(resource -> resource.get("kind").asText().equals(kind))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static List<String> texts(JsonNode array, String field) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(item -> item.get(field).asText())
                .toList();
    }

    private static Set<String> names(JsonNode object) {
        Set<String> names = new HashSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
