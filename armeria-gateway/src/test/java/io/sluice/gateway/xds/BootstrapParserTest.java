package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.settings.GatewaySettings;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootstrapParserTest {
    private static final SupportMatrix MATRIX = SupportMatrix.load();

    /** An Envoy starts from the same text. */
    private static final String DYNAMIC = """
            node: {id: n1, cluster: edge, locality: {region: eu}}
            admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
            dynamic_resources:
              lds_config: {ads: {}, resource_api_version: V3}
              cds_config: {ads: {}, resource_api_version: V3}
              ads_config: {api_type: DELTA_GRPC, transport_api_version: V3, grpc_services: [{envoy_grpc: {cluster_name: xds}}]}
            static_resources:
              clusters:
              - name: xds
                connect_timeout: 1s
            """;

    @TempDir
    Path folder = Path.of("");

    private record Read(BootstrapParser.Start start, List<String> problems) {}

    private Read read(String text) throws IOException {
        return read(text, "", "");
    }

    private Read read(String text, String nodeId, String region) throws IOException {
        Path file = Files.writeString(folder.resolve("b.yaml"), text);
        Problems problems = Problems.of("bootstrap b.yaml");
        BootstrapParser.Start start =
                BootstrapParser.parse(file, nodeId, region, MATRIX, problems).orElseThrow();
        return new Read(start, problems.list());
    }

    @Test
    void readsWhatAnEnvoyReads() throws IOException {
        Read read = read(DYNAMIC);
        assertThat(read.problems()).isEmpty();
        assertThat(read.start().node().getId()).isEqualTo("n1");
        assertThat(read.start().localCluster()).isEqualTo("edge");
        assertThat(read.start().discovered()).containsExactlyInAnyOrder(ResourceKind.CLUSTER, ResourceKind.LISTENER);
        assertThat(read.start().adsCluster()).contains("xds");
        assertThat(read.start().fullState()).isFalse();
        assertThat(read.start().admin()).contains(new HostPort("127.0.0.1", 9901));
        assertThat(read.start().statics().of(ResourceKind.CLUSTER)).containsOnlyKeys("xds");
        assertThat(read.start().isStaticCluster("xds")).isTrue();
    }

    @Test
    void theApiTypeSaysWhichVariant() throws IOException {
        assertThat(read(DYNAMIC.replace("DELTA_GRPC", "GRPC")).start().fullState())
                .isTrue();
    }

    @Test
    void asksTheServerWithTheHeadersThatItSays() throws IOException {
        Read read = read(DYNAMIC.replace(
                "grpc_services: [{", "grpc_services: [{initial_metadata: [{key: Authorization, value: Bearer x}], "));
        assertThat(read.problems()).isEmpty();
        assertThat(read.start().adsMetadata()).containsExactly(Map.entry("authorization", "Bearer x"));
    }

    @Test
    void wordsStandInForTheNode() throws IOException {
        BootstrapParser.Start start = read(DYNAMIC, "n2", "us").start();
        assertThat(start.node().getId()).isEqualTo("n2");
        assertThat(start.node().getLocality().getRegion()).isEqualTo("us");
        assertThat(start.localCluster()).isEqualTo("edge");
    }

    @Test
    void hasNoAdminPagesUnlessItSaysSo() throws IOException {
        assertThat(read("static_resources: {}").start().admin()).isEmpty();
    }

    @Test
    void namesListenersThatHaveNoName() throws IOException {
        assertThat(read("static_resources: {listeners: [{}, {name: a}, {}]}")
                        .start()
                        .statics()
                        .of(ResourceKind.LISTENER))
                .containsOnlyKeys("listener-0", "a", "listener-2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        id: n1,                        | ``                      | dynamic_resources > ads_config > node: no id or no cluster (expected: both, beside an xDS server), line 6
        DELTA_GRPC                     | REST                    | dynamic_resources > ads_config > api_type: REST (expected: GRPC or DELTA_GRPC), line 6
        cluster_name: xds              | cluster_name: other     | dynamic_resources > ads_config > grpc_services[0] > envoy_grpc > cluster_name: 'other' (expected: a static cluster), line 6
        lds_config: {ads: {},          | lds_config: {path: x,   | dynamic_resources > lds_config > path: not supported by armeria-gateway; see docs/xds-support.md, line 4
        connect_timeout: 1s            | connect_timeout: 0s     | static_resources > clusters[0] > connect_timeout: PT0S (expected: more than PT0S), line 10
        connect_timeout: 1s            | filters: [{name: x}]    | static_resources > clusters[0] > filters: not supported by armeria-gateway; see docs/xds-support.md, line 10
        static_resources:              | static_resource:        | static_resource: unknown field, line 7 (nearest: static_resources)
        """)
    void refusesWithPathAndLine(String what, String instead, String problem) throws IOException {
        assertThat(read(DYNAMIC.replace(what, instead)).problems()).contains("bootstrap b.yaml > " + problem);
    }

    @Test
    void refusesDiscoveryWithoutAServer() throws IOException {
        assertThat(read(DYNAMIC.replaceAll("(?m)^  ads_config.*\n", "")).problems())
                .containsExactly("bootstrap b.yaml > dynamic_resources > ads_config: nothing (expected: where the xDS"
                        + " server is), line 3");
    }

    @Test
    void refusesANameThatStandsTwice() throws IOException {
        assertThat(read("static_resources: {clusters: [{name: a}, {name: a}], listeners: [{name: l}, {name: l}]}")
                        .problems())
                .containsExactly(
                        "bootstrap b.yaml > static_resources > clusters[1] > name: 'a' twice, line 1",
                        "bootstrap b.yaml > static_resources > listeners[1] > name: 'l' twice, line 1");
    }

    @Test
    void leavesOutOfFurtherChecksWhatIsRefusedAlready() throws IOException {
        Read read = read("static_resources: {clusters: [{name: a, filters: [{name: x}]}, {name: b}]}");
        assertThat(read.problems()).hasSize(1);
        assertThat(read.start().statics().of(ResourceKind.CLUSTER)).containsOnlyKeys("b");
    }

    @ParameterizedTest
    @CsvSource({"none, file: not there", "latin, file: not UTF-8", "folder, file: not readable: Is a directory"})
    void saysWhyAFileCannotBeRead(String name, String reason) throws IOException {
        Files.write(folder.resolve("latin"), new byte[] {(byte) 0xe9, ':', ' ', '1'});
        Files.createDirectory(folder.resolve("folder"));
        Problems problems = Problems.of("b");
        assertThat(BootstrapParser.parse(folder.resolve(name), "", "", MATRIX, problems))
                .isEmpty();
        assertThat(problems.list()).containsExactly("b > " + reason);
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.1:18000, STATIC", "[::1]:18000, STATIC", "xds.internal:18000, STRICT_DNS"})
    void fewWordsStandForABootstrap(String server, String type) {
        GatewaySettings settings =
                SettingsReader.read(List.of("--xds", server, "--node-id", "a", "--region", "eu"), Map.of());
        Problems problems = Problems.of("bootstrap");
        BootstrapParser.Start start =
                BootstrapParser.of(settings, settings.xds().orElseThrow(), MATRIX, problems);
        assertThat(problems.list()).isEmpty();
        assertThat(start.discovered()).containsExactlyInAnyOrder(ResourceKind.CLUSTER, ResourceKind.LISTENER);
        assertThat(start.node().getLocality().getRegion()).isEqualTo("eu");
        assertThat(start.adsCluster()).isPresent();
        assertThat(start.message().getStaticResources().getClusters(0).getType().name())
                .isEqualTo(type);
    }
}
