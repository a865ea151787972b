package io.sluice.gateway.compile;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.ResourceKind;
import io.sluice.gateway.xds.Resources;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What names a secret waits for it, and goes on as it was meanwhile. */
class SecretsOfTheStreamTest {
    private static final ResourceKey CLUSTER = new ResourceKey(ResourceKind.CLUSTER, "up");
    private static final ResourceKey OWN = new ResourceKey(ResourceKind.SECRET, "own");

    private final Resources resources = new Resources();
    private CompiledConfig live =
            new CompiledConfig(List.of(), Map.of(), List.of(), io.sluice.gateway.secret.Secrets.NONE);

    @TempDir
    private Path folder;

    private ConfigParser config = parser(List.of());

    @BeforeEach
    void aClusterThatNamesASecret() {
        resources.put(CLUSTER, cluster("own"));
    }

    private ConfigParser parser(List<Path> allowed) {
        return parser(new TlsContextParser(new DataSourceParser(allowed)));
    }

    private ConfigParser parser(TlsContextParser tls) {
        RequestHeaderTestParser tests = new RequestHeaderTestParser();
        ListenerParser listeners = new ListenerParser(
                new HttpConnectionManagerParser(
                        List.of(),
                        new AccessLogParser(new LogSinks(new SimpleMeterRegistry()), tests),
                        false,
                        new LocalNode("n", "c")),
                tls);
        return new ConfigParser(new Resources(), listeners, tls, compiled -> {
            live = compiled;
            return Map.of();
        });
    }

    private static Cluster cluster(String secret) {
        return Cluster.newBuilder()
                .setName("up")
                .setTransportSocket(TransportSocket.newBuilder()
                        .setTypedConfig(Any.pack(UpstreamTlsContext.newBuilder()
                                .setCommonTlsContext(CommonTlsContext.newBuilder()
                                        .addTlsCertificateSdsSecretConfigs(SdsSecretConfig.newBuilder()
                                                .setName(secret)
                                                .setSdsConfig(ConfigSource.newBuilder()
                                                        .setAds(AggregatedConfigSource.getDefaultInstance()))))
                                .build())))
                .build();
    }

    private static Secret secret(String chain, String key) throws IOException {
        return Secret.newBuilder()
                .setName("own")
                .setTlsCertificate(TlsCertificate.newBuilder()
                        .setCertificateChain(DataSource.newBuilder().setInlineString(pem(chain + ".crt")))
                        .setPrivateKey(DataSource.newBuilder().setInlineString(pem(key + ".key"))))
                .build();
    }

    private static String pem(String file) throws IOException {
        try (InputStream in = SecretsOfTheStreamTest.class.getResourceAsStream("/tls/" + file)) {
            return new String(in.readAllBytes(), US_ASCII);
        }
    }

    private ConfigSink.Candidate publish(ResourceKey... gaveUp) {
        ConfigSink.Candidate candidate = config.compile(resources, Set.of(gaveUp));
        config.publish(candidate);
        return candidate;
    }

    @Test
    void isAskedForByNameAndWaitedFor() throws IOException {
        assertThat(publish().wanted()).contains(OWN);
        assertThat(live.clusters()).isEmpty();

        resources.put(OWN, secret("one", "one"));
        assertThat(publish().refused()).isEmpty();
        assertThat(live.clusters()).hasSize(1);
        assertThat(live.secrets().has("own")).isTrue();
    }

    @Test
    void isWaitedForOnlySoLong() {
        publish(OWN);
        assertThat(live.clusters()).hasSize(1);
        assertThat(live.secrets().has("own")).isFalse();
    }

    @Test
    void whatWasInForceGoesOnWhileItsSuccessorWaits() throws IOException {
        resources.put(OWN, secret("one", "one"));
        publish();
        resources.put(CLUSTER, cluster("other"));

        publish();

        assertThat(live.clusters()).hasSize(1);
        assertThat(live.clusters().getFirst().sockets().secrets()).containsExactly("own");
    }

    @Test
    void aBadOneIsRefusedByItsNameWithoutItsKey() throws IOException {
        resources.put(OWN, secret("one", "two"));
        assertThat(publish().refused())
                .containsExactly(Map.entry(
                        OWN, "Secret 'own' > tls_certificate > private_key: is not the key of the certificate"));
        resources.put(OWN, Secret.newBuilder().setName("own").build());
        assertThat(publish().refused().get(OWN))
                .isEqualTo("Secret 'own' > type: TYPE_NOT_SET (expected: tls_certificate or validation_context)");
    }

    @Test
    void mayNameFilesInAllowedFoldersOnly() throws IOException {
        Path inside = Files.writeString(folder.resolve("ca.pem"), pem("one.crt"));
        Path link = Files.createSymbolicLink(
                Files.createDirectory(folder.resolve("allowed")).resolve("l"), inside);
        for (Path file : List.of(inside, link)) {
            resources.put(OWN, rules(file));
            config = parser(List.of());
            assertThat(publish().refused().get(OWN)).contains("filename: '" + file + "'", "secret-folders");
        }
        config = parser(List.of(folder.resolve("allowed")));
        assertThat(publish().refused())
                .as("a link that leads out of the folder")
                .containsKey(OWN);
        config = parser(List.of(folder));
        assertThat(publish().refused()).isEmpty();
    }

    @Test
    void upstreamsThatNobodyVerifiesAreRefusedWhereThatIsSet() throws IOException {
        resources.put(OWN, secret("one", "one"));
        config = parser(new TlsContextParser(new DataSourceParser(List.of()), true));
        assertThat(publish().refused().get(CLUSTER)).contains("validation_context: nothing that verifies");
        config = parser(List.of());
        assertThat(publish().refused()).isEmpty();
    }

    private static Secret rules(Path file) {
        return Secret.newBuilder()
                .setName("own")
                .setValidationContext(CertificateValidationContext.newBuilder()
                        .setTrustedCa(DataSource.newBuilder().setFilename(file.toString())))
                .build();
    }
}
