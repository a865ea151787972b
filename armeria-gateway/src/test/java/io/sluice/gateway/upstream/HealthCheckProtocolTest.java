package io.sluice.gateway.upstream;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A check speaks what it is told to speak, whatever requests to the cluster speak: as Envoy does. */
class HealthCheckProtocolTest {
    @ParameterizedTest(name = "a cluster of {0} with {1} is checked by {2}")
    @CsvSource(delimiter = '|', textBlock = """
        HTTP/1 |                           | GET /health
        HTTP/1 | codec_client_type: HTTP2, | PRI * HTTP/2.0
        HTTP/2 |                           | GET /health
        HTTP/2 | codec_client_type: HTTP2, | PRI * HTTP/2.0
        """)
    void speaks(String requests, String codec, String begins) throws Exception {
        CompletableFuture<String> first = new CompletableFuture<>();
        try (GatewayRig gateway = GatewayRig.start();
                UpstreamRig up = new UpstreamRig(socket ->
                        first.complete(new String(socket.getInputStream().readNBytes(24), US_ASCII)))) {
            String check =
                    "health_checks: [{interval: 60s, timeout: 10s, healthy_threshold: 1, unhealthy_threshold: 1, http_health_check: {%s path: /health}}]"
                            .formatted(codec == null ? "" : codec);
            gateway.configure(
                    "{match: {prefix: /}, route: {cluster: up}}",
                    cluster(requests.equals("HTTP/2") ? check + ", " + GatewayRig.HTTP2 : check, up.port()));

            assertThat(first.get(10, TimeUnit.SECONDS)).startsWith(begins);
        }
    }
}
